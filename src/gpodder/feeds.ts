import type { PodcastId } from '../kernel/brand.ts'
import { unstorable } from '../kernel/storable.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { decodeFeed, encodeFeed } from '../podcast/names.ts'

/** The feed URL that a client means by what it sent, null when that is none. */
export function readFeed(sent: string): string | null {
  return unstorable(sent) === undefined ? decodeFeed(encodeFeed(sent)) : null
}

/** Feeds as clients sent them. */
export interface Named {
  /** Null for what is no feed's URL. */
  podcast(sent: string): PodcastId | null
  /** What the server calls them instead: `""` for what it does not take. */
  readonly updates: readonly (readonly [string, string])[]
}

/** Gives ids to the feeds a client named, and tells it what they are called here. */
export async function nameFeeds(catalog: Catalog, sent: readonly string[]): Promise<Named> {
  const read = new Map([...new Set(sent)].map((url) => [url, readFeed(url)]))
  const ids = await catalog.podcasts([...new Set([...read.values()].filter((url) => url !== null))])
  const entries = await catalog.podcastEntries(ids.values())
  const podcast = (url: string): PodcastId | null => ids.get(read.get(url) ?? '') ?? null
  const updates = [...read.keys()].flatMap((url): [string, string][] => {
    const id = podcast(url)
    const now = id === null ? '' : (entries.get(id)?.feedUrl ?? '')
    return id !== null && now === url ? [] : [[url, now]]
  })
  return { podcast, updates }
}

/** The URLs of these podcasts' feeds. */
export async function feedUrls(catalog: Catalog, podcasts: Iterable<PodcastId>): Promise<ReadonlyMap<string, string>> {
  const entries = await catalog.podcastEntries(podcasts)
  return new Map([...entries].map(([id, { feedUrl }]) => [id, feedUrl]))
}
