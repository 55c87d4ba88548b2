import { v7 as uuidv7 } from 'uuid'
import { type Queryable, rows, type Statement, type Store, transaction } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { Catalog } from './catalog.ts'
import { columns, keysOf, nameKey, scopeOf, tellingKeys } from './keys.ts'
import { canonicalFeed, type EpisodeName } from './names.ts'
import { privateReason } from './private-urls.ts'

export type EpisodePair = readonly [from: EpisodeId, into: EpisodeId]

/** A change of what names mean, for every listener it touches to hear of. */
export interface IdentityChange {
  readonly id: string
  readonly podcast: PodcastId
  readonly kind: 'moved' | 'podcasts_merged' | 'episodes_merged'
  /** The podcast that turned out to be this one. */
  readonly mergedFrom: PodcastId | null
  readonly episodes: readonly EpisodePair[]
  /** What showed it, in words, without URLs. */
  readonly why: string
  readonly changedAt: Date
  readonly toldAt: Date | null
}

/** What became of a move. */
export type Moved =
  | { readonly outcome: 'moved' | 'merged'; readonly podcast: PodcastId }
  /** The podcast is at that address already. */
  | { readonly outcome: 'there' }
  /** A public feed does not become one listener's own because somebody redirects it. */
  | { readonly outcome: 'private' }

/** An item as the feed shows it; `formerly` where what the feed showed before tells which episode it is. */
export interface FeedItem extends EpisodeName {
  readonly formerly?: EpisodeId | undefined
}

/**
 * What the server learns, from feeds alone, of which podcasts and episodes are one. The names are settled here at once;
 * listeners hear of it by the changes that are due.
 */
export interface Identity {
  /** The feed of this podcast is at another URL from now on. Devices go on under the old one, which stays a name. */
  move(podcast: PodcastId, to: string, why: string): Promise<Moved>
  /**
   * Takes in the items a feed shows: the id of each, in order. Two ids that one item shows to be one episode are
   * merged, unless another item of the feed goes by one of them.
   */
  learnItems(podcast: PodcastId, items: readonly FeedItem[]): Promise<readonly EpisodeId[]>
  /** Merges what a process that had not heard of it named in a podcast that is another's already. */
  mergeRest(from: PodcastId, into: PodcastId): Promise<void>
  /** Changes that listeners have not heard of, made before a time (milliseconds), oldest first. */
  due(before: number): Promise<readonly IdentityChange[]>
  told(change: string): Promise<void>
  /** All changes of a podcast, oldest first. */
  changesOf(podcast: PodcastId): Promise<readonly IdentityChange[]>
  /** What these turned out to be; those that are still themselves are left out. */
  mergedPodcasts(ids: readonly PodcastId[]): Promise<ReadonlyMap<PodcastId, PodcastId>>
  mergedEpisodes(ids: readonly EpisodeId[]): Promise<ReadonlyMap<EpisodeId, EpisodeId>>
}

interface PodcastRow {
  readonly id: PodcastId
  readonly feedUrl: string
  readonly mergedInto: PodcastId | null
}

