import type { PodcastId } from '../kernel/brand.ts'
import { hostOf } from '../podcast/names.ts'
import { createHosts, type Manners, ordinaryManners } from './fetching/hosts.ts'
import { lookAt, type RefreshParts } from './refresh.ts'
import { addKnownFeeds, type Claim, claimDueFeeds, claimFeed } from './store.ts'
import type { Looked } from './watch.ts'

export type Tally = Record<Looked, number>

/** Looks at feeds on behalf of one process. */
export interface FeedWorker {
  /** Looks at every feed that is due, until none is left. Does nothing where that is already going on. */
  refreshDue(): Promise<Tally>
  /** Looks at one feed now, wanted or not; `busy` while somebody is at it. */
  refresh(podcast: PodcastId): Promise<Looked | 'busy'>
  /** Ends what goes on; what was begun is given back. */
  stop(): Promise<void>
}

interface Log {
  error(context: object, message: string): void
}

export interface FeedWorkerParts extends RefreshParts {
  readonly manners?: Manners
  readonly log: Log
}

/** Claimed at once: few enough that no claim waits for long, many enough that claiming costs little. */
const handful = 8

export function createFeedWorker({ manners = ordinaryManners, log, ...parts }: FeedWorkerParts): FeedWorker {
  const hosts = createHosts(manners)
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  let draining = false

  /** What goes wrong unexpectedly with one feed is no reason to leave the others alone. */
  async function lookSafely(claim: Claim, tally: Tally): Promise<void> {
    try {
      tally[await hosts.run(claim.host, () => lookAt(claim, parts, stopping.signal))]++
    } catch (error) {
      tally.failed++
      if (stopping.signal.aborted) return
      // The podcast's id, never its URL, which may be somebody's own; nor what a database's error says of the row.
      const { message, stack } = error as Error
      log.error({ error: { message, stack }, podcast: claim.podcast }, 'a feed could not be looked at')
    }
  }

  function begin(work: Promise<unknown>): void {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }

  async function drain(tally: Tally): Promise<void> {
    while (!stopping.signal.aborted) {
      const limit = Math.min(hosts.free(), handful)
      const isIdle = underWay.size === 0
      const isWorthwhile = limit >= handful / 2 || isIdle
      const claims = isWorthwhile ? await claimDueFeeds(parts.cache, wish(limit)) : []
      // Their names by one question: one for each is what an unchanged feed would cost most of.
      if (claims.length > 1) await parts.catalog.podcastEntries(claims.map(({ podcast }) => podcast))
      for (const claim of claims) begin(lookSafely(claim, tally))
      // Only of all hosts: where one was busy when this was asked, its feeds were left out.
      if (isIdle && claims.length === 0) return
      if (isWorthwhile && claims.length === limit) continue
      if (underWay.size > 0) await Promise.race(underWay)
    }
  }

  const wish = (limit: number) => ({
    now: parts.clock(),
    limit,
    perHost: manners.perHost,
    except: hosts.full(),
  })

  return {
    async refreshDue() {
      const tally: Tally = { changed: 0, unchanged: 0, failed: 0, lost: 0 }
      if (draining) return tally
      draining = true
      try {
        await drain(tally)
      } finally {
        draining = false
      }
      return tally
    },
    async refresh(podcast) {
      const feedUrl = (await parts.catalog.podcastEntries([podcast])).get(podcast)?.feedUrl ?? ''
      const now = parts.clock()
      await addKnownFeeds(parts.cache.pool, [{ podcast, host: hostOf(feedUrl) }], { wanted: false, now })
      const claim = await claimFeed(parts.cache, podcast)
      return claim ? hosts.run(claim.host, () => lookAt(claim, parts, stopping.signal)) : 'busy'
    },
    async stop() {
      stopping.abort(new Error('the worker stops'))
      await Promise.allSettled(underWay)
    },
  }
}
