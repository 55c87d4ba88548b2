import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { v7 as uuidv7 } from 'uuid'
import { rows, type Store } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { columns, type EpisodeKeys, keysOf, nameKey, scopeOf } from './keys.ts'
import { canonicalFeed, type EpisodeName } from './names.ts'
import { privateReason } from './private-urls.ts'

/** What the catalog knows of a podcast by its id. */
export interface PodcastEntry {
  readonly feedUrl: string
  /** Set when the URL looks like one listener's own. */
  readonly privateReason: string | null
  /** Whether the feed was ever fetched without credentials. */
  readonly fetched: boolean
}

/** Whether a feed is anybody's to read. */
export interface FeedOpenness {
  /** It was fetched without credentials, which makes it public once and for all unless there is a reason not to be. */
  readonly open: boolean
  /** What the feed or its server says against it being public now; a reason that its URL gives stays whatever is said. */
  readonly reason: 'itunes:block' | 'authentication' | null
}

export interface EpisodeEntry extends EpisodeName {
  readonly podcast: PodcastId
}

export interface KnownEpisode {
  readonly episode: EpisodeId
  readonly podcast: PodcastId
}

/**
 * The instance's stable ids for podcasts and episodes, with every name they were ever known by. Streams and read
 * models hold these ids only, so that a feed that moves is one new alias.
 */
export interface Catalog {
  /** The ids of these feed URLs, made at first sight. */
  podcasts(feedUrls: readonly string[]): Promise<ReadonlyMap<string, PodcastId>>
  /** The ids of these episodes, in order, made at first sight. */
  episodes(names: readonly EpisodeEntry[]): Promise<readonly EpisodeId[]>
  /** The id of a feed URL, null when nobody ever named it. */
  knownPodcast(feedUrl: string): Promise<PodcastId | null>
  /** Every episode this name fits, in whatever podcast. */
  knownEpisodes(name: EpisodeName): Promise<readonly KnownEpisode[]>
  /** Takes in what a fetch of the feed has shown of who may read it; whether that is something else than before. */
  judgeFeed(podcast: PodcastId, openness: FeedOpenness): Promise<boolean>
  podcastEntries(ids: Iterable<PodcastId>): Promise<ReadonlyMap<PodcastId, PodcastEntry>>
  episodeEntries(ids: Iterable<EpisodeId>): Promise<ReadonlyMap<EpisodeId, EpisodeEntry>>
  /** The URLs podcasts were shown under before they moved, the oldest first. */
  formerFeeds(podcasts: readonly PodcastId[]): Promise<ReadonlyMap<PodcastId, readonly string[]>>
  /** Forgets what this process remembers, after names changed their meaning. */
  forget(): void
}

/** Milliseconds for which a process may go on with a name that another one has changed. */
export const catalogMemory = 60_000

/** An episode asked for, and its id once found; its keys with its podcast's id before them. */
interface Wanted extends EpisodeKeys {
  readonly name: EpisodeEntry
  episode?: EpisodeId | undefined
}

const findPodcasts = {
  name: 'catalog-find-podcasts',
  text: 'select key, podcast_id as id from system.podcast_aliases where key = any($1::uuid[])',
}
// Sorted by key, so that two writers who meet wait for each other instead of dying.
const addPodcasts = {
  name: 'catalog-add-podcasts',
  text: `with named as (
      insert into system.podcast_aliases (key, podcast_id)
      select key, id from jsonb_to_recordset($1::jsonb) as x(key uuid, id uuid) order by key
      on conflict do nothing returning key)
    insert into system.podcasts (id, feed_url, private_reason, created_at)
    select x.id, x.feed_url, x.private_reason, now()
    from jsonb_to_recordset($1::jsonb) as x(key uuid, id uuid, feed_url text, private_reason text) join named using (key)`,
}
const findEpisodes = {
  name: 'catalog-find-episodes',
  text: `select a.key, a.podcast_id as podcast, a.episode_id as episode
    from unnest(string_to_array($1, ',')::uuid[], string_to_array($2, ',')::uuid[]) as x(key, podcast)
    join system.episode_aliases a on a.key = x.key and a.podcast_id = x.podcast`,
}
const findEpisodesAnywhere = {
  name: 'catalog-find-episodes-anywhere',
  text: 'select key, podcast_id as podcast, episode_id as episode from system.episode_aliases where key = any($1::uuid[])',
}
const addEpisodes = {
  name: 'catalog-add-episodes',
  text: `insert into system.episodes (id, podcast_id, guid, enclosure_url, created_at)
    select id, podcast, guid, enclosure, now()
    from jsonb_to_recordset($1::jsonb) as x(id uuid, podcast uuid, guid text, enclosure text)`,
}
const addEpisodeAliases = {
  name: 'catalog-add-episode-aliases',
  text: `insert into system.episode_aliases (key, podcast_id, episode_id)
    select key, podcast, episode from unnest(string_to_array($1, ',')::uuid[], string_to_array($2, ',')::uuid[], string_to_array($3, ',')::uuid[])
      as x(key, podcast, episode)
    order by key, podcast
    on conflict do nothing
    returning key, podcast_id as podcast, episode_id as episode`,
}
const readPodcasts = {
  name: 'catalog-read-podcasts',
  text: `select id, feed_url as "feedUrl", private_reason as "privateReason", fetched_at is not null as fetched
    from system.podcasts where id = any($1::uuid[])`,
}
const judge = {
  name: 'catalog-judge-feed',
  text: `update system.podcasts set
      fetched_at = case when $2::boolean then coalesce(fetched_at, now()) else fetched_at end,
      private_reason = case when private_reason is null or private_reason in ('itunes:block', 'authentication')
        then $3::text else private_reason end
    where id = $1
      and (($2::boolean and fetched_at is null)
        or ((private_reason is null or private_reason in ('itunes:block', 'authentication'))
          and private_reason is distinct from $3::text))
    returning id`,
}
const readEpisodes = {
  name: 'catalog-read-episodes',
  text: `select id, podcast_id as podcast, guid, enclosure_url as enclosure from system.episodes where id = any($1::uuid[])`,
}

