import { STATUS_CODES } from 'node:http'
import type Koa from 'koa'
import { z } from 'zod'
import type { RateLimitRefusal, Refusal, RefusalReason } from '../kernel/refusal.ts'

/** The body of every error answer of the API (contract/rest-v1.md, "Errors everywhere"). */
export const problemBody = z
  .object({
    error: z.string().describe('A sentence for a person.'),
    error_code: z.string().describe('For programs. Upper case: general; lower case: a reason of the domain.'),
    details: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Every wrong value, by its dotted path; prefixed `query.` or `path.` where it is not of the body.'),
    request_id: z.string().optional().describe('What to quote when reporting an INTERNAL_ERROR.'),
  })
  .meta({ id: 'Problem', description: 'Why the request was not carried out.' })

/** An error answer, ready to be written. */
export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: z.output<typeof problemBody>
}

/** What a refusal becomes over HTTP. This is the only place that knows. */
export function statusAndCode(reason: RefusalReason): { readonly status: number; readonly code: string } {
  switch (reason) {
    case 'unauthorized':
      return { status: 401, code: 'UNAUTHORIZED' }
    case 'forbidden':
      return { status: 403, code: 'FORBIDDEN' }
    case 'not_found':
      return { status: 404, code: 'NOT_FOUND' }
    case 'gone':
      return { status: 410, code: 'GONE' }
    case 'conflict':
      return { status: 409, code: 'CONFLICT' }
    case 'validation':
      return { status: 400, code: 'VALIDATION_ERROR' }
    case 'payload_too_large':
      return { status: 413, code: 'PAYLOAD_TOO_LARGE' }
    case 'rate_limited':
      return { status: 429, code: 'RATE_LIMIT_EXCEEDED' }
    case 'upstream':
      return { status: 502, code: 'UPSTREAM_ERROR' }
    case 'cannot_delete_default_collection':
    case 'cannot_delete_queue':
      return { status: 403, code: reason }
    case 'feed_not_subscribed':
    case 'too_many_items':
      return { status: 422, code: reason }
    case 'sync_token_expired':
      return { status: 410, code: reason }
    default: {
      const unknown: never = reason
      throw new Error(`no HTTP status for the refusal ${String(unknown)}`)
    }
  }
}

/** The limits of the API count per minute, so a refusal that does not say when is over after one. */
const assumedRetryAfter = 60

/** The error answer for a refusal. */
export function problemOf(refusal: Refusal): Problem {
  const { status, code } = statusAndCode(refusal.refused)
  const { message: error, details } = refusal
  return {
    status,
    headers: headersOf(refusal),
    body: details ? { error, error_code: code, details: [...details] } : { error, error_code: code },
  }
}

function headersOf(refusal: Refusal): Problem['headers'] {
  if (refusal.refused === 'unauthorized') return { 'WWW-Authenticate': 'Bearer' }
  if (refusal.refused !== 'rate_limited') return {}
  const seconds = (refusal as Partial<RateLimitRefusal>).retryAfter ?? assumedRetryAfter
  return { 'Retry-After': String(seconds) }
}

/** 404 for a path that nothing answers. */
export function unknownPath(): Problem {
  return { status: 404, headers: {}, body: { error: 'There is nothing at this path.', error_code: 'NOT_FOUND' } }
}

/** 405 (RFC 9110, 15.5.6); `allowed` are the methods the path knows. */
export function methodNotAllowed(allowed: readonly string[]): Problem {
  const allow = allowed.join(', ')
  return {
    status: 405,
    headers: { Allow: allow },
    body: { error: `This path answers to ${allow} only.`, error_code: 'METHOD_NOT_ALLOWED' },
  }
}

/** 426 (RFC 9110, 15.5.22) for a path that speaks nothing but `protocol`. */
export function upgradeRequired(protocol: string, error: string): Problem {
  return {
    status: 426,
    headers: { Upgrade: protocol, Connection: 'Upgrade' },
    body: { error, error_code: 'UPGRADE_REQUIRED' },
  }
}

/** 500 for a bug or broken infrastructure; the log tells the rest under `requestId`. */
export function internalError(requestId: string): Problem {
  return {
    status: 500,
    headers: {},
    body: { error: 'Something went wrong on the server.', error_code: 'INTERNAL_ERROR', request_id: requestId },
  }
}

/**
 * What something thrown becomes: libraries throw errors that carry a status of 4xx and `expose` for what the client
 * did wrong; everything else is the server's own fault. Undefined for the latter.
 */
export function problemOfThrown(thrown: unknown): Problem | undefined {
  if (!(thrown instanceof Error)) return undefined
  const { status, expose } = thrown as { status?: unknown; expose?: unknown }
  if (typeof status !== 'number' || status < 400 || status > 499 || expose !== true) return undefined
  const name = STATUS_CODES[status] ?? 'Bad Request'
  const code = status === 400 ? 'VALIDATION_ERROR' : name.toUpperCase().replaceAll(/[^A-Z]+/g, '_')
  return { status, headers: {}, body: { error: thrown.message || name, error_code: code } }
}

/** Writes an error answer as JSON. */
export function sendProblem(ctx: Koa.Context, problem: Problem): void {
  ctx.status = problem.status
  ctx.set(problem.headers)
  sendJson(ctx, problem.body)
}

/** Writes `value` as JSON; throws what `JSON.stringify` throws, while an error answer can still be given. */
export function sendJson(ctx: Koa.Context, value: unknown): void {
  const text = JSON.stringify(value)
  ctx.set('Content-Type', 'application/json; charset=utf-8')
  ctx.body = text
}
