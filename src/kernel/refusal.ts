/**
 * Why an expected order is not carried out. Refusals are returned, never thrown; `src/http/problems.ts` is the
 * one place that knows which HTTP status each one becomes.
 */
export type RefusalReason =
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'gone'
  | 'conflict'
  | 'validation'
  | 'payload_too_large'
  | 'rate_limited'
  | 'upstream'
  | 'feed_not_subscribed'
  | 'cannot_delete_default_collection'
  | 'cannot_delete_queue'
  | 'too_many_items'
  | 'sync_token_expired'

/** What is wrong and where: `path` is dotted, `items.3.rss_source_feed`. */
export interface RefusalDetail {
  readonly path: string
  readonly message: string
}

export interface Refusal {
  readonly refused: RefusalReason
  /** A sentence for a person. */
  readonly message: string
  readonly details?: readonly RefusalDetail[]
}

export function refuse(refused: RefusalReason, message: string, details?: readonly RefusalDetail[]): Refusal {
  return details ? { refused, message, details } : { refused, message }
}

/** The refusal of one value of a request, named by its dotted path. */
export function refuseValue(path: string, message: string): Refusal {
  return refuse('validation', `${path}: ${message}`, [{ path, message }])
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}

/** A refusal for now: the same order may be carried out `retryAfter` seconds later. */
export interface RateLimitRefusal extends Refusal {
  readonly refused: 'rate_limited'
  readonly retryAfter: number
}

/** Refuses because the caller asks too often; `seconds` until asking again makes sense. */
export function refuseForNow(message: string, seconds: number): RateLimitRefusal {
  return { refused: 'rate_limited', message, retryAfter: Math.max(1, Math.ceil(seconds)) }
}
