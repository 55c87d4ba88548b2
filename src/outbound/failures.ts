import { errors } from 'undici'
import { RefusedAddress } from './names.ts'

/** What kept a request from being answered. */
export type FailureKind =
  /** The address may not be asked: see `targets.ts` and `addresses.ts`. */
  | 'refused'
  /** Its name leads nowhere. */
  | 'unknown host'
  | 'unreachable'
  | 'certificate'
  | 'too slow'
  | 'too large'
  /** Neither HTTP nor what it says it is. */
  | 'broken'
  | 'redirects'

/** A failure as a value: the kind to act on, and words for a person. Neither holds any part of a URL. */
export interface Failure {
  readonly kind: FailureKind
  readonly words: string
}

export const failure = (kind: FailureKind, words: string): Failure => ({ kind, words })

const unreachable = new Map([
  ['ECONNREFUSED', 'nobody listens there'],
  ['EHOSTUNREACH', 'there is no way to its host'],
  ['ENETUNREACH', 'there is no way to its network'],
  ['ETIMEDOUT', 'its host does not answer'],
  ['EADDRNOTAVAIL', 'there is no way to its host'],
  ['EACCES', 'there is no way to its host'],
])
const cut = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'])
const dnsErrors = /^E(?:NOTFOUND|NODATA|SERVFAIL|AI_\w+|REFUSED|FORMERR|BADRESP|BADNAME|TIMEOUT|CANCELLED|CONNREFUSED)$/

const codeOf = (error: Error): string => String((error as NodeJS.ErrnoException).code ?? '')

/** What an error of sockets, TLS, names or HTTP means. Bugs are no failures: null for what is not known here. */
export function failureOf(thrown: unknown): Failure | null {
  if (!(thrown instanceof Error)) return null
  if (thrown instanceof RefusedAddress) return failure('refused', thrown.message)
  if (thrown instanceof AggregateError && thrown.errors[0]) return failureOf(thrown.errors[0])
  const code = codeOf(thrown)
  const where = (thrown as NodeJS.ErrnoException).syscall ?? ''
  if (thrown.name === 'TimeoutError') return failure('too slow', 'it took too long as a whole')
  if (thrown instanceof errors.ConnectTimeoutError) return failure('unreachable', 'its host does not answer')
  if (thrown instanceof errors.HeadersTimeoutError) return failure('too slow', 'no answer began in time')
  if (thrown instanceof errors.BodyTimeoutError) return failure('too slow', 'the answer stood still')
  if (thrown instanceof errors.ResponseExceededMaxSizeError) return failure('too large', 'the answer is too large')
  if (/^(?:query|getaddrinfo|queryA|queryAaaa)/.test(where) || (where === '' && dnsErrors.test(code))) {
    return code === 'ENOTFOUND' || code === 'ENODATA'
      ? failure('unknown host', 'there is no such host')
      : failure('unknown host', `its name could not be looked up (${code})`)
  }
  if (unreachable.has(code)) return failure('unreachable', unreachable.get(code) ?? code)
  if (cut.has(code)) return failure('broken', 'the connection was cut')
  if (/^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO|DEPTH_ZERO|SELF_SIGNED|EPROTO|HOSTNAME_MISMATCH)/.test(code)) {
    return failure('certificate', `its certificate or encryption is not good (${code})`)
  }
  if (thrown instanceof errors.HTTPParserError || code.startsWith('HPE_')) {
    return failure('broken', `what it says is no HTTP (${code})`)
  }
  if (thrown instanceof errors.UndiciError) return failure('broken', `the request failed (${code})`)
  return null
}
