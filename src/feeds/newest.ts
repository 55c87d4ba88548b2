import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { FeedStatus } from './entities.ts'
import type { ParsedEpisode } from './shapes.ts'

/** What is told of a podcast beside its episodes, and how its feed stands. */
export interface FeedOutline {
  readonly podcast: PodcastId
  readonly host: string
  readonly status: FeedStatus
  /** Whether it was ever read. */
  readonly read: boolean
  readonly failingSince: Date | null
  readonly title: string | null
  readonly author: string | null
  readonly imageUrl: string | null
  readonly explicit: boolean | null
}

/** What a feed says of an episode beside what has a column of its own. */
export type EpisodeDetails = Omit<
  ParsedEpisode,
  'title' | 'description' | 'publishedAt' | 'duration' | 'imageUrl' | 'season' | 'number'
> & { readonly descriptionHtml: string | null }

/** An episode as its feed tells of it, or did once. */
export interface EpisodeOutline {
  readonly podcast: PodcastId
  readonly episode: EpisodeId
  readonly title: string | null
  /** Plain text. */
  readonly description: string | null
  readonly publishedAt: Date | null
  /** Seconds. */
  readonly duration: number | null
  readonly imageUrl: string | null
  readonly enclosureUrl: string
  readonly season: number | null
  readonly number: number | null
  readonly details: EpisodeDetails
}

const outlines: Statement = {
  name: 'feeds-outlines',
  text: `select podcast_id as podcast, host, status, metadata is not null as read, failing_since as "failingSince",
      metadata ->> 'title' as title, metadata ->> 'author' as author, metadata ->> 'imageUrl' as "imageUrl",
      (metadata ->> 'explicit')::boolean as explicit
    from cache.feeds where podcast_id = any($1::uuid[])`,
}

const columns = `e.podcast_id as podcast, e.episode_id as episode, e.title, e.description, e.published_at as "publishedAt",
  e.duration, e.image_url as "imageUrl", e.enclosure_url as "enclosureUrl", e.season, e.number, e.details`

const newest: Statement = {
  name: 'feeds-newest-episodes',
  // The index alone finds them; only what is wanted is read from the table.
  text: `with found as (
      select n.* from unnest($1::uuid[]) as p(id) cross join lateral (
        select podcast_id, episode_id, published_at, place from cache.feed_episodes
        where podcast_id = p.id and listed
        order by published_at desc nulls last, place desc limit $2) n
      order by n.published_at desc nulls last, n.place desc, n.episode_id limit $2)
    select ${columns} from found join cache.feed_episodes e using (podcast_id, episode_id)
    order by e.published_at desc nulls last, e.place desc, e.episode_id`,
}

const inOrder: Statement = {
  name: 'feeds-episodes-in-order',
  text: `with found as (
      select e.podcast_id, e.episode_id, x.place
      from unnest($1::uuid[]) with ordinality as x(episode_id, place) join cache.feed_episodes e using (episode_id)
      order by x.place limit $2)
    select ${columns} from found join cache.feed_episodes e using (podcast_id, episode_id) order by found.place`,
}

/** Of these podcasts, those that anybody ever wanted the feed of. */
export const feedOutlines = (cache: Queryable, podcasts: readonly PodcastId[]): Promise<FeedOutline[]> =>
  rows(cache, outlines, [podcasts])

/** What these podcasts' feeds list, by publication, the newest first and what has no date last. */
export const newestEpisodes = (
  cache: Queryable,
  podcasts: readonly PodcastId[],
  most: number,
): Promise<EpisodeOutline[]> => rows(cache, newest, [podcasts, most])

/** What is kept of the first of these episodes, in their order, whether their feeds still list them or not. */
export const episodeOutlines = (
  cache: Queryable,
  episodes: readonly EpisodeId[],
  most: number,
): Promise<EpisodeOutline[]> => rows(cache, inOrder, [episodes, most])
