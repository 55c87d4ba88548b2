import { BaladosError, errorOf } from './errors.ts'
import type { Tokens } from './tokens.ts'

export interface CallOptions {
  /** Ends the call, its retries included; it then throws the signal's reason. */
  readonly signal?: AbortSignal
  /** Milliseconds for one attempt; 30,000 where not said. */
  readonly timeout?: number
  /** How often to try again after a failure that may pass; 4 where not said. */
  readonly retries?: number
  /** For a write: the same key has one effect and one answer within 24 hours. Made anew for each call where not said. */
  readonly idempotencyKey?: string
}

export interface Request {
  readonly method: string
  /** Below `/api/v1`, encoded, with its query. */
  readonly path: string
  readonly body?: unknown
  /** In place of a body of JSON. */
  readonly file?: { readonly type: string; readonly text: string }
}

export interface SendParts {
  readonly instance: string
  readonly tokens: Tokens
  readonly fetch: typeof fetch
  readonly defaults: Pick<CallOptions, 'timeout' | 'retries'>
  /** For what the server says in words; the platform's own where not given. */
  readonly language?: string
}

/** An answer's JSON, or the text of a file; null where it has none. */
export type Send = (request: Request, options?: CallOptions) => Promise<unknown>

/** Longer than this is for the app to wait, not for a call. */
const longestWait = 60_000

export function createSend({ instance, tokens, fetch, defaults, language }: SendParts): Send {
  const base = `${instance.replace(/\/+$/, '')}/api/v1`

  async function attempt(
    { method, path, body, file }: Request,
    key: string | null,
    options: CallOptions,
  ): Promise<unknown> {
    const { signal, timeout = defaults.timeout ?? 30_000 } = options
    const limit = AbortSignal.timeout(timeout)
    const authorization = await tokens.bearer()
    const sent = file?.text ?? (body === undefined ? undefined : JSON.stringify(body))
    let response: Response
    let text: string
    try {
      response = await fetch(base + path, {
        method,
        headers: {
          authorization,
          ...(language === undefined ? {} : { 'accept-language': language }),
          ...(sent === undefined ? {} : { 'content-type': file?.type ?? 'application/json' }),
          ...(key === null ? {} : { 'idempotency-key': key }),
        },
        ...(sent === undefined ? {} : { body: sent }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      })
      text = await response.text()
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (limit.aborted) throw new BaladosError(`No answer within ${timeout} ms.`, { code: 'TIMEOUT', cause })
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new BaladosError(`The server could not be reached: ${why}`, { code: 'NETWORK_ERROR', cause })
    }
    tokens.heard(response.headers.get('date'))
    if (!response.ok) throw errorOf(response, text)
    return answerIn(response, text)
  }

  return async (request, options = {}) => {
    const { signal, retries = defaults.retries ?? 4 } = options
    const key = request.method === 'GET' ? null : (options.idempotencyKey ?? crypto.randomUUID())
    let renewed = false
    for (let failures = 0; ; ) {
      signal?.throwIfAborted()
      try {
        return await attempt(request, key, options)
      } catch (error) {
        if (!(error instanceof BaladosError)) throw error
        if (error.status === 401 && !renewed) {
          // The token may have expired on the way, or our clock be wrong, which `Date` has told meanwhile.
          renewed = true
          tokens.renew()
          continue
        }
        const wait = waitAfter(error, failures++)
        if (!error.isPassing || failures > retries || wait > longestWait) throw error
        await pause(wait, signal)
      }
    }
  }
}

function answerIn(response: Response, text: string): unknown {
  if (text === '') return null
  if (/^(?:text\/x-opml|application\/xml)\b/.test(response.headers.get('content-type') ?? '')) return text
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new BaladosError('The answer is not JSON: is this a Balados Sync server?', {
      status: response.status,
      code: 'BAD_ANSWER',
      cause,
    })
  }
}

/**
 * Milliseconds to wait: twice as long each time, and somewhere in the upper half of it, so that devices a server lost
 * at once do not all come back at once; never before the server said.
 */
function waitAfter({ retryAfter }: BaladosError, failures: number): number {
  const most = Math.min(500 * 2 ** failures, 20_000)
  return Math.max((retryAfter ?? 0) * 1000, most * (0.5 + Math.random() / 2))
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
  })
}
