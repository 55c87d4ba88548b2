import { LRUCache } from 'lru-cache'
import { isRefusal, type Refusal, refuse } from '../../kernel/refusal.ts'
import type { Outbound } from '../../outbound/fetch.ts'
import { type EpisodeName, encodeItem, webAddress } from '../../podcast/names.ts'
import { askForFeed } from '../fetching/ask.ts'
import { createHosts } from '../fetching/hosts.ts'
import { createThreads } from '../threads.ts'
import type { Asked, PassedDocument } from './document.ts'

/** A feed as it is handed on. */
export interface Passed extends PassedDocument {
  /** Where it came from in the end. */
  readonly url: string
}

/** Hands feeds on to pages that may not ask other servers than this one. */
export interface FeedProxy {
  /** The feed, or the feed with one of its episodes alone. */
  pass(feedUrl: string, only: EpisodeName | null): Promise<Passed | Refusal>
  close(): Promise<void>
}

const megabyte = 1_000_000
/** Tighter than for the refresh: a stranger waits for it, and this process keeps it in memory. */
const limits = { bytes: 20 * megabyte, whole: 25_000 }
const manners = { atOnce: 6, perHost: 2 }
/** Callers that may wait for feeds not kept here. */
const mostWaiting = 100
/** Milliseconds, and bytes of all. */
const keptFor = 300_000
const failureKept = 30_000
const mostKept = 64 * megabyte

/**
 * Asks for feeds in the name of strangers, so with none of the passwords that listeners have entrusted: what is passed
 * on is what anybody gets, and only when it is a feed. A feed is asked for once, however many want it.
 */
export function createFeedProxy(outbound: Outbound, clock: () => number): FeedProxy {
  const threads = createThreads<Asked, PassedDocument | null>({
    file: new URL('./worker.ts', import.meta.url),
    threads: 1,
    timeout: 10_000,
    memory: 256,
  })
  const hosts = createHosts(manners)
  const kept = new LRUCache<string, Passed | Refusal>({
    ttl: keptFor,
    maxSize: mostKept,
    sizeCalculation: (what) => (isRefusal(what) ? 0 : what.bytes.byteLength) + 1_000,
  })
  const underWay = new Map<string, Promise<Passed | Refusal>>()

  /** Does the work once for all who ask for it, and remembers for a while what came of it. */
  function once(key: string, work: () => Promise<Passed | Refusal>): Promise<Passed | Refusal> {
    const known = kept.get(key)
    if (known) return Promise.resolve(known)
    const going = underWay.get(key)
    if (going) return going
    const begun = work()
      .then((what) => {
        kept.set(key, what, { ttl: isRefusal(what) ? failureKept : keptFor })
        return what
      })
      .finally(() => underWay.delete(key))
    underWay.set(key, begun)
    return begun
  }

  async function read(bytes: Uint8Array, asked: Omit<Asked, 'bytes'>): Promise<Passed | Refusal> {
    const passed = await threads.run(() => ({ ...asked, bytes: new Uint8Array(bytes) }))
    if (passed === null) return refuse('not_found', 'The feed does not list this episode.')
    return isRefusal(passed) ? unavailable(`what came is no feed: ${passed.message}`) : { ...passed, url: asked.url }
  }

  async function fetchWhole(url: URL): Promise<Passed | Refusal> {
    const bounded: Outbound = { ...outbound, fetch: (at, request) => outbound.fetch(at, { ...request, limits }) }
    const answer = await hosts.run(url.host, () => askForFeed(bounded, url.href, nothingKnown, { now: clock() }))
    if (answer.what === 'failed') return unavailable(answer.words)
    if (answer.what === 'unchanged') throw new Error('a feed is unchanged that nothing is known of')
    return read(answer.body, { url: answer.url, contentType: answer.contentType, only: null })
  }

  return {
    async pass(feedUrl, only) {
      const url = webAddress(feedUrl)
      if (!url) return unavailable('it has no address that could be asked')
      if (url.username !== '' || url.password !== '')
        return refuse('not_found', 'A feed whose URL holds a name or a password is not passed on.')
      if (underWay.size >= mostWaiting)
        return refuse('upstream', 'Too many feeds are asked for at this moment; try again in a while.')
      url.hash = ''
      const whole = () => once(url.href, () => fetchWhole(url))
      if (only === null) return whole()
      return once(`${url.href} ${encodeItem(only)}`, async () => {
        const feed = await whole()
        return isRefusal(feed) ? feed : read(feed.bytes, { url: feed.url, contentType: null, only })
      })
    },
    close: threads.close,
  }
}

const nothingKnown = { etag: null, lastModified: null, bodyHash: null }

const unavailable = (why: string): Refusal => refuse('upstream', `The feed is not available: ${why}.`)
