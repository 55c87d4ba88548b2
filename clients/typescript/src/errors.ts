/** What is wrong with one value of a request: `path` is dotted, `items.3.rss_source_feed`. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

interface Told {
  readonly status?: number
  readonly code: string
  readonly details?: readonly ErrorDetail[]
  readonly requestId?: string | null
  readonly retryAfter?: number | null
  readonly cause?: unknown
}

/** Every failed call throws this. Only an abort by the caller's own signal throws that signal's reason instead. */
export class BaladosError extends Error {
  /** Of the HTTP answer; 0 where there was none. */
  readonly status: number
  /**
   * The server's `error_code`: upper case is general (`VALIDATION_ERROR`), lower case of the domain
   * (`feed_not_subscribed`). Of the client itself: `NETWORK_ERROR`, `TIMEOUT`, `BAD_ANSWER`, `NOT_ALLOWED`.
   */
  readonly code: string
  readonly details: readonly ErrorDetail[]
  /** What to quote to whoever runs the server; null where it gave none. */
  readonly requestId: string | null
  /** Seconds until trying again makes sense; null where the server did not say. */
  readonly retryAfter: number | null

  constructor(message: string, { status = 0, code, details = [], requestId, retryAfter, cause }: Told) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'BaladosError'
    this.status = status
    this.code = code
    this.details = details
    this.requestId = requestId ?? null
    this.retryAfter = retryAfter ?? null
  }

  /** Whether the same call may well succeed later: no network, too many calls, a server that is down. */
  get isPassing(): boolean {
    return this.code === 'NETWORK_ERROR' || this.code === 'TIMEOUT' || this.status === 429 || this.status >= 500
  }
}

/** The error an answer tells of. */
export function errorOf(response: Response, body: string): BaladosError {
  const said = problemIn(body)
  const { error, error_code, details, request_id } = said
  return new BaladosError(typeof error === 'string' ? error : `HTTP ${response.status}`, {
    status: response.status,
    code: typeof error_code === 'string' ? error_code : `HTTP_${response.status}`,
    details: Array.isArray(details) ? (details as ErrorDetail[]) : [],
    requestId: typeof request_id === 'string' ? request_id : response.headers.get('x-request-id'),
    retryAfter: secondsOf(response.headers.get('retry-after'), response.headers.get('date')),
  })
}

function problemIn(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    // A proxy in between speaks HTML.
    return {}
  }
}

/** `Retry-After` (RFC 9110, 10.2.3): seconds, or a time, by the server's own clock. */
function secondsOf(header: string | null, serverDate: string | null): number | null {
  if (header === null || header.trim() === '') return null
  if (/^\d+$/.test(header.trim())) return Number(header)
  const [until, now] = [Date.parse(header), Date.parse(serverDate ?? '')]
  if (Number.isNaN(until)) return null
  return Math.max(0, Math.ceil((until - (Number.isNaN(now) ? Date.now() : now)) / 1000))
}
