import { v7 as uuidv7 } from 'uuid'
import { type Queryable, rows, type Statement, type Store, transaction } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { FeedMetadata, KeptEpisode } from './document.ts'
import type { FeedStatus } from './entities.ts'
import type { Validators } from './fetching/ask.ts'
import type { FormerEpisode } from './formerly.ts'
import type { Moving } from './moves.ts'
import type { FeedRhythm } from './plan.ts'

/** A feed that one worker, and no other, is at for a while. */
export interface Claim extends Validators {
  readonly podcast: PodcastId
  readonly host: string
  /** Of this very claim: what is saved under another one is refused. */
  readonly claimedBy: string
  readonly status: FeedStatus
  readonly failures: number
  readonly failingSince: Date | null
  readonly followers: number
  readonly rhythm: FeedRhythm | null
  readonly moving: Moving | null
  /** When it was due: somebody who wants it looked at sooner may have set another time since. */
  readonly dueAt: Date | null
  /** The hub that was asked to tell of changes; `until` (milliseconds) once it does. */
  readonly lease: { readonly hub: string; readonly topic: string; readonly until: number | null } | null
}

/** How a feed stands after it was looked at. Times are milliseconds. */
export interface Standing extends Validators {
  readonly status: FeedStatus
  readonly failures: number
  readonly failingSince: number | null
  readonly lastError: string | null
  readonly nextCheckAt: number
  readonly moving: Moving | null
  readonly checkedAt: number
  /** Whether it was read or found unchanged. */
  readonly fetched: boolean
  /** What was decided, in words. */
  readonly words: string
}

/** What is written when a feed's body changed. */
export interface NewDocument {
  readonly metadata: FeedMetadata
  readonly rhythm: FeedRhythm
  readonly episodes: ReadonlyMap<EpisodeId, KeptEpisode>
  /** The feed ends before its end: what it does not name may stand in the part that is missing. */
  readonly partial: boolean
}

/**
 * Within a statement: its commit does not wait for the disk. What a power cut takes of a cache is fetched again, and the
 * disk is what an unchanged feed would cost most of.
 */
const unhurried = `(select set_config('synchronous_commit', 'off', true)) as unhurried`

/** Longer than the longest fetch and the understanding of what came. Seconds. */
const lease = 150

const claimed = `f.podcast_id as podcast, host, claimed_by as "claimedBy", status, failures, failing_since as "failingSince",
  followers, rhythm, moving, etag, last_modified as "lastModified", body_hash as "bodyHash",
  next_check_at as "dueAt",
  (select jsonb_build_object('hub', hub, 'topic', topic, 'until', extract(epoch from lease_until) * 1000)
    from cache.hub_leases l where l.podcast_id = f.podcast_id and l.wanted limit 1) as lease`

const claimDue: Statement = {
  name: 'feeds-claim-due',
  // Two workers that look at once skip each other's rows instead of waiting; of each host only as many as it is asked
  // for at once.
  text: `with due as (
      select podcast_id, host, next_check_at from cache.feeds
      where next_check_at <= to_timestamp($1::float8 / 1000) and host <> all($4::text[])
        and (claimed_until is null or claimed_until < now())
      order by next_check_at limit 1000),
    fair as (
      select podcast_id from (
        select podcast_id, next_check_at, row_number() over (partition by host order by next_check_at) as nth from due) d
      where nth <= $3 order by next_check_at limit $2),
    mine as (
      select f.podcast_id from cache.feeds f join fair using (podcast_id)
      where f.claimed_until is null or f.claimed_until < now()
      for update of f skip locked)
    update cache.feeds f set claimed_by = gen_random_uuid(), claimed_until = now() + make_interval(secs => ${lease})
    from mine, ${unhurried} where f.podcast_id = mine.podcast_id
    returning ${claimed}`,
}
const claimOne: Statement = {
  name: 'feeds-claim-one',
  text: `update cache.feeds f set claimed_by = gen_random_uuid(), claimed_until = now() + make_interval(secs => ${lease})
    where podcast_id = $1 and (claimed_until is null or claimed_until < now()) returning ${claimed}`,
}
const saveStanding: Statement = {
  name: 'feeds-save-standing',
  text: `with saved as (
      update cache.feeds set status = $3, etag = $4, last_modified = $5, body_hash = $6, failures = $7,
        failing_since = to_timestamp($8::float8 / 1000), last_error = $9, moving = $10::jsonb,
        next_check_at = case when wanted then least(to_timestamp($11::float8 / 1000),
          case when next_check_at is distinct from $16::timestamptz then next_check_at end) end,
        checked_at = to_timestamp($12::float8 / 1000),
        fetched_at = case when $13::boolean then to_timestamp($12::float8 / 1000) else fetched_at end,
        claimed_by = null, claimed_until = null
      where podcast_id = $1 and claimed_by = $2 returning podcast_id)
    insert into cache.feed_decisions (podcast_id, id, decided_at, words)
    select podcast_id, $14::uuid, to_timestamp($12::float8 / 1000), $15::text from saved, ${unhurried} returning podcast_id`,
}
const saveMetadata: Statement = {
  name: 'feeds-save-metadata',
  text: `update cache.feeds set metadata = $3::jsonb, rhythm = $4::jsonb, changed_at = to_timestamp($5::float8 / 1000)
    where podcast_id = $1 and claimed_by = $2 returning podcast_id`,
}
const readHashes: Statement = {
  name: 'feeds-read-hashes',
  text: `select episode_id as episode, hash, place, listed from cache.feed_episodes where podcast_id = $1`,
}
const columns = `place int, title text, description text, published_at timestamptz(3), duration int, image_url text,
  enclosure_url text, season int, number float8, details jsonb, hash text`
