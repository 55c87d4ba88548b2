import type { UserId } from '../../src/kernel/brand.ts'
import { defaultCollectionOf, queueOf } from '../../src/podcast/fixed-ids.ts'
import { episodes, feeds } from './journal-names.ts'

/** What an app keeps of a listener, by the names things have on the wire. */
export interface Rows {
  subscriptions: Record<string, { active: boolean; subscribed_at: string | null; unsubscribed_at: string | null }>
  plays: Record<string, { position: number; played: boolean; duration: number | null; updated_at: string }>
  playlists: Record<string, ListRow>
  collections: Record<string, ListRow>
  privacy: Record<string, { privacy: Level; updated_at: string }>
  saves: Record<string, { saved: boolean; updated_at: string }>
}

export interface ListRow {
  name: string
  description: string | null
  is_public: boolean
  items: string[]
  updated_at: string
  deleted: boolean
}

export type LaneName = keyof Rows
export type Level = 'public' | 'anonymous' | 'private'
// biome-ignore lint/suspicious/noExplicitAny: entries of all lanes, as they go over the wire
export type Entry = Record<string, any>

export const noRows = (): Rows => ({
  subscriptions: {},
  plays: {},
  playlists: {},
  collections: {},
  privacy: {},
  saves: {},
})

/** Rows with others in place of those of the same name. */
export const withRows = (rows: Rows, others: Partial<Rows>): Rows => ({
  subscriptions: { ...rows.subscriptions, ...others.subscriptions },
  plays: { ...rows.plays, ...others.plays },
  playlists: { ...rows.playlists, ...others.playlists },
  collections: { ...rows.collections, ...others.collections },
  privacy: { ...rows.privacy, ...others.privacy },
  saves: { ...rows.saves, ...others.saves },
})

export type ListChange =
  | { readonly do: 'make' | 'delete' }
  | { readonly do: 'rename'; readonly name: string }
  | { readonly do: 'publish'; readonly is_public: boolean }
  | { readonly do: 'add' | 'remove'; readonly item: number }
  | { readonly do: 'move'; readonly item: number; readonly to: number }

/** What a listener does on a device. */
export type Change =
  | { readonly what: 'subscribe' | 'unsubscribe'; readonly feed: number }
  | { readonly what: 'listen'; readonly episode: number; readonly position: number; readonly duration: number | null }
  | { readonly what: 'finish' | 'start over'; readonly episode: number }
  | { readonly what: 'save'; readonly episode: number; readonly saved: boolean }
  | { readonly what: 'privacy'; readonly scope: number; readonly level: Level }
  | { readonly what: 'playlist' | 'collection'; readonly list: number; readonly change: ListChange }

/** The queue or the default collection is number 0. */
const listIds = [
  '00000000-0000-4000-8000-000000000000',
  '10000000-0000-4000-8000-000000000001',
  '20000000-0000-4000-8000-000000000002',
]

export const playlistId = (user: UserId, list: number): string =>
  list === 0 ? queueOf(user) : (listIds[list] as string)
export const collectionId = (user: UserId, list: number): string =>
  list === 0 ? defaultCollectionOf(user) : (listIds[list] as string)

const itemWord = ({ feed, item }: { feed: string; item: string }) => `${feed} ${item}`
const itemOf = (word: string) => {
  const [rss_source_feed, rss_source_item] = word.split(' ')
  return { rss_source_feed, rss_source_item }
}

const scopes: readonly { readonly feed?: string; readonly item?: string }[] = [
  {},
  { feed: feeds[0] as string },
  { ...(episodes[0] as { feed: string; item: string }) },
]
const scopeWord = (feed: string | null | undefined, item: string | null | undefined) =>
  item ? `${feed} ${item}` : (feed ?? 'everything')

/** One change as an entry to send, and what it does to the app's own row; null where the app would not offer it. */
export interface Edit {
  readonly lane: LaneName
  readonly key: string
  readonly entry: Entry
  readonly row: Rows[LaneName][string]
}

/**
 * @param whole the app sends lists with all their fields; otherwise only what it changed
 */
