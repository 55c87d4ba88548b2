import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'

export const windows = ['day', 'week', 'month', 'all'] as const
export type Window = (typeof windows)[number]

/** How popular a podcast or an episode is, and how popular it was the window before. Scores are thousandths of points. */
export interface PopularityRow {
  readonly podcast: PodcastId
  readonly target: PodcastId | EpisodeId
  readonly score: number
  readonly plays: number
  readonly likes: number
  readonly score_previous: number
  readonly plays_previous: number
  readonly likes_previous: number
}

export interface RankedRow extends PopularityRow {
  readonly rank: number
  readonly rank_previous: number | null
}

const columns = `target_id as target, podcast_id as podcast, score, plays, likes, score_previous, plays_previous,
  likes_previous`

const best: Statement = {
  name: 'popularity-best',
  text: `select ${columns}, rank_previous from projections.popularity
    where span = $1 and is_episode = $2 and score > 0 order by score desc, target_id desc limit $3`,
}
// Of one podcast's episodes there are few enough to rank them at once.
const bestOfPodcast: Statement = {
  name: 'popularity-best-of-podcast',
  text: `select ${columns}, rank, case when score_previous > 0 then rank_previous end as rank_previous from (
      select *, row_number() over (order by score desc, target_id desc) as rank,
        row_number() over (order by score_previous desc, target_id desc) as rank_previous
      from (select span, target_id, podcast_id, score, plays, likes, score_previous, plays_previous, likes_previous
        from projections.popularity where podcast_id = $2 and span = $1 and is_episode) own) ranked
    where score > 0 order by rank limit $3`,
}
const podcastAmongAll: Statement = {
  name: 'popularity-podcast-among-all',
  text: `select ${columns}, rank_previous, 1 + (
      select count(*) from projections.popularity o
      where o.span = p.span and not o.is_episode and (o.score, o.target_id) > (p.score, p.target_id)) as rank
    from projections.popularity p where span = $1 and target_id = $2 and score > 0`,
}
const ever: Statement = {
  name: 'popularity-ever',
  text: `select ${columns} from projections.popularity where span = 'all' and target_id = any($1::uuid[])`,
}
const popularEpisodes: Statement = {
  name: 'popularity-known-episodes',
  text: `select target_id as episode from projections.popularity where span = 'all' and target_id = any($1::uuid[])`,
}
// As many listeners as tell enough, the newest; of fewer than three nothing is told.
const related: Statement = {
  name: 'popularity-related',
  text: `with listeners as (
      select user_id from projections.contributions
      where podcast_id = $1 and kind = 'subscribe' and counted and active order by at desc limit 1000),
    others as (
      select c.podcast_id, count(*) as people from listeners
      join projections.contributions c using (user_id)
      where c.kind = 'subscribe' and c.counted and c.active and c.podcast_id <> $1
      group by c.podcast_id having count(*) >= 3)
    select o.podcast_id as podcast, o.people from others o
    join projections.popularity_totals t on t.target_id = o.podcast_id
    order by o.people / sqrt(t.subscribes) desc, o.podcast_id limit $2`,
}

/** The most popular podcasts or episodes, the first first; of one podcast where it is named. */
export async function trending(
  db: Queryable,
  what: 'podcasts' | 'episodes',
  { window, podcast, limit }: { window: Window; podcast: PodcastId | null; limit: number },
): Promise<RankedRow[]> {
  if (podcast === null) {
    const first = await rows<Omit<RankedRow, 'rank'>>(db, best, [window, what === 'episodes', limit])
    return first.map((row, i) => ({ ...row, rank: i + 1 }))
  }
  if (what === 'podcasts') return rows(db, podcastAmongAll, [window, podcast])
  return rows(db, bestOfPodcast, [window, podcast, limit])
}

/** How popular a podcast or an episode is of all time, beside a week ago; null where nobody lets others know. */
export const popularityOf = async (db: Queryable, target: PodcastId | EpisodeId): Promise<PopularityRow | null> =>
  (await rows<PopularityRow>(db, ever, [[target]]))[0] ?? null

/** Those of these episodes that somebody lets others know of. */
export async function knownToOthers(db: Queryable, episodes: readonly EpisodeId[]): Promise<ReadonlySet<EpisodeId>> {
  return new Set((await rows<{ episode: EpisodeId }>(db, popularEpisodes, [episodes])).map((row) => row.episode))
}

/** What at least three listeners of a podcast follow too, the most telling first: many of few beat many of many. */
export const relatedTo = (
  db: Queryable,
  podcast: PodcastId,
  limit: number,
): Promise<{ readonly podcast: PodcastId; readonly people: number }[]> => rows(db, related, [podcast, limit])
