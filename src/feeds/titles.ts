import { LRUCache } from 'lru-cache'
import type { Queryable } from '../database/store.ts'
import type { TitlesOf } from '../podcast/titles.ts'
import { titlesIn } from './queries.ts'

/** Titles kept, and how many may be asked for at once to be kept: whole histories would push out what everybody asks for. */
const most = 20_000
const mostKept = 500
/** Milliseconds. Titles hardly ever change; those that are missing come with the feed's first fetch. */
const knownFor = 60_000
const unknownFor = 3_000

/** What feeds call themselves and their episodes, remembered for a while: every sync asks, mostly for the same ones. */
export function rememberedTitles(cache: Queryable): TitlesOf {
  const look = titlesIn(cache)
  // An empty text for what has no title.
  const remembered = new LRUCache<string, string>({ max: most, ttl: knownFor, ttlResolution: 1_000 })

  return async (podcasts, episodes) => {
    const titles = new Map<string, string>()
    const missingOf = (ids: Iterable<string>): string[] =>
      [...new Set(ids)].filter((id) => {
        const title = remembered.get(id)
        if (title !== undefined) titles.set(id, title)
        return title === undefined
      })
    const [feeds, items] = [missingOf(podcasts), missingOf(episodes)]
    const found = await look(feeds, items)
    const keep = (id: string, title: string | null) => {
      titles.set(id, title ?? '')
      if (feeds.length + items.length > mostKept) return
      remembered.set(id, title ?? '', { ttl: title === null ? unknownFor : knownFor })
    }
    for (const id of feeds) keep(id, found.feed(id))
    for (const id of items) keep(id, found.item(id))
    const titleOf = (id: string) => titles.get(id) || null
    return { feed: titleOf, item: titleOf }
  }
}
