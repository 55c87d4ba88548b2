import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { v7 as uuidv7 } from 'uuid'
import { rows, type Store } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { bareEnclosure, canonicalEnclosure, canonicalFeed, type EpisodeName } from './names.ts'
import { privateReason } from './private-urls.ts'

/** What the catalog knows of a podcast by its id. */
export interface PodcastEntry {
  readonly feedUrl: string
  /** Set when the URL looks like one listener's own. */
  readonly privateReason: string | null
  /** Whether the feed was ever fetched without credentials. */
  readonly fetched: boolean
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
  podcastEntries(ids: Iterable<PodcastId>): Promise<ReadonlyMap<PodcastId, PodcastEntry>>
  episodeEntries(ids: Iterable<EpisodeId>): Promise<ReadonlyMap<EpisodeId, EpisodeEntry>>
}

/** An episode asked for, and its id once found. */
interface Wanted {
  readonly name: EpisodeEntry
  readonly lookUps: readonly string[]
  readonly names: readonly string[]
  /** Not yet known by all its names. */
  unlearned?: boolean | undefined
  episode?: EpisodeId | undefined
}

/**
 * Kinds of names. An enclosure without its query is a weaker name than one with it: `bare` belongs to an episode that
 * has no guid, `bare of guid` to one that has, and the two are never taken for each other by guids that differ.
 */
type AliasKind = 'url' | 'guid' | 'enclosure' | 'bare' | 'bare of guid'

