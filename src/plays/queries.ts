import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { Catalog, KnownEpisode } from '../podcast/catalog.ts'
import type { EpisodeName } from '../podcast/names.ts'

export interface PlayRow {
  readonly episode_id: EpisodeId
  readonly podcast_id: PodcastId
  readonly position: number
  readonly played: boolean
  readonly duration: number | null
  readonly updated_at: Date | string
  readonly number: number
  /** Whose edit stands here exactly as it was sent. */
  readonly echo: string | null
}

export interface PlayFilter {
  readonly played?: boolean | undefined
  readonly podcast?: PodcastId | undefined
  readonly limit: number
  readonly offset: number
}

const page: Statement = {
  name: 'plays-of',
  text: `select * from projections.plays
    where user_id = $1 and ($2::boolean is null or played = $2) and ($3::uuid is null or podcast_id = $3)
    order by number desc, episode_id limit $4 offset $5`,
}
const count: Statement = {
  name: 'plays-count',
  text: `select count(*) as total from projections.plays
    where user_id = $1 and ($2::boolean is null or played = $2) and ($3::uuid is null or podcast_id = $3)`,
}

/** One page of the listener's plays, newest first, and how many there are. */
export async function playsOf(
  db: Queryable,
  user: UserId,
  { played, podcast, limit, offset }: PlayFilter,
): Promise<{ plays: PlayRow[]; total: number }> {
  const filter = [user, played ?? null, podcast ?? null]
  const plays = await rows<PlayRow>(db, page, [...filter, limit, offset])
  const [counted] = await rows<{ total: number }>(db, count, filter)
  return { plays, total: counted?.total ?? 0 }
}

const one: Statement = {
  name: 'play-of',
  text: 'select * from projections.plays where user_id = $1 and episode_id = any($2::uuid[])',
}

export const playsOfEpisodes = (db: Queryable, user: UserId, episodes: readonly string[]): Promise<PlayRow[]> =>
  rows(db, one, [user, episodes])

const between: Statement = {
  name: 'plays-between',
  text: `select * from projections.plays where user_id = $1 and number > $2 and number <= $3 order by number limit $4`,
}

/** The plays that changed last after one number of the journal and up to another, the earlier first. */
export const playsBetween = (
  db: Queryable,
  user: UserId,
  after: number,
  upTo: number,
  limit: number,
): Promise<PlayRow[]> => rows(db, between, [user, after, upTo, limit])

const ofPodcastsBetween: Statement = {
  name: 'plays-of-podcasts-between',
  text: `select * from projections.plays where user_id = $1 and podcast_id = any($2::uuid[]) and number > $3 and number <= $4
    order by number limit $5`,
}

/** The same of these podcasts only. */
export const playsOfPodcastsBetween = (
  db: Queryable,
  user: UserId,
  podcasts: readonly PodcastId[],
  after: number,
  upTo: number,
  limit: number,
): Promise<PlayRow[]> => rows(db, ofPodcastsBetween, [user, podcasts, after, upTo, limit])

/** An episode's name alone does not tell which one is meant. */
export const ambiguous: Refusal = refuse('conflict', 'This episode is known under several feeds; name one with ?feed=.')

/**
 * The episode a path names. With its feed it is made at first sight; without, it must be known, and where it is known
 * under several feeds, only one of them may be in the listener's plays.
 */
export async function locateEpisode(
  catalog: Catalog,
  db: Queryable,
  user: UserId,
  item: EpisodeName,
  feed: string | undefined,
): Promise<KnownEpisode | Refusal> {
  if (feed !== undefined) {
    const podcast = (await catalog.podcasts([feed])).get(feed) as PodcastId
    const [episode] = await catalog.episodes([{ ...item, podcast }])
    return { podcast, episode: episode as EpisodeId }
  }
  const found = await catalog.knownEpisodes(item)
  if (found.length === 0) return refuse('not_found', 'No such episode is known here; name its feed with ?feed=.')
  if (found.length === 1) return found[0] as KnownEpisode
  const mine = await playsOfEpisodes(
    db,
    user,
    found.map((known) => known.episode),
  )
  const own = found.filter((known) => mine.some((row) => row.episode_id === known.episode))
  return own.length === 1 ? (own[0] as KnownEpisode) : ambiguous
}

const lately: Statement = {
  name: 'plays-podcasts-since',
  text: `select distinct podcast_id as podcast from projections.plays where updated_at >= to_timestamp($1::float8 / 1000)`,
}

/** The podcasts that anybody has played since a time (milliseconds). Reads all rows: for what is due from time to time. */
export const playedSince = async (db: Queryable, since: number): Promise<readonly PodcastId[]> =>
  (await rows<{ podcast: PodcastId }>(db, lately, [since])).map(({ podcast }) => podcast)
