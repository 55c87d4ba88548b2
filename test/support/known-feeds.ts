import type { PodcastId } from '../../src/kernel/brand.ts'
import { hostOf } from '../../src/podcast/names.ts'
import type { FreshStores } from './database.ts'
import type { TestServer } from './instance.ts'

interface KnownEpisode {
  readonly guid: string
  readonly enclosure: string
  readonly title: string
  readonly description?: string
  readonly published?: string
}

export interface KnownFeed {
  readonly url: string
  readonly title: string
  readonly description?: string
  readonly author?: string
  readonly categories?: readonly string[]
  readonly link?: string
  readonly image?: string
  readonly episodes?: readonly KnownEpisode[]
}

/** What a refresh leaves behind of feeds that were read, in the catalog and in the cache. */
export async function knowFeeds(
  { fresh, instance: { catalog } }: { fresh: FreshStores; instance: Pick<TestServer['instance'], 'catalog'> },
  feeds: readonly KnownFeed[],
): Promise<readonly PodcastId[]> {
  const ids = await catalog.podcasts(feeds.map(({ url }) => url))
  const podcasts = feeds.map(({ url }) => ids.get(url) as PodcastId)
  for (const [i, feed] of feeds.entries()) await knowFeed(fresh, podcasts[i] as PodcastId, feed)
  for (const [i, { episodes = [], link = 'https://pages.example' }] of feeds.entries()) {
    const podcast = podcasts[i] as PodcastId
    const named = await catalog.episodes(episodes.map(({ guid, enclosure }) => ({ podcast, guid, enclosure })))
    for (const [e, episode] of episodes.entries())
      await fresh.stores.cache.pool.query(
        `insert into cache.feed_episodes (podcast_id, episode_id, place, listed, title, description, published_at, duration,
           enclosure_url, details, hash) values ($1, $2, $3, true, $4, $5, $6, 1800, $7, $8, $9)`,
        [
          podcast,
          named[e],
          episodes.length - e,
          episode.title,
          episode.description ?? null,
          episode.published ?? '2026-11-01T10:00:00Z',
          episode.enclosure,
          JSON.stringify({ link: `${link}/${e}`, author: null, blocked: false }),
          episode.title,
        ],
      )
  }
  return podcasts
}

async function knowFeed({ stores }: FreshStores, podcast: PodcastId, feed: KnownFeed): Promise<void> {
  const plain = (text: string | undefined) => (text === undefined ? null : { html: text, plain: text })
  const metadata = {
    title: feed.title,
    description: plain(feed.description),
    author: feed.author ?? null,
    categories: (feed.categories ?? []).map((name) => ({ name, under: null })),
    keywords: [],
    link: feed.link ?? null,
    imageUrl: feed.image ?? null,
  }
  await stores.cache.pool.query(
    `insert into cache.feeds (podcast_id, host, status, metadata, failures, wanted, followers)
     values ($1, $2, 'fine', $3, 0, true, 0)
     on conflict (podcast_id) do update set status = 'fine', metadata = excluded.metadata`,
    [podcast, hostOf(feed.url), JSON.stringify(metadata)],
  )
}