const names = columns.replace(/(\w+) [^,]+/g, '$1')
const saveEpisodes: Statement = {
  name: 'feeds-save-episodes',
  text: `insert into cache.feed_episodes (podcast_id, episode_id, listed, ${names})
    select $1, episode_id, true, ${names} from jsonb_to_recordset($2::jsonb) as x(episode_id uuid, ${columns})
    on conflict (podcast_id, episode_id) do update set listed = true,
      ${names.replace(/(\w+)/g, '$1 = excluded.$1')}`,
}
const unlist: Statement = {
  name: 'feeds-unlist-episodes',
  text: `update cache.feed_episodes set listed = false where podcast_id = $1 and episode_id = any($2::uuid[])`,
}
const release: Statement = {
  name: 'feeds-release',
  text: `update cache.feeds set claimed_by = null, claimed_until = null,
      next_check_at = greatest(next_check_at, to_timestamp($3::float8 / 1000))
    where podcast_id = $1 and claimed_by = $2`,
}
const holdHost: Statement = {
  name: 'feeds-hold-host',
  text: `update cache.feeds set next_check_at = to_timestamp($2::float8 / 1000)
    where host = $1 and next_check_at < to_timestamp($2::float8 / 1000)
      and (claimed_until is null or claimed_until < now())`,
}
const addFeeds: Statement = {
  name: 'feeds-add',
  text: `insert into cache.feeds (podcast_id, host, status, failures, wanted, followers, next_check_at)
    select podcast, host, 'new', 0, $3, 0, to_timestamp($2::float8 / 1000)
    from jsonb_to_recordset($1::jsonb) as x(podcast uuid, host text) order by podcast
    on conflict (podcast_id) do update set wanted = cache.feeds.wanted or excluded.wanted,
      next_check_at = case when cache.feeds.wanted or not excluded.wanted then cache.feeds.next_check_at
        else coalesce(cache.feeds.next_check_at, excluded.next_check_at) end
    returning podcast_id`,
}
const setFollowers: Statement = {
  name: 'feeds-set-followers',
  text: `update cache.feeds f set followers = x.followers
    from jsonb_to_recordset($1::jsonb) as x(podcast uuid, followers int)
    where f.podcast_id = x.podcast and f.followers <> x.followers`,
}
const unwant: Statement = {
  name: 'feeds-unwant',
  text: `update cache.feeds set wanted = false, followers = 0, next_check_at = null
    where wanted and podcast_id <> all($1::uuid[])`,
}
const forget: Statement = {
  name: 'feeds-forget-decisions',
  text: `delete from cache.feed_decisions where decided_at < to_timestamp($1::float8 / 1000)`,
}

/** Up to `limit` feeds that are due, of each host at most `perHost`, and of none of `except`. */
export const claimDueFeeds = (
  cache: Store,
  wish: { now: number; limit: number; perHost: number; except: readonly string[] },
): Promise<Claim[]> => rows(cache.pool, claimDue, [wish.now, wish.limit, wish.perHost, wish.except])

/** Null while a worker is at it. */
export const claimFeed = async (cache: Store, podcast: PodcastId): Promise<Claim | null> =>
  (await rows<Claim>(cache.pool, claimOne, [podcast]))[0] ?? null

/** Gives a feed back without having looked at it; nobody looks before `later` (milliseconds), or at once. */
export const releaseFeed = async (cache: Store, { podcast, claimedBy }: Claim, later: number | null): Promise<void> =>
  void (await rows(cache.pool, release, [podcast, claimedBy, later]))

