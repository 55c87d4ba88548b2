import { z } from 'zod'
import { answer, type Endpoint, endpoint } from '../../src/kernel/endpoint.ts'

const anything = { 200: z.unknown() }

/** Answers with what it was called with. */
export const echo = endpoint({
  method: 'put',
  path: '/play/{item}/position',
  summary: 'Echo',
  tag: 'test',
  scope: 'user.plays',
  limit: 100,
  params: z.object({ item: z.string().max(20) }),
  query: z.object({ feed: z.string().optional(), limit: z.coerce.number().int().max(100).default(20) }),
  body: z.object({ position: z.number().int().min(0), note: z.unknown().optional() }),
  answers: anything,
  handle: async (call) => answer(200, call),
})

export function simple(path: string, more: Partial<Endpoint> = {}): Endpoint {
  const base = { method: 'get', path, summary: path, tag: 'test', scope: 'any', limit: 100, answers: anything } as const
  return { ...base, handle: async () => answer(200, { path }), ...more }
}

export const put = (body: string | Uint8Array, headers: Record<string, string> = {}) => ({
  method: 'PUT',
  headers,
  body,
})
export const echoPath = '/api/v1/play/abc/position'
