import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { type Answered, type Failed, type Hop, isFailed, type Outbound } from '../../outbound/fetch.ts'
import type { Trouble } from '../plan.ts'
import { type HubLinks, readLinks } from './links.ts'

/** What the last answer said of itself, to be told only of changes. */
export interface Validators {
  readonly etag: string | null
  readonly lastModified: string | null
  /** SHA-256 of the unpacked body, in hexadecimal. */
  readonly bodyHash: string | null
}

interface Told {
  /** Where the answer came from, after redirects. */
  readonly url: string
  readonly hops: readonly Hop[]
  /** Milliseconds for which the server calls the answer fresh; 0 where it does not say. */
  readonly freshFor: number
  /** Of the body that came, unpacked. */
  readonly bytes: number
}

export interface Unchanged extends Told, Validators {
  readonly what: 'unchanged'
  /** Told by the server, or seen by the hash of a body that came all the same. */
  readonly how: 'not modified' | 'same body'
}

export interface Fresh extends Told, Validators {
  readonly what: 'fresh'
  readonly body: Buffer
  readonly contentType: string | null
  /** What its headers say of hubs. */
  readonly links: HubLinks
}

export interface NotFetched {
  readonly what: 'failed'
  readonly trouble: Trouble
  /** Hold no part of the URL. */
  readonly words: string
  /** Milliseconds. */
  readonly retryAfter: number | null
}

const accept = 'application/rss+xml, application/atom+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5'

/** Asks for a feed, on condition that it is another than last time. */
export async function askForFeed(
  outbound: Outbound,
  url: string,
  known: Validators,
  options: { readonly now: number; readonly signal?: AbortSignal },
): Promise<Fresh | Unchanged | NotFetched> {
  const headers = {
    accept,
    ...(known.etag === null ? {} : { 'if-none-match': known.etag }),
    ...(known.lastModified === null ? {} : { 'if-modified-since': known.lastModified }),
  }
  const answer = await outbound.fetch(url, { headers, ...(options.signal ? { signal: options.signal } : {}) })
  if (isFailed(answer)) return notAnswered(answer)
  const told = { url: answer.url, hops: answer.hops, freshFor: freshFor(answer.headers), bytes: answer.body.length }
  if (answer.status === 304 && (known.etag !== null || known.lastModified !== null)) {
    return { what: 'unchanged', how: 'not modified', ...told, ...known, ...renewed(answer.headers, known) }
  }
  if (answer.status !== 200 && answer.status !== 203) return notGiven(answer, options.now)
  if (answer.body.length === 0) return passing('its server answers with nothing')
  const bodyHash = hash('sha256', answer.body, 'hex')
  const validators = { ...validatorsOf(answer.headers), bodyHash }
  if (bodyHash === known.bodyHash) return { what: 'unchanged', how: 'same body', ...told, ...validators }
  const contentType = answer.headers['content-type'] ?? null
  const links = readLinks(answer.headers.link, answer.url)
  return { what: 'fresh', body: answer.body, contentType, links, ...told, ...validators }
}

const passing = (words: string): NotFetched => ({ what: 'failed', trouble: 'passing', words, retryAfter: null })

const notAnswered = ({ kind, words }: Failed): NotFetched => ({
  what: 'failed',
  trouble: kind === 'refused' ? 'refused' : 'passing',
  words: kind === 'refused' ? `it may not be asked for: ${words}` : words,
  retryAfter: null,
})

const said = new Map<number, string>([
  [401, 'it asks for a name and a password'],
  [402, 'it asks for money'],
  [403, 'its server does not let us in'],
  [404, 'it is not there'],
  [410, 'it is gone for good'],
  [429, 'its server finds that we ask too often'],
])

function notGiven({ status, headers }: Answered, now: number): NotFetched {
  const retryAfter = retryAfterOf(headers['retry-after'], now)
  const words = said.get(status) ?? (status >= 500 ? 'its server is in trouble' : 'its server answers oddly')
  const trouble: Trouble =
    status === 410
      ? 'gone'
      : status === 401 || status === 402
        ? 'locked'
        : status === 429 || (status === 503 && retryAfter !== null)
          ? 'asked to wait'
          : 'passing'
  return { what: 'failed', trouble, words: `${words} (${status})`, retryAfter }
}

/** `Retry-After` (RFC 9110): seconds or a date, as milliseconds from now. */
function retryAfterOf(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  const wait = /^\s*\d{1,9}\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(wait) ? null : Math.max(0, wait)
}

/** Longer ones are no validators but attacks, and a header must hold them again. */
const longest = 1024

const usable = (header: string | undefined): string | null =>
  header !== undefined && header !== '' && header.length <= longest && /^[\x20-\x7e\x80-\xff]+$/.test(header)
    ? header
    : null

const validatorsOf = (headers: IncomingHttpHeaders): Pick<Validators, 'etag' | 'lastModified'> => ({
  etag: usable(headers.etag),
  lastModified: usable(headers['last-modified']),
})

const renewed = (headers: IncomingHttpHeaders, known: Validators): Partial<Validators> => {
  const { etag, lastModified } = validatorsOf(headers)
  return { etag: etag ?? known.etag, lastModified: lastModified ?? known.lastModified }
}

function freshFor(headers: IncomingHttpHeaders): number {
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(headers['cache-control'] ?? '')?.[1]
  return seconds === undefined ? 0 : Number(seconds) * 1000
}

/**
 * Where the feed lives from now on as far as its server tells: the end of the permanent redirects that came first. A
 * temporary one ends the chain, since what follows it is not promised.
 */
export function permanentTarget(hops: readonly Hop[]): string | null {
  const temporary = hops.findIndex(({ status }) => status !== 301 && status !== 308)
  const permanent = temporary < 0 ? hops : hops.slice(0, temporary)
  return permanent.at(-1)?.to ?? null
}
