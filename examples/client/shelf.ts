/** What a device knows of its person's podcasts. Episodes are named `feed/item`, both as they stand on the wire. */
export interface Shelf {
  /** By feed. One that ended stays, with the time it did. */
  subscriptions: Record<string, { subscribed: boolean; at: string }>
  plays: Record<string, Play>
  saves: Record<string, { saved: boolean; updated_at: string }>
  /** By id; the queue is called `queue`. */
  playlists: Record<string, { items: string[]; deleted: boolean; updated_at: string }>
}

export interface Play {
  /** Whole seconds. */
  position: number
  played: boolean
  duration: number | null
  updated_at: string
}

export type List = keyof Shelf
export const lists: readonly List[] = ['subscriptions', 'plays', 'saves', 'playlists']

export const emptyShelf = (): Shelf => ({ subscriptions: {}, plays: {}, saves: {}, playlists: {} })

export const isSubscribed = (shelf: Shelf, feed: string): boolean => shelf.subscriptions[feed]?.subscribed ?? false

interface Item {
  readonly rss_source_feed: string
  readonly rss_source_item: string
}

/** Rows of an answer, as far as this app reads them. */
interface Rows {
  subscriptions: { rss_source_feed: string; subscribed_at: string | null; unsubscribed_at: string | null }
  plays: Item & Play
  saves: Item & { saved: boolean; updated_at: string }
  playlists: { id: string; kind: string; items: Item[]; updated_at: string; deleted_at: string | null }
}

export type Changes = { readonly [L in List]: readonly Rows[L][] }

/** How an edit that met another device's was settled. */
export interface Conflict {
  readonly type: string
  readonly feed?: string
  readonly item?: string
  readonly local: Readonly<Record<string, unknown>>
  readonly remote: Readonly<Record<string, unknown>>
  readonly resolution: 'local' | 'remote' | 'merged'
  readonly reason: string
}

export interface SyncAnswer {
  readonly sync_token: string
  readonly changes: Changes
  readonly conflicts: readonly Conflict[]
  readonly rejected: readonly { readonly type: string; readonly index: number; readonly reason: string }[]
}

const episodeOf = ({ rss_source_feed, rss_source_item }: Item): string => `${rss_source_feed}/${rss_source_item}`

const readers: { readonly [L in List]: (row: Rows[L]) => [key: string, thing: Shelf[L][string]] } = {
  subscriptions: ({ rss_source_feed, subscribed_at, unsubscribed_at }) => {
    // The later of the two tells; RFC 3339 in UTC with milliseconds compares as text.
    const subscribed = (subscribed_at ?? '') > (unsubscribed_at ?? '')
    return [rss_source_feed, { subscribed, at: (subscribed ? subscribed_at : unsubscribed_at) ?? '' }]
  },
  plays: (row) => {
    const { position, played, duration, updated_at } = row
    return [episodeOf(row), { position, played, duration, updated_at }]
  },
  saves: (row) => [episodeOf(row), { saved: row.saved, updated_at: row.updated_at }],
  playlists: ({ id, kind, items, updated_at, deleted_at }) => [
    kind === 'queue' ? 'queue' : id,
    { items: items.map(episodeOf), deleted: deleted_at !== null, updated_at },
  ],
}

/** Where a row of an answer belongs on the shelf, and as what. */
export const shelved = <L extends List>(list: L, row: Rows[L]): [key: string, thing: Shelf[L][string]] =>
  readers[list](row)

/** Whether a thing is there to be seen. What ended stays on the shelf as a tombstone, and means the same as nothing. */
function isThere(thing: Shelf[List][string]): boolean {
  if ('subscribed' in thing) return thing.subscribed
  if ('saved' in thing) return thing.saved
  return !('deleted' in thing && thing.deleted)
}

/** Everything in which two shelves differ, as lines to print. */
export function differences(a: Shelf, b: Shelf): string[] {
  return lists.flatMap((list) =>
    [...new Set([...Object.keys(a[list]), ...Object.keys(b[list])])].sort().flatMap((key) => {
      const [left, right] = [told(a[list][key]), told(b[list][key])]
      return left === right ? [] : [`${list} ${key}`, `  - ${left}`, `  + ${right}`]
    }),
  )
}

const told = (thing: Shelf[List][string] | undefined): string =>
  thing && isThere(thing)
    ? JSON.stringify(Object.fromEntries(Object.entries(thing).sort(([x], [y]) => (x < y ? -1 : 1))))
    : 'nothing'
