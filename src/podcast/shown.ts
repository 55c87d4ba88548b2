import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { Catalog } from './catalog.ts'
import { encodeFeed, encodeItem, hostOf } from './names.ts'
import type { TitlesOf } from './titles.ts'

/** The wire names of the podcasts and episodes one answer speaks of. */
export interface ShownNames {
  /** base64url of the feed URL. */
  feed(podcast: string): string
  /** The host of the feed URL: what a person is told while the title is not known. */
  host(podcast: string): string
  /** base64url of `guid,enclosure URL`. */
  item(episode: string): string
  /** The enclosure URL, null where the app named none. */
  enclosure(episode: string): string | null
}

/** Reads from the catalog, at once, what an answer will name. */
export async function shownNames(
  catalog: Catalog,
  podcasts: Iterable<string>,
  episodes: Iterable<string> = [],
): Promise<ShownNames> {
  const entries = await catalog.podcastEntries(podcasts as Iterable<PodcastId>)
  const items = await catalog.episodeEntries(episodes as Iterable<EpisodeId>)
  const known = <T>(entry: T | undefined, id: string): T => {
    if (entry === undefined) throw new Error(`${id} is not in the catalog`)
    return entry
  }
  return {
    feed: (podcast) => encodeFeed(known(entries.get(podcast as PodcastId), podcast).feedUrl),
    host: (podcast) => hostOf(known(entries.get(podcast as PodcastId), podcast).feedUrl),
    item: (episode) => encodeItem(known(items.get(episode as EpisodeId), episode)),
    enclosure: (episode) => known(items.get(episode as EpisodeId), episode).enclosure || null,
  }
}

/** The same, with what the feeds call themselves and their episodes; null where that is not known. */
export interface TitledNames extends ShownNames {
  feedTitle(podcast: string): string | null
  itemTitle(episode: string): string | null
}

/** What knows of names and titles. */
export interface Naming {
  readonly catalog: Catalog
  readonly titlesOf: TitlesOf
}

/** What a listener's own answer will name: nobody else's, since the title of a private feed tells whose it is. */
export async function titledNames(
  { catalog, titlesOf }: Naming,
  podcasts: readonly string[],
  episodes: readonly string[] = [],
): Promise<TitledNames> {
  const names = await shownNames(catalog, podcasts, episodes)
  const titles = await titlesOf(podcasts, episodes)
  return { ...names, feedTitle: titles.feed, itemTitle: titles.item }
}

/** A time from PostgreSQL, as Date or text, as RFC 3339 UTC with milliseconds. */
export const shownTime = (time: Date | string): string => new Date(time).toISOString()
export const shownTimeOrNull = (time: Date | string | null): string | null => (time === null ? null : shownTime(time))