/** A name as a fixed-size key: URLs can be longer than an index entry may be. */
const keyOf = (kind: AliasKind, name: string): string => {
  const hex = hash('sha256', `${kind}\n${name}`, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/** The names an episode is known by once it was named so. */
function namesOf({ guid, enclosure }: EpisodeName): readonly string[] {
  if (enclosure === '') return [keyOf('guid', guid)]
  const full = canonicalEnclosure(enclosure)
  const bare = bareEnclosure(enclosure)
  if (guid === '') return [keyOf('enclosure', full), keyOf('bare', bare)]
  return [keyOf('guid', guid), keyOf('enclosure', full), ...(bare === full ? [] : [keyOf('bare of guid', bare)])]
}

/**
 * The names to look an episode up by, the most telling first: guid, then enclosure with its query. Without the query
 * two episodes are one only where one of them has no guid to tell them apart.
 */
function lookUpsOf({ guid, enclosure }: EpisodeName): readonly string[] {
  if (enclosure === '') return [keyOf('guid', guid)]
  const full = keyOf('enclosure', canonicalEnclosure(enclosure))
  const bare = bareEnclosure(enclosure)
  if (guid !== '') return [keyOf('guid', guid), full, keyOf('bare', bare)]
  return [full, keyOf('bare', bare), keyOf('enclosure', bare), keyOf('bare of guid', bare)]
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
    from unnest($1::uuid[], $2::uuid[]) as x(key, podcast)
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
    select key, podcast, episode from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as x(key, podcast, episode)
    order by key, podcast
    on conflict do nothing
    returning key, podcast_id as podcast, episode_id as episode`,
}
const readPodcasts = {
  name: 'catalog-read-podcasts',
  text: `select id, feed_url as "feedUrl", private_reason as "privateReason", fetched_at is not null as fetched
    from system.podcasts where id = any($1::uuid[])`,
}
const readEpisodes = {
  name: 'catalog-read-episodes',
  text: `select id, podcast_id as podcast, guid, enclosure_url as enclosure from system.episodes where id = any($1::uuid[])`,
}

/** How long another process may go on with a name that this one has changed. */
const freshness = { max: 50_000, ttl: 60_000 }

export function createCatalog(system: Store): Catalog {
  const { pool } = system
  const podcastIds = new LRUCache<string, PodcastId>(freshness)
  const episodeIds = new LRUCache<string, EpisodeId>(freshness)
  const podcastEntries = new LRUCache<string, PodcastEntry>(freshness)
  const episodeEntries = new LRUCache<string, EpisodeEntry>(freshness)

  async function lookUpPodcasts(keys: readonly string[]): Promise<void> {
    for (const row of await rows<{ key: string; id: PodcastId }>(pool, findPodcasts, [keys]))
      podcastIds.set(row.key, row.id)
  }

  async function podcasts(feedUrls: readonly string[]): Promise<ReadonlyMap<string, PodcastId>> {
    const keys = new Map(feedUrls.map((url) => [url, keyOf('url', canonicalFeed(url))]))
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

  const cacheKey = (podcast: string, key: string) => `${podcast} ${key}`

  async function lookUpEpisodes(wanted: readonly Wanted[]): Promise<void> {
    const asked = wanted.flatMap((w) => [...new Set([...w.lookUps, ...w.names])].map((key) => ({ key, ...w.name })))
    const keys = asked.map((a) => a.key)
    const owners = asked.map((a) => a.podcast)
    const found = await rows<KnownEpisode & { key: string }>(pool, findEpisodes, [keys, owners])
    for (const row of found) episodeIds.set(cacheKey(row.podcast, row.key), row.episode)
  }

  async function episodes(names: readonly EpisodeEntry[]): Promise<readonly EpisodeId[]> {
    const wanted = names.map((name): Wanted => ({ name, lookUps: lookUpsOf(name), names: namesOf(name) }))
    // What is asked for in one call may be more than the cache holds: ids found are kept here.
    const take = (of: readonly Wanted[]): Wanted[] =>
      of.filter((w) => {
        const known = (key: string) => episodeIds.get(cacheKey(w.name.podcast, key))
        for (const key of w.lookUps) w.episode ??= known(key)
        w.unlearned ??= w.episode && w.names.some((key) => known(key) === undefined)
        return w.episode === undefined
      })
    const missing = take(wanted)
    for (let at = 0; at < missing.length; at += chunk) {
      const part = missing.slice(at, at + chunk)
      await lookUpEpisodes(part)
      const unknown = take(part)
      if (unknown.length === 0) continue
      await addMissing(unknown)
      // Only those that somebody else has named meanwhile are left to look for.
      const raced = take(unknown)
      if (raced.length > 0) await lookUpEpisodes(raced)
      if (take(raced).length > 0) throw new Error('an episode just added to the catalog is not in it')
    }
    const unlearned = wanted.filter((w) => w.unlearned)
    if (unlearned.length > 0) await learn(unlearned)
    return wanted.map((w) => w.episode as EpisodeId)
  }

  /** Gives each unknown episode an id; of two that share a name in this batch, the first gives it. */
  async function addMissing(unknown: readonly Wanted[]): Promise<void> {
    const batch = new Map<string, string>()
    const added: object[] = []
    const aliases: [string[], string[], string[]] = [[], [], []]
    for (const { name, lookUps, names } of unknown) {
      let id = lookUps.map((key) => batch.get(cacheKey(name.podcast, key))).find((known) => known !== undefined)
      if (id === undefined) {
        id = uuidv7()
        added.push({ id, podcast: name.podcast, guid: name.guid, enclosure: name.enclosure })
      }
      for (const key of names) {
        if (batch.has(cacheKey(name.podcast, key))) continue
        batch.set(cacheKey(name.podcast, key), id)
        aliases[0].push(key)
        aliases[1].push(name.podcast)
        aliases[2].push(id)
      }
    }
    await rows(pool, addEpisodes, [JSON.stringify(added)])
    const ours = await rows<KnownEpisode & { key: string }>(pool, addEpisodeAliases, aliases)
    for (const row of ours) episodeIds.set(cacheKey(row.podcast, row.key), row.episode)
  }

  /** A known episode came with a name it was not known by: the next one may come with that name alone. */
  async function learn(wanted: readonly Wanted[]): Promise<void> {
    const fresh = wanted.flatMap((w) =>
      w.names.flatMap((key) =>
        episodeIds.has(cacheKey(w.name.podcast, key)) ? [] : [{ key, ...w.name, episode: w.episode }],
      ),
    )
    await rows(pool, addEpisodeAliases, [
      fresh.map((f) => f.key),
      fresh.map((f) => f.podcast),
      fresh.map((f) => f.episode),
    ])
    await lookUpEpisodes(wanted)
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
    for (let at = 0; at < missing.length; at += chunk) {
      const part = missing.slice(at, at + chunk)
      for (const { id, ...entry } of await rows<{ id: Id }>(pool, statement, [part])) {
        cache.set(id, entry as Entry)
        found.set(id, entry as Entry)
      }
    }
    return found
  }

  return {
    podcasts,
    episodes,
    knownPodcast: async (feedUrl) => {
      const key = keyOf('url', canonicalFeed(feedUrl))
      if (!podcastIds.has(key)) await lookUpPodcasts([key])
      return podcastIds.get(key) ?? null
    },
    knownEpisodes: async (name) => {
      const keys = lookUpsOf(name)
      const found = await rows<KnownEpisode & { key: string }>(pool, findEpisodesAnywhere, [keys])
      const best = new Map<PodcastId, KnownEpisode>()
      for (const key of keys)
        for (const row of found) if (row.key === key && !best.has(row.podcast)) best.set(row.podcast, row)
      return [...best.values()]
    },
    podcastEntries: (ids) => entries(ids, podcastEntries, readPodcasts),
    episodeEntries: (ids) => entries(ids, episodeEntries, readEpisodes),
  }
}

/** Names looked up at once: a statement's parameters have a size, and so has the cache. */
const chunk = 5_000