export function editOf(rows: Rows, user: UserId, change: Change, time: number, whole: boolean): Edit | null {
  const at = new Date(time).toISOString()
  const episode =
    'episode' in change ? (episodes[change.episode % episodes.length] as { feed: string; item: string }) : null
  const named = episode && { rss_source_feed: episode.feed, rss_source_item: episode.item }
  switch (change.what) {
    case 'subscribe':
    case 'unsubscribe': {
      const key = feeds[change.feed % feeds.length] as string
      const active = change.what === 'subscribe'
      const before = rows.subscriptions[key]
      if (active === (before?.active ?? false)) return null
      // Where an app tells both times, the later one tells the state: its own clock may be behind.
      const other = (active ? before?.unsubscribed_at : before?.subscribed_at) ?? null
      const own = whole && other !== null ? new Date(Math.max(time, Date.parse(other) + 1)).toISOString() : at
      const row = { active, subscribed_at: active ? own : other, unsubscribed_at: active ? other : own }
      const told = whole ? other : null
      const said = { subscribed_at: active ? own : told, unsubscribed_at: active ? told : own }
      return { lane: 'subscriptions', key, entry: { rss_source_feed: key, rss_source_id: 'x', ...said }, row }
    }
    case 'listen':
    case 'finish':
    case 'start over': {
      const key = itemWord(episode as { feed: string; item: string })
      const before = rows.plays[key]
      const position =
        change.what === 'listen' ? change.position : change.what === 'finish' ? (before?.position ?? 0) : 0
      const duration = change.what === 'listen' ? change.duration : null
      const played = change.what === 'finish'
      const row = { position, played, duration: duration ?? before?.duration ?? null, updated_at: at }
      const entry = {
        ...named,
        position,
        played,
        updated_at: at,
        ...(whole ? { duration: row.duration } : duration === null ? {} : { duration }),
        ...(change.what === 'start over' ? { reset: true } : {}),
      }
      return { lane: 'plays', key, entry, row }
    }
    case 'save': {
      const key = itemWord(episode as { feed: string; item: string })
      if (change.saved === (rows.saves[key]?.saved ?? false)) return null
      const row = { saved: change.saved, updated_at: at }
      return { lane: 'saves', key, entry: { ...named, ...row }, row }
    }
    case 'privacy': {
      const scope = scopes[change.scope % scopes.length] ?? {}
      const key = scopeWord(scope.feed, scope.item)
      const row = { privacy: change.level, updated_at: at }
      return { lane: 'privacy', key, entry: { ...scope, ...row }, row }
    }
    case 'playlist':
    case 'collection':
      return listEdit(rows, user, change, at, whole)
  }
}

function listEdit(
  rows: Rows,
  user: UserId,
  { what, list, change }: Extract<Change, { what: 'playlist' | 'collection' }>,
  at: string,
  whole: boolean,
): Edit | null {
  const lane = what === 'playlist' ? 'playlists' : 'collections'
  const number = list % listIds.length
  const key = what === 'playlist' ? playlistId(user, number) : collectionId(user, number)
  const fixed = number === 0
  const title = fixed ? (what === 'playlist' ? 'Queue' : 'Subscriptions') : `List ${number}`
  const fresh: ListRow = { name: title, description: null, is_public: false, items: [], updated_at: at, deleted: false }
  const found = rows[lane][key]
  const before = found && !found.deleted ? found : null
  const make = change.do === 'make'
  if (make ? fixed || before !== null : !before && !fixed) return null
  const row: ListRow = { ...(before ?? fresh), updated_at: at }
  const { updated_at: _, deleted: __, ...everything } = row
  const said: Entry = make ? { ...everything } : {}
  switch (change.do) {
    case 'make':
      break
    case 'delete':
      if (fixed) return null
      row.deleted = true
      row.items = []
      break
    case 'rename':
      if (change.name === row.name) return null
      said.name = row.name = change.name
      break
    case 'publish':
      if (change.is_public === row.is_public) return null
      said.is_public = row.is_public = change.is_public
      break
    case 'add': {
      const word = wordOf(what, change.item)
      if (row.items.includes(word)) return null
      if (what === 'collection' && !rows.subscriptions[word]?.active) return null
      said.items = row.items = [...row.items, word]
      break
    }
    case 'remove':
      if (row.items.length === 0) return null
      said.items = row.items = row.items.filter((_, i) => i !== change.item % row.items.length)
      break
    case 'move': {
      if (row.items.length < 2) return null
      const from = change.item % row.items.length
      const rest = row.items.filter((_, i) => i !== from)
      rest.splice(change.to % row.items.length, 0, row.items[from] as string)
      said.items = row.items = rest
      break
    }
  }
  const { name, items, description, is_public } = (whole && !row.deleted ? row : said) as Partial<ListRow>
  const id = what === 'playlist' && fixed && !whole ? { kind: 'queue' } : { id: key }
  const entry = {
    ...id,
    ...(name === undefined ? {} : what === 'playlist' ? { name } : { title: name }),
    ...(description === undefined ? {} : { description }),
    ...(is_public === undefined ? {} : { is_public }),
    ...(items === undefined ? {} : what === 'playlist' ? { items: items.map(itemOf) } : { feeds: items }),
    updated_at: at,
    ...(row.deleted ? { deleted_at: at } : whole ? { deleted_at: null } : {}),
  }
  return { lane, key, entry, row }
}

