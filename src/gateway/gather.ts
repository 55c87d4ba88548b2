import type { Queryable } from '../database/store.ts'
import { type EpisodeOutline, episodeOutlines, type FeedOutline, feedOutlines, newestEpisodes } from '../feeds/index.ts'
import type { PodcastId } from '../kernel/brand.ts'
import type { Catalog, EpisodeEntry, PodcastEntry } from '../podcast/catalog.ts'
import { hostOf } from '../podcast/names.ts'
import type { List } from './lists.ts'

/** An episode, the podcast it is of, and the names by which the gateway is asked for it. */
export interface Gathered {
  readonly episode: EpisodeOutline
  readonly feed: FeedOutline
  readonly name: EpisodeEntry
  readonly podcast: PodcastEntry
}

/** What a list comes to. */
export interface Gathering {
  readonly items: readonly Gathered[]
  /** Podcasts of the list whose feeds say nothing now, each in words that hold no URL. */
  readonly leftOut: readonly string[]
}

/** Items of one feed. */
const most = 100
/** Milliseconds a feed may fail and is still told as it was last read: an hour's outage would empty every list. */
const patience = 24 * 60 * 60 * 1000

/** Why a feed can't be told of; null when it can. */
function troubleOf(feed: FeedOutline | undefined, now: number): string | null {
  if (!feed?.read) return 'was not read yet'
  if (feed.status === 'gone') return 'is gone'
  if (feed.status === 'locked') return 'asks for a password'
  const failing = feed.failingSince !== null && now - feed.failingSince.getTime() > patience
  return failing ? 'fails' : null
}

/** What is known of a list's episodes, by what is kept of their feeds: nothing is fetched, so none can hold up the rest. */
export async function gather(cache: Queryable, catalog: Catalog, { of }: List, now: number): Promise<Gathering> {
  const podcasts = 'podcasts' in of ? of.podcasts : [...new Set(of.episodes.map(({ podcast }) => podcast))]
  const feeds = new Map((await feedOutlines(cache, podcasts)).map((feed) => [feed.podcast, feed]))
  const troubles = podcasts.map((podcast) => ({ podcast, trouble: troubleOf(feeds.get(podcast), now) }))
  const sound = new Set(troubles.filter(({ trouble }) => trouble === null).map(({ podcast }) => podcast))
  const found =
    'podcasts' in of
      ? await newestEpisodes(cache, [...sound], most)
      : await episodeOutlines(
          cache,
          of.episodes.filter(({ podcast }) => sound.has(podcast)).map(({ episode }) => episode),
          most,
        )
  const entries = await catalog.podcastEntries(podcasts)
  const names = await catalog.episodeEntries(found.map(({ episode }) => episode))
  const items = found.flatMap((episode) => {
    const [feed, name, podcast] = [feeds.get(episode.podcast), names.get(episode.episode), entries.get(episode.podcast)]
    // What was merged into another podcast a moment ago comes with the next look.
    return feed && name && podcast ? [{ episode, feed, name, podcast }] : []
  })
  const called = (podcast: PodcastId) =>
    feeds.get(podcast)?.title || hostOf(entries.get(podcast)?.feedUrl ?? '') || 'a podcast'
  const leftOut = troubles.flatMap(({ podcast, trouble }) =>
    trouble === null ? [] : [`${called(podcast)} ${trouble}`],
  )
  return { items, leftOut }
}
