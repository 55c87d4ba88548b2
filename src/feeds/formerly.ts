import type { EpisodeId } from '../kernel/brand.ts'
import type { FeedItem } from '../podcast/identity.ts'
import type { EpisodeName } from '../podcast/names.ts'
import type { KeptEpisode } from './document.ts'

/** What the feed showed before, as far as it tells which episode an item is. */
export interface FormerEpisode {
  readonly id: EpisodeId
  readonly title: string | null
  /** Milliseconds since 1970. */
  readonly publishedAt: number | null
}

interface Item {
  readonly name: EpisodeName
  readonly kept: Pick<KeptEpisode, 'title' | 'published_at'>
}

/** An episode's title and the moment it came out; null where either is missing. */
const looks = (title: string | null, publishedAt: number | null): string | null =>
  title === null || publishedAt === null ? null : `${publishedAt} ${title}`

/** Those that are the only one to look so. */
function unique<T>(all: readonly T[], look: (one: T) => string | null): ReadonlyMap<string, T> {
  const found = Map.groupBy(all, look)
  return new Map([...found].flatMap(([key, some]) => (key !== null && some.length === 1 ? [[key, some[0] as T]] : [])))
}

/**
 * The items of a feed, each with the episode it was before where its title and date tell: publishers who move change
 * guids and the hosts of files, but hardly when an episode came out and what it is called. Two that look alike tell nothing.
 */
export function formerly(items: readonly Item[], before: readonly FormerEpisode[]): readonly FeedItem[] {
  const lookOf = ({ kept }: Item) =>
    looks(kept.title, kept.published_at === null ? null : Date.parse(kept.published_at))
  const then = unique(before, ({ title, publishedAt }) => looks(title, publishedAt))
  const now = unique(items, lookOf)
  return items.map((item) => {
    const key = lookOf(item)
    return { ...item.name, formerly: key !== null && now.has(key) ? then.get(key)?.id : undefined }
  })
}
