import { v5 as uuidv5 } from 'uuid'
import { rows, type Store } from '../database/store.ts'
import type { PodcastId } from '../kernel/brand.ts'
import type { Catalog } from './catalog.ts'

/** Namespace of guids made of feed URLs (podcast namespace, `podcast:guid`). */
const namespace = 'ead4c236-bf58-58c6-a2c6-a6b28d128cb6'

/** The `podcast:guid` of a feed that names none: UUIDv5 of its URL without scheme and trailing slashes. */
export const mintGuid = (feedUrl: string): string =>
  uuidv5(feedUrl.replace(/^(?:[a-z]+:(?:\/\/)?)?[a-z]+:\/\//i, '').replace(/\/+$/, ''), namespace)

/** A guid, and since when (milliseconds) the podcast is told by it. */
export interface SeenGuid {
  readonly guid: string
  readonly seenAt: number
}

/**
 * The guids podcasts are told by. They are kept, not worked out each time: a feed that moves keeps its guid, and when
 * its own is seen the one it had before stays an alias.
 */
export interface Guids {
  /** Each podcast's guids, oldest first; the last is its own. One is made of the feed URL at first sight. */
  of(podcasts: Iterable<PodcastId>): Promise<ReadonlyMap<PodcastId, readonly SeenGuid[]>>
  /** Null for a guid that was never told here. */
  podcast(guid: string): Promise<PodcastId | null>
  /** Takes in the guid that stands in the feed itself. One that another podcast has stays with that one. */
  learn(podcast: PodcastId, guid: string): Promise<void>
}

const findGuids = {
  name: 'guids-of-podcasts',
  text: `select podcast_id as podcast, guid, seen_at as "seenAt" from system.podcast_guids
    where podcast_id = any($1::uuid[]) order by podcast_id, seen_at, guid`,
}
const findPodcast = {
  name: 'guids-podcast',
  text: 'select podcast_id as podcast from system.podcast_guids where guid = $1',
}
// Sorted by key, so that two writers who meet wait for each other instead of dying.
const addGuids = {
  name: 'guids-add',
  text: `insert into system.podcast_guids (guid, podcast_id, seen_at)
    select guid, podcast, to_timestamp($2::float8 / 1000)
    from jsonb_to_recordset($1::jsonb) as x(guid uuid, podcast uuid) order by guid
    on conflict do nothing`,
}

export function createGuids(
  system: Store,
  catalog: Pick<Catalog, 'podcastEntries'>,
  clock: () => number = Date.now,
): Guids {
  const { pool } = system
  type Found = Map<PodcastId, SeenGuid[]>

  async function find(podcasts: readonly PodcastId[], found: Found): Promise<void> {
    const told = await rows<{ podcast: PodcastId; guid: string; seenAt: Date }>(pool, findGuids, [podcasts])
    for (const { podcast, guid, seenAt } of told)
      found.set(podcast, [...(found.get(podcast) ?? []), { guid, seenAt: seenAt.getTime() }])
  }

  const add = (named: readonly { podcast: PodcastId; guid: string }[]) =>
    rows(pool, addGuids, [JSON.stringify(named), clock()])

  return {
    of: async (podcasts) => {
      const all = [...new Set(podcasts)]
      const found: Found = new Map()
      await find(all, found)
      const unnamed = all.filter((podcast) => !found.has(podcast))
      if (unnamed.length === 0) return found
      const entries = await catalog.podcastEntries(unnamed)
      await add(unnamed.map((podcast) => ({ podcast, guid: mintGuid(entries.get(podcast)?.feedUrl ?? podcast) })))
      await find(unnamed, found)
      // Another podcast has it: their URLs differ in nothing but slashes at the end of a query.
      const taken = unnamed.filter((podcast) => !found.has(podcast))
      if (taken.length > 0) {
        await add(taken.map((podcast) => ({ podcast, guid: podcast })))
        await find(taken, found)
      }
      return found
    },
    podcast: async (guid) => (await rows<{ podcast: PodcastId }>(pool, findPodcast, [guid]))[0]?.podcast ?? null,
    learn: async (podcast, guid) => void (await add([{ podcast, guid }])),
  }
}