const readFormer = {
  name: 'catalog-former-feeds',
  text: `select podcast_id as podcast, feed_url as "feedUrl" from system.former_feeds
    where podcast_id = any($1::uuid[]) order by podcast_id, until`,
}

/** @param most names of each kind kept in memory */
export function createCatalog(system: Store, most = 50_000): Catalog {
  const { pool } = system
  const kept = { max: most, ttl: catalogMemory, ttlResolution: 1000 }
  const podcastIds = new LRUCache<string, PodcastId>(kept)
  const episodeIds = new LRUCache<string, EpisodeId>(kept)
  const podcastEntries = new LRUCache<string, PodcastEntry>(kept)
  const episodeEntries = new LRUCache<string, EpisodeEntry>(kept)

  async function lookUpPodcasts(keys: readonly string[]): Promise<void> {
    for (const row of await rows<{ key: string; id: PodcastId }>(pool, findPodcasts, [keys]))
      podcastIds.set(row.key, row.id)
  }

  async function podcasts(feedUrls: readonly string[]): Promise<ReadonlyMap<string, PodcastId>> {
    const keys = new Map(feedUrls.map((url) => [url, nameKey('url', canonicalFeed(url))]))
    const found = new Map<string, PodcastId>()
    /** Moves what the cache knows into `found`; the rest is still wanted. */
    const take = (): string[] =>
      feedUrls.filter((url) => {
        const id = found.get(url) ?? podcastIds.get(keys.get(url) ?? '')
        if (id) found.set(url, id)
        return !id
      })
    let missing = take()
    if (missing.length > 0) {
      await lookUpPodcasts(missing.map((url) => keys.get(url) ?? ''))
      missing = take()
    }
    if (missing.length > 0) {
      const fresh = new Map(missing.map((url) => [keys.get(url) ?? '', url]))
      const added = [...fresh].map(([key, url]) => ({
        key,
        id: uuidv7(),
        feed_url: url,
        private_reason: privateReason(url),
      }))
      await rows(pool, addPodcasts, [JSON.stringify(added)])
      await lookUpPodcasts([...fresh.keys()])
      missing = take()
    }
    if (missing.length > 0) throw new Error('a podcast just added to the catalog is not in it')
    return found
  }

  /** What one call knows, which may be more than the cache holds. */
  type Known = Map<string, EpisodeId>

  const remember = (known: Known, found: readonly (KnownEpisode & { key: string })[]): void => {
    for (const { podcast, key, episode } of found) {
      known.set(scopeOf(podcast) + key, episode)
      episodeIds.set(scopeOf(podcast) + key, episode)
    }
  }

  async function lookUpEpisodes(wanted: readonly Wanted[], known: Known): Promise<void> {
    const asked = new Set<string>()
    for (const { lookUps, names } of wanted) for (const key of [...lookUps, ...names]) asked.add(key)
    remember(known, await rows(pool, findEpisodes, columns([...asked])))
  }

  /** Gives their ids to those that are known; the others are still wanted. */
  const settle = (wanted: readonly Wanted[], known: Known): Wanted[] =>
    wanted.filter((w) => {
      for (const key of w.lookUps) w.episode ??= known.get(key)
      return w.episode === undefined
    })

  async function episodes(names: readonly EpisodeEntry[]): Promise<readonly EpisodeId[]> {
    const wanted = names.map((name): Wanted => ({ name, ...keysOf(name, scopeOf(name.podcast)) }))
    const known: Known = new Map()
    for (const w of wanted) {
      for (const key of [...w.lookUps, ...w.names]) {
        const episode = known.has(key) ? undefined : episodeIds.get(key)
        if (episode !== undefined) known.set(key, episode)
      }
    }
    const missing = settle(wanted, known)
    for (let at = 0; at < missing.length; at += chunk) {
      const part = missing.slice(at, at + chunk)
      await lookUpEpisodes(part, known)
      const unknown = settle(part, known)
      if (unknown.length === 0) continue
      await addMissing(unknown, known)
      // Only those that somebody else has named meanwhile are left to look for.
      const raced = settle(unknown, known)
      if (raced.length > 0) await lookUpEpisodes(raced, known)
      if (settle(raced, known).length > 0) throw new Error('an episode just added to the catalog is not in it')
    }
    const unlearned = wanted.filter((w) => w.names.some((key) => !known.has(key)))
    if (unlearned.length > 0) await learn(unlearned, known)
    return wanted.map((w) => w.episode as EpisodeId)
  }

  /** Gives each unknown episode an id; of two that share a name in this batch, the first gives it. */
  async function addMissing(unknown: readonly Wanted[], known: Known): Promise<void> {
    const batch = new Map<string, string>()
    const added: object[] = []
    // At once: asking the system for each id's 16 bytes takes longer than all else here.
    const random = randomBytes(16 * unknown.length)
    for (const { name, lookUps, names } of unknown) {
      const shared = lookUps.find((key) => batch.has(key))
      let id = shared === undefined ? undefined : batch.get(shared)
      if (id === undefined) {
        id = uuidv7({ random: random.subarray(16 * added.length) })
        added.push({ id, podcast: name.podcast, guid: name.guid, enclosure: name.enclosure })
      }
      for (const key of names) if (!batch.has(key)) batch.set(key, id)
    }
    await rows(pool, addEpisodes, [JSON.stringify(added)])
    remember(known, await rows(pool, addEpisodeAliases, [...columns([...batch.keys()]), [...batch.values()].join()]))
  }

  /** A known episode came with a name it was not known by: the next one may come with that name alone. */
  async function learn(wanted: readonly Wanted[], known: Known): Promise<void> {
    const fresh = new Map<string, EpisodeId>()
    for (const { names, episode } of wanted)
      for (const key of names) if (!known.has(key)) fresh.set(key, episode as EpisodeId)
    await rows(pool, addEpisodeAliases, [...columns([...fresh.keys()]), [...fresh.values()].join()])
    await lookUpEpisodes(wanted, known)
  }

  async function entries<Id extends string, Entry extends object>(
    ids: Iterable<Id>,
    cache: LRUCache<string, Entry>,
    statement: { name: string; text: string },
  ): Promise<ReadonlyMap<Id, Entry>> {
    const found = new Map<Id, Entry>()
    const missing: Id[] = []
    for (const id of new Set(ids)) {
      const entry = cache.get(id)
      if (entry) found.set(id, entry)
      else missing.push(id)
    }
    const keeps = missing.length <= mostKept
    for (let at = 0; at < missing.length; at += chunk) {
      const part = missing.slice(at, at + chunk)
      for (const { id, ...entry } of await rows<{ id: Id }>(pool, statement, [part])) {
        if (keeps) cache.set(id, entry as Entry)
        found.set(id, entry as Entry)
      }
    }
    return found
  }

  return {
    podcasts,
    episodes,
    knownPodcast: async (feedUrl) => {
      const key = nameKey('url', canonicalFeed(feedUrl))
      if (!podcastIds.has(key)) await lookUpPodcasts([key])
      return podcastIds.get(key) ?? null
    },
    knownEpisodes: async (name) => {
      const keys = keysOf(name).lookUps
      const found = await rows<KnownEpisode & { key: string }>(pool, findEpisodesAnywhere, [keys])
      const best = new Map<PodcastId, KnownEpisode>()
      for (const key of keys)
        for (const row of found) if (row.key === key && !best.has(row.podcast)) best.set(row.podcast, row)
      return [...best.values()]
    },
    judgeFeed: async (podcast, { open, reason }) => {
      const changed = await rows(pool, judge, [podcast, open, reason])
      podcastEntries.delete(podcast)
      return changed.length > 0
    },
    podcastEntries: (ids) => entries(ids, podcastEntries, readPodcasts),
    episodeEntries: (ids) => entries(ids, episodeEntries, readEpisodes),
    formerFeeds: async (ids) => {
      if (ids.length === 0) return new Map()
      const found = await rows<{ podcast: PodcastId; feedUrl: string }>(pool, readFormer, [ids])
      const byPodcast = Map.groupBy(found, (row) => row.podcast)
      return new Map([...byPodcast].map(([podcast, some]) => [podcast, some.map((row) => row.feedUrl)]))
    },
    forget: () => {
      for (const cache of [podcastIds, episodeIds, podcastEntries, episodeEntries]) cache.clear()
    },
  }
}

/** Names looked up at once: a statement's parameters have a size, and so has the cache. */
const chunk = 5_000
/** Entries read at once that are kept for the next who asks: whole histories would push out what everybody asks for. */
const mostKept = 500
