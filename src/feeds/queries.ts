import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { TitlesOf } from '../podcast/titles.ts'
import type { FeedStatus } from './entities.ts'

/** How the feeds of one status stand. */
export interface FeedCount {
  readonly status: FeedStatus
  readonly feeds: number
  /** On the list. */
  readonly wanted: number
  /** On the list, and waiting for a worker. */
  readonly due: number
  /** When the one that waits longest should have been looked at. */
  readonly oldestDue: Date | null
  /** Looked at in the last hour. */
  readonly lately: number
}

export interface TroubledFeed {
  readonly podcast: PodcastId
  readonly status: FeedStatus
  readonly failures: number
  readonly failingSince: Date
  readonly lastError: string
}

export interface FeedState {
  readonly status: FeedStatus
  readonly wanted: boolean
  readonly followers: number
  readonly title: string | null
  readonly episodes: number
  readonly checkedAt: Date | null
  readonly fetchedAt: Date | null
  readonly changedAt: Date | null
  readonly nextCheckAt: Date | null
  readonly claimedUntil: Date | null
  readonly lastError: string | null
  /** Hubs that the feed names. */
  readonly hubs: number
  /** Null where no hub is asked. Milliseconds. */
  readonly lease: {
    readonly waiting: boolean
    readonly until: number | null
    readonly lastError: string | null
    readonly ignored: number
  } | null
}

export interface Decision {
  readonly decidedAt: Date
  readonly words: string
}

const counts: Statement = {
  name: 'feeds-counts',
  text: `select status, count(*) as feeds, count(*) filter (where wanted) as wanted,
      count(*) filter (where next_check_at <= now()) as due, min(next_check_at) filter (where next_check_at <= now()) as "oldestDue",
      count(*) filter (where checked_at > now() - interval '1 hour') as lately
    from cache.feeds group by status order by status`,
}
const troubled: Statement = {
  name: 'feeds-troubled',
  text: `select podcast_id as podcast, status, failures, failing_since as "failingSince", last_error as "lastError"
    from cache.feeds where wanted and failures > 0 order by failing_since, podcast_id limit $1`,
}
const state: Statement = {
  name: 'feeds-state',
  text: `select status, wanted, followers, metadata ->> 'title' as title,
      (select count(*) from cache.feed_episodes e where e.podcast_id = f.podcast_id and listed) as episodes,
      checked_at as "checkedAt", fetched_at as "fetchedAt", changed_at as "changedAt", next_check_at as "nextCheckAt",
      claimed_until as "claimedUntil", last_error as "lastError", coalesce(jsonb_array_length(metadata -> 'hubs'), 0) as hubs,
      (select jsonb_build_object('waiting', waiting, 'until', extract(epoch from lease_until) * 1000,
          'lastError', last_error, 'ignored', ignored)
        from cache.hub_leases l where l.podcast_id = f.podcast_id and l.wanted limit 1) as lease
    from cache.feeds f where podcast_id = $1`,
}
const decisions: Statement = {
  name: 'feeds-decisions',
  text: `select decided_at as "decidedAt", words from cache.feed_decisions
    where podcast_id = $1 order by id desc limit $2`,
}

const due: Statement = {
  name: 'feeds-due',
  text: `select count(*) as due from (select from cache.feeds where next_check_at <= to_timestamp($1::float8 / 1000) limit 1000) d`,
}

export const feedCounts = (cache: Queryable): Promise<FeedCount[]> => rows(cache, counts, [])

/** Feeds that fail, the one that has failed longest first. */
export const troubledFeeds = (cache: Queryable, most: number): Promise<TroubledFeed[]> => rows(cache, troubled, [most])

/** Null for a feed that nobody ever wanted. */
export const feedState = async (cache: Queryable, podcast: PodcastId): Promise<FeedState | null> =>
  (await rows<FeedState>(cache, state, [podcast]))[0] ?? null

/** What was decided about a feed, newest first. */
export const decisionsAbout = (cache: Queryable, podcast: PodcastId, most: number): Promise<Decision[]> =>
  rows(cache, decisions, [podcast, most])

