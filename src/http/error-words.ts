import type { RefusalReason } from '../kernel/refusal.ts'
import { internalError, methodNotAllowed, statusAndCode } from './problems.ts'

/** What a developer does about each reason. */
const advice: Readonly<Record<RefusalReason, string>> = {
  unauthorized:
    'The token is wrong or expired, or the app is no longer allowed. Check the clock by `Date` once, then ask the person again.',
  forbidden: 'The sentence names the scope that is missing: ask for it.',
  not_found: 'There is nothing of that id, or it is not this user’s.',
  gone: 'It was there and will not come back.',
  conflict:
    'An `Idempotency-Key` was used for another request; or an episode is known under several feeds: name one with `?feed=`.',
  validation: '`details` names each wrong value. Sending it again will not help.',
  payload_too_large: 'Send less at a time.',
  rate_limited: 'Wait as many seconds as `Retry-After` says, then send the same again.',
  upstream: 'A podcast’s own server did not answer. Try again later.',
  cannot_delete_default_collection: 'Empty it instead.',
  cannot_delete_queue: 'Empty it instead.',
  feed_not_subscribed: 'Subscribe to the podcast first.',
  too_many_items: 'A list holds at most 10,000.',
  sync_token_expired: 'Sync without a token, and drop what the answer does not hold.',
}

export interface ErrorWords {
  readonly status: number
  readonly code: string
  readonly advice: string
}

/** Every `error_code` that the API itself can answer, by status. */
export const errorWords: readonly ErrorWords[] = [
  ...Object.entries(advice).map(([reason, words]) => ({ ...statusAndCode(reason as RefusalReason), advice: words })),
  {
    status: methodNotAllowed([]).status,
    code: methodNotAllowed([]).body.error_code,
    advice: '`Allow` lists what the path knows.',
  },
  {
    status: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    advice: 'The `Content-Encoding` is unknown: gzip, deflate and br are known.',
  },
  {
    status: internalError('').status,
    code: internalError('').body.error_code,
    advice: 'Try again later. `request_id` is what to quote to the administrator.',
  },
].toSorted((a, b) => a.status - b.status)
