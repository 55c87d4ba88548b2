import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { coverSizes, coverUrl } from '../podcast/covers.ts'
import { hostOf } from '../podcast/names.ts'
import { publicPodcasts, type Searching } from '../search/index.ts'

interface PodcastDetails {
  readonly podcast: PodcastId
  readonly title: string | null
  readonly author: string | null
  readonly description: string | null
  readonly link: string | null
}

/** A podcast as the directory tells of it. */
export interface DescribedPodcast {
  readonly url: string
  readonly title: string
  readonly author: string
  readonly description: string
  readonly website: string
  readonly subscribers: number
  readonly subscribers_last_week: number
  readonly logo_url: string
  readonly scaled_logo_url: string
  readonly mygpo_link: string
}

const details: Statement = {
  name: 'directory-podcasts',
  text: `select podcast_id as podcast, metadata ->> 'title' as title, metadata ->> 'author' as author,
      left(metadata -> 'description' ->> 'plain', 2000) as description, metadata ->> 'link' as link
    from cache.feeds where podcast_id = any($1::uuid[])`,
}
const subscribers: Statement = {
  name: 'directory-subscribers',
  text: `select target_id as podcast, t.subscribes, t.subscribes - coalesce((
      select sum(h.subscribes) from projections.popularity_hours h
      where h.target_id = t.target_id and h.hour > extract(epoch from now()) / 3600 - 168), 0) as before
    from projections.popularity_totals t where target_id = any($1::uuid[])`,
}
const episodes: Statement = {
  name: 'directory-episodes',
  text: `select title, description, published_at as "publishedAt", details ->> 'link' as link, enclosure_url as url
    from cache.feed_episodes
    where podcast_id = $1 and episode_id = any($2::uuid[]) and listed
      and not coalesce((details ->> 'blocked')::boolean, false)`,
}

export interface DescribingParts extends Searching {
  readonly catalog: Pick<Catalog, 'podcastEntries'>
  readonly publicUrl: string
}

/** Those of these podcasts that anybody may know of, in their order. */
export async function describePodcasts(
  { cache, projections, system, catalog, publicUrl }: DescribingParts,
  podcasts: readonly PodcastId[],
  scale: number,
): Promise<readonly DescribedPodcast[]> {
  const known = await publicPodcasts({ projections, system }, podcasts)
  const ids = podcasts.filter((podcast) => known.has(podcast))
  if (ids.length === 0) return []
  const entries = await catalog.podcastEntries(ids)
  const said = new Map((await rows<PodcastDetails>(cache, details, [ids])).map((row) => [row.podcast, row]))
  const found = await rows<{ podcast: PodcastId; subscribes: number; before: number }>(projections, subscribers, [ids])
  const counts = new Map(found.map((row) => [row.podcast, row]))
  const scaled = coverSizes.find((size) => size >= scale) ?? 600
  return ids.flatMap((podcast) => {
    const url = entries.get(podcast)?.feedUrl
    if (url === undefined) return []
    const about = said.get(podcast)
    return [
      {
        url,
        title: about?.title ?? hostOf(url),
        author: about?.author ?? '',
        description: about?.description ?? '',
        website: about?.link ?? '',
        subscribers: Number(counts.get(podcast)?.subscribes ?? 0),
        subscribers_last_week: Number(counts.get(podcast)?.before ?? 0),
        logo_url: coverUrl(publicUrl, podcast, null, 600),
        scaled_logo_url: coverUrl(publicUrl, podcast, null, scaled),
        mygpo_link: '',
      },
    ]
  })
}

interface EpisodeDetails {
  readonly title: string | null
  readonly description: string | null
  readonly publishedAt: Date | null
  readonly link: string | null
  readonly url: string
}

/** An episode that the podcast's feed names; null where it names none of these. */
export async function describeEpisode(
  cache: Queryable,
  podcast: PodcastId,
  ids: readonly EpisodeId[],
  { title, url }: DescribedPodcast,
) {
  const [found] = await rows<EpisodeDetails>(cache, episodes, [podcast, ids])
  return found
    ? {
        title: found.title ?? found.url,
        url: found.url,
        podcast_title: title,
        podcast_url: url,
        description: found.description ?? '',
        website: found.link ?? '',
        released: found.publishedAt?.toISOString().slice(0, 19) ?? '',
        mygpo_link: '',
      }
    : null
}