const lockPodcasts: Statement = {
  name: 'identity-lock-podcasts',
  text: `select id, feed_url as "feedUrl", merged_into as "mergedInto" from system.podcasts
    where id = any($1::uuid[]) order by id for update`,
}
const findAlias: Statement = {
  name: 'identity-find-alias',
  text: 'select podcast_id as podcast from system.podcast_aliases where key = $1',
}
const addAlias: Statement = {
  name: 'identity-add-alias',
  text: `insert into system.podcast_aliases (key, podcast_id) values ($1, $2)
    on conflict (key) do update set podcast_id = excluded.podcast_id`,
}
const showUnder: Statement = {
  name: 'identity-show-under',
  text: 'update system.podcasts set feed_url = $2, private_reason = $3 where id = $1',
}
const addFormer: Statement = {
  name: 'identity-add-former',
  text: `insert into system.former_feeds (podcast_id, key, feed_url, until) values ($1, $2, $3, $4)
    on conflict (podcast_id, key) do update set until = excluded.until`,
}
const dropFormer: Statement = {
  name: 'identity-drop-former',
  text: 'delete from system.former_feeds where podcast_id = $1 and key = $2',
}
const mergePodcastRows: readonly Statement[] = [
  {
    name: 'identity-merge-aliases',
    text: 'update system.podcast_aliases set podcast_id = $2 where podcast_id = $1',
  },
  {
    name: 'identity-merge-guids',
    text: 'update system.podcast_guids set podcast_id = $2 where podcast_id = $1',
  },
  {
    name: 'identity-merge-former',
    text: `with gone as (delete from system.former_feeds where podcast_id = $1 returning key, feed_url, until)
      insert into system.former_feeds (podcast_id, key, feed_url, until)
      select $2, key, feed_url, until from gone on conflict do nothing`,
  },
  {
    name: 'identity-merge-changes',
    text: 'update system.identity_changes set podcast_id = $2 where podcast_id = $1',
  },
  {
    name: 'identity-merge-podcast',
    text: 'update system.podcasts set merged_into = $2 where id = $1 or merged_into = $1',
  },
  {
    name: 'identity-merge-fetched',
    text: `update system.podcasts set fetched_at = least(fetched_at, (select fetched_at from system.podcasts where id = $1))
      where id = $2`,
  },
]
const episodesOf: Statement = {
  name: 'identity-episodes-of',
  text: `select id, guid, enclosure_url as enclosure from system.episodes
    where podcast_id = $1 and merged_into is null order by id`,
}
const dropAliasesOf: Statement = {
  name: 'identity-drop-aliases-of',
  text: 'delete from system.episode_aliases where podcast_id = $1',
}
const mergeEpisodes: Statement = {
  name: 'identity-merge-episodes',
  text: `with pairs as (select x.a as old, x.b as new from unnest($1::uuid[], $2::uuid[]) as x(a, b))
    update system.episodes e set merged_into = pairs.new from pairs where e.id = pairs.old or e.merged_into = pairs.old`,
}
const pointAliases: Statement = {
  name: 'identity-point-aliases',
  text: `update system.episode_aliases a set episode_id = x.episode
    from unnest($2::uuid[], $3::uuid[]) as x(key, episode) where a.podcast_id = $1 and a.key = x.key`,
}
const addAliases: Statement = {
  name: 'identity-add-episode-aliases',
  text: `insert into system.episode_aliases (key, podcast_id, episode_id)
    select key, podcast, episode
    from unnest(string_to_array($1, ',')::uuid[], string_to_array($2, ',')::uuid[], string_to_array($3, ',')::uuid[])
      as x(key, podcast, episode) order by key, podcast on conflict do nothing`,
}
const findNames: Statement = {
  name: 'identity-find-names',
  text: 'select key, episode_id as episode from system.episode_aliases where podcast_id = $1 and key = any($2::uuid[])',
}
const addChange: Statement = {
  name: 'identity-add-change',
  text: `insert into system.identity_changes (id, podcast_id, kind, merged_from, episodes, why, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7)`,
}
const changeColumns = `id, podcast_id as podcast, kind, merged_from as "mergedFrom", episodes, why,
  changed_at as "changedAt", told_at as "toldAt"`
const readDue: Statement = {
  name: 'identity-due',
  text: `select ${changeColumns} from system.identity_changes where told_at is null and changed_at <= $1
    order by changed_at, id limit 100`,
}
const readChanges: Statement = {
  name: 'identity-changes',
  text: `select ${changeColumns} from system.identity_changes where podcast_id = $1 order by changed_at, id`,
}
const markTold: Statement = {
  name: 'identity-told',
  text: 'update system.identity_changes set told_at = now() where id = $1',
}
const merged = (table: 'podcasts' | 'episodes'): Statement => ({
  name: `identity-merged-${table}`,
  text: `select id, merged_into as into from system.${table} where id = any($1::uuid[]) and merged_into is not null`,
})
const mergedOf = { podcasts: merged('podcasts'), episodes: merged('episodes') }

const urlKey = (url: string): string => nameKey('url', canonicalFeed(url))