/** Nothing of a host is asked for before a time. */
export const holdFeedsOf = async (cache: Store, host: string, until: number): Promise<void> =>
  void (await rows(cache.pool, holdHost, [host, until]))

/** How many episodes were not there before. */
export interface Written {
  readonly added: number
  readonly changed: number
}

async function writeEpisodes(db: Queryable, podcast: PodcastId, { episodes, partial }: NewDocument): Promise<Written> {
  const known = new Map(
    (await rows<{ episode: EpisodeId; hash: string; place: number; listed: boolean }>(db, readHashes, [podcast])).map(
      (row) => [row.episode, row],
    ),
  )
  const fresh = [...episodes].filter(([id, { hash, place }]) => {
    const before = known.get(id)
    return !before?.listed || before.hash !== hash || before.place !== place
  })
  if (fresh.length > 0) {
    const recordset = JSON.stringify(fresh.map(([id, episode]) => ({ episode_id: id, ...episode })))
    await rows(db, saveEpisodes, [podcast, recordset])
  }
  const gone = partial ? [] : [...known.values()].filter(({ listed, episode }) => listed && !episodes.has(episode))
  if (gone.length > 0) await rows(db, unlist, [podcast, gone.map(({ episode }) => episode)])
  const added = fresh.filter(([id]) => !known.has(id)).length
  return { added, changed: fresh.length - added }
}

/**
 * Writes what a look at a feed led to, all of it or nothing; gives the feed back.
 *
 * @param words is asked last, as it may tell how many episodes are new
 * @returns null when the claim was lost meanwhile: somebody else has looked, or will
 */
export function saveFeed(
  cache: Store,
  { podcast, claimedBy, dueAt }: Claim,
  standing: Omit<Standing, 'words'>,
  document: NewDocument | null,
  words: (written: Written) => string,
): Promise<Written | null> {
  const save = async (db: Queryable, written: Written): Promise<Written | null> => {
    const saved = await rows(db, saveStanding, [
      podcast,
      claimedBy,
      standing.status,
      standing.etag,
      standing.lastModified,
      standing.bodyHash,
      standing.failures,
      standing.failingSince,
      standing.lastError,
      standing.moving === null ? null : JSON.stringify(standing.moving),
      standing.nextCheckAt,
      standing.checkedAt,
      standing.fetched,
      uuidv7(),
      words(written),
      dueAt,
    ])
    return saved.length > 0 ? written : null
  }
  if (!document) return save(cache.pool, { added: 0, changed: 0 })
  return transaction(cache.pool, async (client) => {
    const { metadata, rhythm } = document
    const values = [podcast, claimedBy, JSON.stringify(metadata), JSON.stringify(rhythm), standing.checkedAt]
    if ((await rows(client, saveMetadata, values)).length === 0) return null
    return save(client, await writeEpisodes(client, podcast, document))
  })
}

const readKept: Statement = {
  name: 'feeds-read-kept',
  text: `select episode_id as id, title, published_at as "publishedAt" from cache.feed_episodes
    where podcast_id = $1 and title is not null and published_at is not null`,
}

/** What is kept of a feed's episodes, as far as it tells one that changed its names. */
export async function keptEpisodes(cache: Store, podcast: PodcastId): Promise<readonly FormerEpisode[]> {
  const found = await rows<{ id: EpisodeId; title: string; publishedAt: Date }>(cache.pool, readKept, [podcast])
  return found.map(({ publishedAt, ...kept }) => ({ ...kept, publishedAt: publishedAt.getTime() }))
}

export interface NamedFeed {
  readonly podcast: PodcastId
  readonly host: string
}

/**
 * Makes sure that feeds are known; when they are wanted, also that they are on the list: what was not is looked at
 * now.
 */
export const addKnownFeeds = async (
  db: Queryable,
  feeds: readonly NamedFeed[],
  { wanted, now }: { wanted: boolean; now: number },
): Promise<void> => void (await rows(db, addFeeds, [JSON.stringify(feeds), wanted ? now : null, wanted]))

/** How many people follow each podcast. */
export const noteFollowers = async (cache: Store, followers: ReadonlyMap<PodcastId, number>): Promise<void> =>
  void (await rows(cache.pool, setFollowers, [
    JSON.stringify([...followers].map(([podcast, count]) => ({ podcast, followers: count }))),
  ]))

/** Takes all others off the list. */
export const keepOnly = async (cache: Store, wanted: readonly PodcastId[]): Promise<void> =>
  void (await rows(cache.pool, unwant, [wanted]))

export const forgetDecisions = async (cache: Store, before: number): Promise<void> =>
  void (await rows(cache.pool, forget, [before]))