const wordOf = (what: 'playlist' | 'collection', item: number): string =>
  what === 'playlist'
    ? itemWord(episodes[item % episodes.length] as { feed: string; item: string })
    : (feeds[item % feeds.length] as string)

/** What an answer of the server means for an app's rows. */
export function rowsOfAnswer(shown: Entry): Rows {
  const rows = noRows()
  for (const { rss_source_feed: key, subscribed_at, unsubscribed_at } of shown.subscriptions) {
    const active = subscribed_at !== null && (unsubscribed_at === null || subscribed_at > unsubscribed_at)
    rows.subscriptions[key] = { active, subscribed_at, unsubscribed_at }
  }
  for (const { position, played, duration, updated_at, ...names } of shown.plays ?? shown.play_statuses)
    rows.plays[`${names.rss_source_feed} ${names.rss_source_item}`] = { position, played, duration, updated_at }
  for (const list of shown.playlists)
    rows.playlists[list.id] = {
      name: list.name,
      description: list.description,
      is_public: list.is_public,
      items: list.items.map((i: Entry) => `${i.rss_source_feed} ${i.rss_source_item}`),
      updated_at: list.updated_at,
      deleted: list.deleted_at !== null,
    }
  for (const list of shown.collections)
    rows.collections[list.id] = {
      name: list.title,
      description: list.description,
      is_public: list.is_public,
      items: list.feeds.map((f: Entry) => f.rss_source_feed),
      updated_at: list.updated_at,
      deleted: list.deleted_at !== null,
    }
  for (const row of shown.privacy ?? shown.privacy_settings) {
    const feed = row.feed ?? row.rss_source_feed
    const item = row.item ?? row.rss_source_item
    rows.privacy[scopeWord(feed, item)] = { privacy: row.privacy, updated_at: row.updated_at }
  }
  for (const row of shown.saves)
    rows.saves[`${row.rss_source_feed} ${row.rss_source_item}`] = { saved: row.saved, updated_at: row.updated_at }
  return rows
}

const sorted = <T>(entries: [string, T][]) => Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** What a person would see of an app's rows: nothing of what is gone. */
export function visible(rows: Rows) {
  const lists = (of: Rows['playlists']) => sorted(Object.entries(of).filter(([, row]) => !row.deleted))
  return {
    subscriptions: sorted(
      Object.entries(rows.subscriptions)
        .filter(([, row]) => row.active)
        .map(([key, row]) => [key, row.subscribed_at]),
    ),
    plays: sorted(Object.entries(rows.plays)),
    playlists: lists(rows.playlists),
    collections: lists(rows.collections),
    privacy: sorted(Object.entries(rows.privacy)),
    saves: sorted(Object.entries(rows.saves).filter(([, row]) => row.saved)),
  }
}