export function createIdentity(system: Store, catalog: Catalog, clock: () => number = Date.now): Identity {
  const { pool } = system

  const change = (
    db: Queryable,
    podcast: PodcastId,
    kind: IdentityChange['kind'],
    parts: { mergedFrom?: PodcastId; episodes?: readonly EpisodePair[]; why: string },
  ) => {
    const { mergedFrom = null, episodes = [], why } = parts
    return rows(db, addChange, [uuidv7(), podcast, kind, mergedFrom, JSON.stringify(episodes), why, new Date(clock())])
  }

  /** Gives each episode of one podcast its place in another; the pairs. */
  async function mergeEpisodesOf(db: Queryable, from: PodcastId, into: PodcastId): Promise<readonly EpisodePair[]> {
    const old = await rows<EpisodeName & { id: EpisodeId }>(db, episodesOf, [from])
    const found = await catalog.episodes(old.map(({ guid, enclosure }) => ({ guid, enclosure, podcast: into })))
    const pairs = old.map(({ id }, i): EpisodePair => [id, found[i] as EpisodeId])
    await rows(db, mergeEpisodes, [pairs.map(([id]) => id), pairs.map(([, id]) => id)])
    await rows(db, dropAliasesOf, [from])
    return pairs
  }

  /** Gives one podcast everything of another; the pairs of their episodes. */
  async function merge(db: Queryable, from: PodcastRow, into: PodcastId): Promise<readonly EpisodePair[]> {
    const pairs = await mergeEpisodesOf(db, from.id, into)
    await rows(db, addFormer, [into, urlKey(from.feedUrl), from.feedUrl, new Date(clock())])
    for (const statement of mergePodcastRows) await rows(db, statement, [from.id, into])
    return pairs
  }

  async function mergeRest(from: PodcastId, into: PodcastId): Promise<void> {
    await transaction(pool, async (client) => {
      const episodes = await mergeEpisodesOf(client, from, into)
      if (episodes.length === 0) return
      await change(client, into, 'podcasts_merged', {
        mergedFrom: from,
        episodes,
        why: 'named under an id that is gone',
      })
    })
    catalog.forget()
  }

  async function move(podcast: PodcastId, to: string, why: string): Promise<Moved> {
    const key = urlKey(to)
    const moved = await transaction(pool, async (client): Promise<Moved> => {
      const [there] = await rows<{ podcast: PodcastId }>(client, findAlias, [key])
      const locked = await rows<PodcastRow>(client, lockPodcasts, [[podcast, there?.podcast ?? podcast]])
      const mine = locked.find((row) => row.id === podcast)
      if (!mine || mine.mergedInto !== null) return { outcome: 'there' }
      if (urlKey(mine.feedUrl) === key) return { outcome: 'there' }
      const reason = privateReason(to)
      if (reason !== null && privateReason(mine.feedUrl) === null) return { outcome: 'private' }
      const other = locked.find((row) => row.id !== podcast)
      // The older id stays: whichever way two feeds point at each other, they end as the same one.
      const [from, into] = other && other.id < podcast ? [mine, other] : [other, mine]
      const episodes = from ? await merge(client, from, into.id) : []
      await rows(client, addAlias, [key, into.id])
      await rows(client, dropFormer, [into.id, key])
      await rows(client, showUnder, [into.id, to, reason])
      if (from) await change(client, into.id, 'podcasts_merged', { mergedFrom: from.id, episodes, why })
      if (urlKey(into.feedUrl) !== key) {
        await rows(client, addFormer, [into.id, urlKey(into.feedUrl), into.feedUrl, new Date(clock())])
        await change(client, into.id, 'moved', { why })
      }
      return { outcome: from ? 'merged' : 'moved', podcast: into.id }
    })
    catalog.forget()
    return moved
  }

  /** The ids that the names of each item lead to. */
  async function idsByName(podcast: PodcastId, items: readonly FeedItem[]) {
    const namesOf = items.map(tellingKeys)
    const found = await rows<{ key: string; episode: EpisodeId }>(pool, findNames, [
      podcast,
      [...new Set(namesOf.flat())],
    ])
    const byKey = new Map(found.map(({ key, episode }) => [key, episode]))
    return namesOf.map((names) => names.flatMap((key) => ({ key, episode: byKey.get(key) })))
  }

  async function learnItems(podcast: PodcastId, items: readonly FeedItem[]): Promise<readonly EpisodeId[]> {
    const known = items.flatMap((item) => {
      const { formerly } = item
      return formerly === undefined ? [] : keysOf(item, scopeOf(podcast)).names.map((key) => ({ key, formerly }))
    })
    if (known.length > 0)
      await rows(pool, addAliases, [...columns(known.map(({ key }) => key)), known.map((k) => k.formerly).join()])
    const ids = await catalog.episodes(items.map(({ guid, enclosure }) => ({ guid, enclosure, podcast })))
    const claimed = new Set(ids)
    const pairs = new Map<EpisodeId, EpisodeId>()
    const pointed = new Map<string, EpisodeId>()
    const named = await idsByName(podcast, items)
    items.forEach(({ formerly }, i) => {
      const id = ids[i] as EpisodeId
      const others = (named[i] ?? []).filter(({ episode }) => episode !== undefined && !claimed.has(episode))
      for (const { key, episode } of others) {
        if (!pairs.has(episode as EpisodeId)) pairs.set(episode as EpisodeId, id)
        if (!pointed.has(key)) pointed.set(key, id)
      }
      if (formerly !== undefined && !claimed.has(formerly)) pairs.set(formerly, id)
    })
    if (pairs.size === 0) return ids
    await transaction(pool, async (client) => {
      await rows(client, mergeEpisodes, [[...pairs.keys()], [...pairs.values()]])
      await rows(client, pointAliases, [podcast, [...pointed.keys()], [...pointed.values()]])
      await change(client, podcast, 'episodes_merged', {
        episodes: [...pairs],
        why: 'one item of the feed has both names',
      })
    })
    catalog.forget()
    return ids
  }

  async function mergedIds<Id extends string>(table: 'podcasts' | 'episodes', ids: readonly Id[]) {
    if (ids.length === 0) return new Map<Id, Id>()
    const found = await rows<{ id: Id; into: Id }>(pool, mergedOf[table], [[...new Set(ids)]])
    return new Map(found.map(({ id, into }) => [id, into]))
  }

  return {
    move,
    learnItems,
    mergeRest,
    due: (before) => rows<IdentityChange>(pool, readDue, [new Date(before)]),
    told: async (id) => void (await rows(pool, markTold, [id])),
    changesOf: (podcast) => rows<IdentityChange>(pool, readChanges, [podcast]),
    mergedPodcasts: (ids) => mergedIds('podcasts', ids),
    mergedEpisodes: (ids) => mergedIds('episodes', ids),
  }
}
