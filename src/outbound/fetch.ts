import type { IncomingHttpHeaders } from 'node:http'
import { Agent, type Dispatcher } from 'undici'
import { type JudgeAddress, refusedAddress } from './addresses.ts'
import { type Failure, failure, failureOf } from './failures.ts'
import { createResolver, judgedLookup, type Resolve } from './names.ts'
import { acceptedEncodings, megabytes, unpack } from './packing.ts'
import { refusedTarget } from './targets.ts'

/** Milliseconds, and bytes of the unpacked body. */
export interface Limits {
  /** Until the connection stands, its name looked up and its certificate checked. */
  readonly connect: number
  /** Until the answer's headers are there. */
  readonly headers: number
  /** Between two pieces of the body. */
  readonly idle: number
  /** For all of it, redirects included: what ends a slow drip. */
  readonly whole: number
  readonly bytes: number
  readonly redirects: number
}

const ordinaryLimits: Limits = {
  connect: 10_000,
  headers: 20_000,
  idle: 15_000,
  whole: 60_000,
  bytes: 30_000_000,
  redirects: 5,
}

/** One redirect that was followed. */
export interface Hop {
  readonly status: number
  /** Where it led. */
  readonly to: string
  /** It led from https to http. */
  readonly downgrade: boolean
}

/** What another server said: any status but a redirect that could be followed. */
export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Unpacked. */
  readonly body: Buffer
  /** Where it came from in the end. */
  readonly url: string
  readonly hops: readonly Hop[]
}

export interface Failed extends Failure {
  readonly hops: readonly Hop[]
}

export interface OutboundRequest {
  readonly headers?: Readonly<Record<string, string>>
  readonly limits?: Partial<Limits>
  readonly signal?: AbortSignal
  /** With a body it is a POST, whose redirects are answered and not followed. */
  readonly body?: string | Buffer
}

/** The one way in which this instance speaks to servers that somebody else has named. */
export interface Outbound {
  /**
   * Each hop's host is looked up, judged and connected to by that very address; proxies of the environment play no
   * part. User info in the URL becomes Basic authentication for that origin and no other.
   */
  fetch(url: string, request?: OutboundRequest): Promise<Answered | Failed>
  close(): Promise<void>
}

export interface OutboundParts {
  /** Who asks, and how to reach them. */
  readonly userAgent: string
  readonly allowPrivate: boolean
  readonly resolve?: Resolve
  readonly judge?: JudgeAddress
}

export const isFailed = (outcome: Answered | Failed): outcome is Failed => 'kind' in outcome

const redirecting = new Set([301, 302, 303, 307, 308])

export function createOutbound({
  userAgent,
  allowPrivate,
  resolve = createResolver(),
  judge = (address) => refusedAddress(address, allowPrivate),
}: OutboundParts): Outbound {
  const lookup = judgedLookup(resolve, judge)
  const agents = new Map<number, Agent>()
  const agentFor = (connectTimeout: number): Agent => {
    const agent =
      agents.get(connectTimeout) ??
      new Agent({
        // Feeds gain nothing by HTTP/2, and one protocol less is one way less to be fooled.
        allowH2: false,
        connect: { lookup, timeout: connectTimeout, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 1_500 },
        keepAliveTimeout: 4_000,
        keepAliveMaxTimeout: 10_000,
      })
    agents.set(connectTimeout, agent)
    return agent
  }

  async function fetch(address: string, request: OutboundRequest = {}): Promise<Answered | Failed> {
    const limits = { ...ordinaryLimits, ...request.limits }
    const start = URL.parse(address)
    const hops: Hop[] = []
    const failed = (why: Failure): Failed => ({ ...why, hops })
    if (!start) return failed(failure('refused', 'it is no URL'))
    const signal = AbortSignal.any([AbortSignal.timeout(limits.whole), ...(request.signal ? [request.signal] : [])])
    const credentials = basicOf(start)
    const seen = new Set<string>()
    let url = withoutUser(start)
    try {
      for (;;) {
        const refused = refusedTarget(url, judge, allowPrivate)
        if (refused !== null)
          return failed(failure('refused', hops.length > 0 ? `it leads on, and ${refused}` : refused))
        if (seen.has(url.href)) return failed(failure('redirects', 'it leads back to itself'))
        seen.add(url.href)
        const answer = await agentFor(limits.connect).request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: request.body === undefined ? 'GET' : 'POST',
          headers: {
            'user-agent': userAgent,
            'accept-encoding': acceptedEncodings,
            ...request.headers,
            ...(credentials !== null && url.origin === start.origin ? { authorization: credentials } : {}),
          },
          body: request.body ?? null,
          headersTimeout: limits.headers,
          bodyTimeout: limits.idle,
          signal,
        })
        const next = request.body === undefined ? nextOf(answer, url) : null
        if (next === null) {
          const body = await bodyOf(answer, limits.bytes)
          if ('kind' in body) return failed(body)
          return { status: answer.statusCode, headers: answer.headers, body, url: url.href, hops }
        }
        drop(answer)
        if (next === 'broken') return failed(failure('redirects', 'it leads on to what is no URL'))
        if (hops.length >= limits.redirects) {
          return failed(failure('redirects', `it leads on more than ${limits.redirects} times`))
        }
        const downgrade = url.protocol === 'https:' && next.protocol === 'http:'
        hops.push({ status: answer.statusCode, to: next.href, downgrade })
        url = next
      }
    } catch (error) {
      const known = failureOf(signal.aborted ? signal.reason : error)
      if (known === null) throw error
      return failed(known)
    }
  }

  return { fetch, close: async () => void (await Promise.all([...agents.values()].map((agent) => agent.destroy()))) }
}

function withoutUser(url: URL): URL {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  bare.hash = ''
  return bare
}

/** User info of a URL as Basic authentication (RFC 7617), in UTF-8. */
function basicOf(url: URL): string | null {
  if (url.username === '' && url.password === '') return null
  const plain = [url.username, url.password].map((part) => percentDecoded(part)).join(':')
  return `Basic ${Buffer.from(plain, 'utf8').toString('base64')}`
}

function percentDecoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Where a redirect leads, without user info: nobody's server hands us a password for another. */
function nextOf({ statusCode, headers }: Dispatcher.ResponseData, from: URL): URL | 'broken' | null {
  const { location } = headers
  if (!redirecting.has(statusCode) || location === undefined) return null
  // Bytes beyond ASCII are UTF-8 by habit; HTTP hands them out as Latin-1.
  const text = Buffer.from(String(location), 'latin1').toString('utf8')
  const next = URL.parse(text.includes('\ufffd') ? String(location) : text, from.href)
  return next === null ? 'broken' : withoutUser(next)
}

/** Lets go of a body nobody reads; the connection goes with it. */
function drop({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => {}).destroy()
}

async function bodyOf(answer: Dispatcher.ResponseData, most: number): Promise<Buffer | Failure> {
  const tooLarge = failure('too large', `it is larger than ${megabytes(most)}`)
  if (Number(answer.headers['content-length'] ?? 0) > most) {
    drop(answer)
    return tooLarge
  }
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of answer.body as AsyncIterable<Buffer>) {
    pieces.push(piece)
    length += piece.length
    // Leaving the loop destroys the body and its connection.
    if (length > most) return tooLarge
  }
  return unpack(Buffer.concat(pieces, length), String(answer.headers['content-encoding'] ?? ''), most)
}
