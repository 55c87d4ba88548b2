import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { Wanted } from './words.ts'

/** What may be found: how well the words fit, before anybody asked whether the reader may know of it. */
export interface PodcastMatch {
  readonly podcast: PodcastId
  readonly fit: number
}
export interface EpisodeMatch extends PodcastMatch {
  readonly episode: EpisodeId
}

/** So many are looked through for those that the reader may know of, of episodes the newest. */
const most = 2_000

// A text in either language is found by words in either: both are asked, each by its own stems.
const inBoth = (of: (language: string) => string) => `(${of('french')}) || (${of('english')})`
const compiled: Statement = {
  name: 'search-compile',
  text: `with folded as (select cache.folded($1) as whole, cache.folded($2) as before, cache.folded($3) as word),
    made as (
      select case when word is null then ${inBoth((l) => `websearch_to_tsquery('pg_catalog.${l}', whole)`)}
        else ${inBoth(
          (l) => `websearch_to_tsquery('pg_catalog.${l}', before)
            && (plainto_tsquery('pg_catalog.${l}', word) || to_tsquery('pg_catalog.simple', quote_literal(word) || ':*'))`,
        )} end as query from folded)
    select query::text as query, querytree(query) not in ('', 'T') as findable from made`,
}
const findPodcasts: Statement = {
  name: 'search-podcasts',
  text: `select podcast_id as podcast, ts_rank(words, $1::tsquery, 1) as fit from cache.feed_words
    where words @@ $1::tsquery order by fit desc, podcast_id limit ${most}`,
}
// Half as good after two years.
const findEpisodes: Statement = {
  name: 'search-episodes',
  text: `with newest as (
      select podcast_id, episode_id, published_at, words from cache.episode_words
      where words @@ $1::tsquery order by published_at desc nulls last limit ${most})
    select podcast_id as podcast, episode_id as episode, ts_rank(words, $1::tsquery, 1)
      / (1 + greatest(extract(epoch from $2::timestamptz - published_at) / 63072000, 0)::float8) as fit
    from newest order by fit desc nulls last, episode_id`,
}
const lettingKnow: Statement = {
  name: 'search-public-podcasts',
  text: `select target_id as podcast, score from projections.popularity
    where span = 'all' and not is_episode and score > 0 and target_id = any($1::uuid[])`,
}
const open: Statement = {
  name: 'search-open-podcasts',
  text: `select id as podcast from system.podcasts
    where id = any($1::uuid[]) and fetched_at is not null and private_reason is null and merged_into is null`,
}
const listensTo: Statement = {
  name: 'search-own-podcasts',
  text: `select podcast_id as podcast, bool_or(follows) as follows from (
      select podcast_id, active as follows from projections.subscriptions
      where user_id = $1 and podcast_id = any($2::uuid[]) and active
      union all
      select podcast_id, false from projections.plays where user_id = $1 and podcast_id = any($2::uuid[])) own
    group by podcast_id`,
}
const describePodcasts: Statement = {
  name: 'search-describe-podcasts',
  text: `select podcast_id as podcast, metadata ->> 'title' as title, metadata ->> 'author' as author,
      left(metadata -> 'description' ->> 'plain', 500) as description, metadata ->> 'link' as link,
      metadata ->> 'imageUrl' is not null as "hasCover"
    from cache.feeds where podcast_id = any($1::uuid[])`,
}
const describeEpisodes: Statement = {
  name: 'search-describe-episodes',
  text: `select episode_id as episode, title, published_at as "publishedAt", duration from cache.feed_episodes
    where podcast_id = any($1::uuid[]) and episode_id = any($2::uuid[])`,
}

/** The words as PostgreSQL looks for them; null where nothing in them could be found, but only left out. */
export async function compileWanted(cache: Queryable, { whole, begun }: Wanted): Promise<string | null> {
  const [said] = await rows<{ query: string; findable: boolean }>(cache, compiled, [
    whole,
    begun?.before ?? '',
    begun?.word ?? null,
  ])
  return said?.findable ? said.query : null
}

export const matchingPodcasts = (cache: Queryable, query: string): Promise<PodcastMatch[]> =>
  rows(cache, findPodcasts, [query])

/** @param now milliseconds; what is older fits less */
export const matchingEpisodes = (cache: Queryable, query: string, now: number): Promise<EpisodeMatch[]> =>
  rows(cache, findEpisodes, [query, new Date(now)])

/**
 * Those of these podcasts that listeners here let others know of, each with its points in thousandths. What the
 * catalog holds private at this very moment is not among them, whatever has been counted until now.
 */
export async function publicPodcasts(
  { projections, system }: { readonly projections: Queryable; readonly system: Queryable },
  podcasts: readonly PodcastId[],
): Promise<ReadonlyMap<PodcastId, number>> {
  const known = await rows<{ podcast: PodcastId; score: number }>(projections, lettingKnow, [podcasts])
  const anybodys = await rows<{ podcast: PodcastId }>(system, open, [known.map(({ podcast }) => podcast)])
  const allowed = new Set(anybodys.map(({ podcast }) => podcast))
  return new Map(known.flatMap(({ podcast, score }) => (allowed.has(podcast) ? [[podcast, score]] : [])))
}

/** Those of these podcasts that the listener follows or has played, and whether they follow it. */
export async function ownPodcasts(
  db: Queryable,
  user: UserId,
  podcasts: readonly PodcastId[],
): Promise<ReadonlyMap<PodcastId, boolean>> {
  const own = await rows<{ podcast: PodcastId; follows: boolean }>(db, listensTo, [user, podcasts])
  return new Map(own.map(({ podcast, follows }) => [podcast, follows]))
}

export interface PodcastWords {
  readonly podcast: PodcastId
  readonly title: string | null
  readonly author: string | null
  /** Plain text, its beginning. */
  readonly description: string | null
  readonly link: string | null
  readonly hasCover: boolean
}

/** What the feeds of these podcasts say of them. */
export async function podcastWords(
  cache: Queryable,
  podcasts: readonly PodcastId[],
): Promise<ReadonlyMap<PodcastId, PodcastWords>> {
  const found = await rows<PodcastWords>(cache, describePodcasts, [podcasts])
  return new Map(found.map((words) => [words.podcast, words]))
}

export interface EpisodeWords {
  readonly episode: EpisodeId
  readonly title: string | null
  readonly publishedAt: Date | null
  /** Seconds. */
  readonly duration: number | null
}

export async function episodeWords(
  cache: Queryable,
  episodes: readonly EpisodeMatch[],
): Promise<ReadonlyMap<EpisodeId, EpisodeWords>> {
  const values = [[...new Set(episodes.map((e) => e.podcast))], episodes.map((e) => e.episode)]
  const found = await rows<EpisodeWords>(cache, describeEpisodes, values)
  return new Map(found.map((words) => [words.episode, words]))
}
