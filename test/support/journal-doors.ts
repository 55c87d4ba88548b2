import { createHash, randomUUID } from 'node:crypto'
import pino from 'pino'
import type { Stores } from '../../src/database/store.ts'
import { statusAndCode } from '../../src/http/problems.ts'
import { findings } from '../../src/http/validation.ts'
import type { Follower } from '../../src/journal/followers.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import type { Answer, Endpoint, EndpointCall } from '../../src/kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../../src/kernel/refusal.ts'
import { compose, type Instance } from '../../src/main/compose.ts'

/** Who calls, when, and what for: the parts of a request that the doors of an instance look at. */
export interface Knock {
  readonly user: UserId
  readonly app?: string
  readonly device?: string | null
  /** Milliseconds since 1970, by the server's clock. */
  readonly now?: number
  /** An Idempotency-Key. */
  readonly key?: string | undefined
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface Said {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
  readonly body: any
}

/** The endpoints of an instance without HTTP between: what a request means is what the router would make of it. */
export interface Doors {
  readonly instance: Instance
  /** `path` as the endpoint declares it: `/playlists/{id}`. */
  call(method: Endpoint['method'], path: string, knock: Knock): Promise<Said>
}

export const secret = 'a secret for tests only, long enough to be one'

export function openDoors(
  stores: Stores,
  followers: readonly Follower[] = [],
  clock: () => number = Date.now,
  patience?: number,
): Doors {
  const log = pino({ level: 'error' })
  const parts = { stores, publicUrl: 'http://localhost', secret, log, followers, clock }
  const instance = compose({ ...parts, ...(patience !== undefined && { patience }) })
  return {
    instance,
    async call(method, path, { user, app = 'test.app', device = null, now = Date.now(), key, ...asked }) {
      const endpoint = instance.endpoints.find((e) => e.method === method && e.path === path)
      if (!endpoint) throw new Error(`there is no endpoint ${method} ${path}`)
      const { params = {}, query = {}, body = {} } = asked
      const text = JSON.stringify(body)
      const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
      const hash = createHash('sha256')
        .update(`${method} ${place}?${JSON.stringify(query)}\n${text}`)
        .digest('base64url')
      const found = findings()
      const author = { app, device }
      const call = {
        params: endpoint.params && found.check(endpoint.params, params, 'path'),
        query: endpoint.query && found.check(endpoint.query, query, 'query'),
        body: endpoint.body && found.check(endpoint.body, JSON.parse(text), 'body'),
        caller: { user, username: 'somebody', author, scopes: ['*'] },
        origin: { user, author, now, request: key === undefined ? null : { key, hash } },
        language: 'en' as const,
      }
      const handle = endpoint.handle as (call: EndpointCall<unknown, unknown, unknown>) => Promise<Answer | Refusal>
      const said = found.refusal() ?? (await handle(call))
      if (isRefusal(said)) {
        const { status, code } = statusAndCode(said.refused)
        return { status, body: { error: said.message, error_code: code } }
      }
      return JSON.parse(JSON.stringify({ status: said.status, body: said.body })) as Said
    },
  }
}

/** A listener nobody has heard of: read models and journal are about ids, not about accounts. */
export const somebody = (): UserId => randomUUID() as UserId