/** How many feeds wait for a worker; counts no further than a thousand. */
export const dueFeeds = async (cache: Queryable, now: number): Promise<number> =>
  (await rows<{ due: number }>(cache, due, [now]))[0]?.due ?? 0

export interface MovedFeedRow {
  readonly podcast_id: PodcastId
  readonly moved_at: Date
  readonly number: number
  readonly stamp: number
}

const sinceStamp: Statement = {
  name: 'moved-feeds-since',
  text: 'select * from projections.moved_feeds where user_id = $1 and stamp >= $2 order by number, podcast_id',
}
const listeners: Statement = {
  name: 'listeners-of',
  text: `select user_id as "user" from projections.listeners where podcast_id = $1 and user_id > $2
    order by user_id limit $3`,
}

/** The listener's podcasts that got another name since a stamp. */
export const movedFeedsSince = (db: Queryable, user: UserId, stamp: number): Promise<MovedFeedRow[]> =>
  rows(db, sinceStamp, [user, stamp])

const page = 500

/** Who has anything of a podcast. */
export async function* listenersOf(db: Queryable, podcast: PodcastId): AsyncIterable<UserId> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const found = await rows<{ user: UserId }>(db, listeners, [podcast, after, page])
    for (const { user } of found) yield user
    after = found.at(-1)?.user ?? after
    if (found.length < page) return
  }
}

const titles: Statement = {
  name: 'feeds-titles',
  text: `select podcast_id as id, metadata ->> 'title' as title from cache.feeds where podcast_id = any($1::uuid[])
    union all select episode_id, title from cache.feed_episodes where episode_id = any($2::uuid[])`,
}

/** What feeds call themselves and their episodes, as far as they were read. */
export const titlesIn =
  (cache: Queryable): TitlesOf =>
  async (podcasts, episodes) => {
    const wanted = [[...new Set(podcasts)], [...new Set(episodes)]]
    const found = wanted.every((ids) => ids.length === 0)
      ? []
      : await rows<{ id: string; title: string | null }>(cache, titles, wanted)
    const known = new Map(found.map(({ id, title }) => [id, title]))
    return { feed: (podcast) => known.get(podcast) ?? null, item: (episode) => known.get(episode) ?? null }
  }

/** What a feed calls itself, and where its page is. */
export interface FeedHead {
  readonly title: string | null
  readonly link: string | null
}

const feedHeadsOf: Statement = {
  name: 'feeds-heads',
  text: `select podcast_id as podcast, metadata ->> 'title' as title, metadata ->> 'link' as link
    from cache.feeds where podcast_id = any($1::uuid[]) and metadata is not null`,
}

/** Of those that were read. */
export async function feedHeads(
  cache: Queryable,
  podcasts: readonly PodcastId[],
): Promise<ReadonlyMap<PodcastId, FeedHead>> {
  const found = await rows<FeedHead & { podcast: PodcastId }>(cache, feedHeadsOf, [podcasts])
  return new Map(found.map(({ podcast, ...head }) => [podcast, head]))
}

/** Where the pictures of a podcast and of one of its episodes are, and what it is called. */
export interface FeedImage {
  readonly title: string | null
  readonly feed: string | null
  /** Null also where the episode has none of its own. */
  readonly episode: string | null
}

const feedImage: Statement = {
  name: 'feeds-image',
  text: `select f.metadata ->> 'title' as title, f.metadata ->> 'imageUrl' as feed, e.image_url as episode
    from cache.feeds f
    left join cache.feed_episodes e on e.podcast_id = f.podcast_id and e.episode_id = $2::uuid
    where f.podcast_id = $1`,
}

/** Null for a feed that nobody ever wanted. */
export const imageOf = async (
  cache: Queryable,
  podcast: PodcastId,
  episode: EpisodeId | null,
): Promise<FeedImage | null> => (await rows<FeedImage>(cache, feedImage, [podcast, episode]))[0] ?? null
