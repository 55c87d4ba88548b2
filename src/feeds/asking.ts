import { setTimeout as sleep } from 'node:timers/promises'
import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { webAddress } from '../podcast/names.ts'
import type { FeedStatus } from './entities.ts'

/** What a feed says of itself, as far as anybody is told who asks for it. */
export interface FeedCard {
  readonly podcast: PodcastId
  readonly title: string | null
  readonly description: string | null
  readonly author: string | null
  readonly language: string | null
  readonly hasCover: boolean
  /** Those that the feed lists now. */
  readonly episodes: number
}

interface Known extends FeedCard {
  readonly status: FeedStatus
  /** It was read at least once. */
  readonly isRead: boolean
  readonly lastError: string | null
  readonly checkedAt: Date | null
  readonly nextCheckAt: Date | null
  /** A worker is at it. */
  readonly isClaimed: boolean
}

const readKnown: Statement = {
  name: 'feeds-card',
  text: `select podcast_id as podcast, status, metadata is not null as "isRead", last_error as "lastError",
      checked_at as "checkedAt", next_check_at as "nextCheckAt", coalesce(claimed_until > now(), false) as "isClaimed",
      metadata ->> 'title' as title, metadata -> 'description' ->> 'plain' as description,
      metadata ->> 'author' as author, metadata ->> 'language' as language,
      metadata ->> 'imageUrl' is not null as "hasCover",
      (select count(*)::int from cache.feed_episodes e where e.podcast_id = f.podcast_id and listed) as episodes
    from cache.feeds f where podcast_id = $1`,
}
const readChecked: Statement = {
  name: 'feeds-checked',
  text: 'select podcast_id as podcast, checked_at as "checkedAt" from cache.feeds where podcast_id = any($1::uuid[])',
}

export interface AskingParts {
  readonly cache: Queryable
  readonly catalog: Catalog
  /** Why a URL may not be asked for, as far as it tells by itself; null when it may. */
  readonly refusedTarget: (url: URL) => string | null
  /** Lets a worker look at a feed now. */
  readonly order: (podcast: PodcastId) => Promise<void>
  /** Whether there is any worker. */
  readonly hasWorkers: () => Promise<boolean>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Milliseconds for which a caller waits for a worker. */
  readonly patience?: number
}

/** Milliseconds: a feed that nobody follows has no plan, and is looked at again when it is asked for after so long. */
const strangersFresh = 6 * 3_600_000
/** A feed that just failed is not asked again for each caller. */
const failureStands = 60_000
const pollEvery = 100

/**
 * Tells of any feed, followed here or not. What is known and not due is told from the cache; else a worker looks at it,
 * once for all who ask meanwhile, and what is known already stands in where that fails. Feeds are never fetched in
 * this process.
 */
export function createAsking(parts: AskingParts): (feedUrl: string) => Promise<FeedCard | Refusal> {
  const { cache, catalog, refusedTarget, order, hasWorkers, clock, patience = 25_000 } = parts
  const asked = new Map<PodcastId, Promise<Known | null>>()
  const looked = createLookout(cache)

  const known = async (podcast: PodcastId): Promise<Known | null> =>
    (await rows<Known>(cache, readKnown, [podcast]))[0] ?? null

  /** How a feed stands after the next look at it; as before when none came in time. */
  async function lookAt(podcast: PodcastId, before: Known | null): Promise<Known | null> {
    if (!before?.isClaimed) await order(podcast)
    await looked(podcast, before?.checkedAt ?? null, patience)
    return known(podcast)
  }

  /** One look for all who ask for a feed at the same time. */
  function lookOnce(podcast: PodcastId, before: Known | null): Promise<Known | null> {
    const look = asked.get(podcast) ?? lookAt(podcast, before).finally(() => asked.delete(podcast))
    asked.set(podcast, look)
    return look
  }

  return async (feedUrl) => {
    const url = webAddress(feedUrl)
    const refused = url === null ? 'it has no address that could be asked' : refusedTarget(url)
    // Before it gets a name here: what can't be a podcast need not be remembered.
    if (refused !== null) return unavailable(`it may not be asked for: ${refused}`)
    const podcast = (await catalog.podcasts([feedUrl])).get(feedUrl) as PodcastId
    const before = await known(podcast)
    if (before && stands(before, clock())) return cardOf(before) ?? unavailable(before.lastError ?? '')
    const after = await lookOnce(podcast, before)
    const card = after && cardOf(after)
    if (card) return card
    if (after?.checkedAt && after.checkedAt.getTime() !== before?.checkedAt?.getTime()) {
      return unavailable(after.lastError ?? 'it was not read')
    }
    return unavailable(
      (await hasWorkers()) ? 'nothing came of it in time; ask again in a while' : 'no worker runs that would fetch it',
    )
  }
}

const unavailable = (why: string): Refusal => refuse('upstream', `The feed is not available: ${why}.`)

const cardOf = (feed: Known): FeedCard | null => (feed.isRead ? feed : null)

/** Whether what is known of a feed is good enough to be told without another look. */
function stands({ status, isRead, checkedAt, nextCheckAt }: Known, now: number): boolean {
  if (checkedAt === null) return false
  const age = now - checkedAt.getTime()
  if (status !== 'fine') return age < failureStands
  return isRead && (nextCheckAt === null ? age < strangersFresh : nextCheckAt.getTime() > now)
}

/** Waits for looks at feeds: one question at a time to the database, however many wait. */
function createLookout(cache: Queryable) {
  interface Waiting {
    readonly podcast: PodcastId
    readonly before: number | null
    readonly until: number
    readonly done: (seen: boolean) => void
    readonly failed: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let isWatching = false

  async function watch(): Promise<void> {
    isWatching = true
    try {
      while (waiting.length > 0) {
        await sleep(pollEvery)
        const podcasts = [...new Set(waiting.map(({ podcast }) => podcast))]
        const found = await rows<{ podcast: PodcastId; checkedAt: Date | null }>(cache, readChecked, [podcasts])
        const checked = new Map(found.map(({ podcast, checkedAt }) => [podcast, checkedAt?.getTime() ?? null]))
        waiting = waiting.filter(({ podcast, before, until, done }) => {
          const isSeen = (checked.get(podcast) ?? null) !== before
          if (isSeen || performance.now() >= until) done(isSeen)
          return !isSeen && performance.now() < until
        })
      }
    } catch (error) {
      for (const { failed } of waiting.splice(0)) failed(error)
    } finally {
      isWatching = false
    }
  }

  /** @returns whether the feed was looked at since `before` */
  return (podcast: PodcastId, before: Date | null, patience: number): Promise<boolean> =>
    new Promise((done, failed) => {
      const until = performance.now() + patience
      waiting.push({ podcast, before: before?.getTime() ?? null, until, done, failed })
      if (!isWatching) void watch()
    })
}
