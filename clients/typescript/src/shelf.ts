import { episodeKey } from './names.ts'
import { type List, lists, type PrivacyLevel, type SyncAnswer } from './rows.ts'

/**
 * What a device knows of its person's podcasts, to be shown. Podcasts go by their feed's name, episodes by
 * `feed/item`. What ended stays as a tombstone: `isThere` tells.
 */
export interface Shelf {
  readonly subscriptions: Readonly<Record<string, SubscriptionRow>>
  readonly plays: Readonly<Record<string, PlayRow>>
  /** By id; the queue is called `queue`. */
  readonly playlists: Readonly<Record<string, PlaylistRow>>
  readonly collections: Readonly<Record<string, CollectionRow>>
  /** By what it is about: an episode, a podcast, or `everything`. */
  readonly privacy: Readonly<Record<string, PrivacyRow>>
  readonly saves: Readonly<Record<string, SaveRow>>
}

export interface SubscriptionRow {
  readonly subscribed: boolean
  /** Since when it is so. */
  readonly at: string
}

export interface PlayRow {
  /** Whole seconds. */
  readonly position: number
  readonly played: boolean
  readonly duration: number | null
  readonly updated_at: string
}

export interface PlaylistRow {
  readonly name: string
  readonly description: string | null
  readonly is_public: boolean
  /** Episodes, in order. */
  readonly items: readonly string[]
  readonly deleted: boolean
  readonly updated_at: string
}

export interface CollectionRow {
  readonly title: string
  readonly description: string | null
  readonly color: string | null
  readonly is_public: boolean
  /** The one new subscriptions land in; only the server makes it. */
  readonly is_default: boolean
  /** Podcasts, in order. */
  readonly feeds: readonly string[]
  readonly deleted: boolean
  readonly updated_at: string
}

export interface PrivacyRow {
  readonly privacy: PrivacyLevel
  readonly updated_at: string
}

export interface SaveRow {
  readonly saved: boolean
  readonly updated_at: string
}

export type Thing<L extends List = List> = Shelf[L][string]
/** A shelf that is being filled. */
export type OpenShelf = { -readonly [L in List]: Record<string, Shelf[L][string]> }

export const emptyShelf = (): OpenShelf => ({
  subscriptions: {},
  plays: {},
  playlists: {},
  collections: {},
  privacy: {},
  saves: {},
})

type Changes = SyncAnswer['changes']
type Read<L extends List> = (row: Changes[L][number]) => [key: string, thing: Thing<L>]

const readers: { readonly [L in List]: Read<L> } = {
  subscriptions: ({ rss_source_feed, subscribed_at, unsubscribed_at }) => {
    // The later of the two tells; RFC 3339 in UTC with milliseconds compares as text.
    const subscribed = (subscribed_at ?? '') > (unsubscribed_at ?? '')
    return [rss_source_feed, { subscribed, at: (subscribed ? subscribed_at : unsubscribed_at) ?? '' }]
  },
  plays: ({ rss_source_feed, rss_source_item, position, played, duration, updated_at }) => [
    episodeKey(rss_source_feed, rss_source_item),
    { position, played, duration, updated_at },
  ],
  playlists: ({ id, kind, name, description, is_public, items, deleted_at, updated_at }) => [
    kind === 'queue' ? 'queue' : id,
    {
      name,
      description,
      is_public,
      items: items.map((item) => episodeKey(item.rss_source_feed, item.rss_source_item)),
      deleted: deleted_at !== null,
      updated_at,
    },
  ],
  collections: ({ id, title, description, color, is_public, is_default, feeds, deleted_at, updated_at }) => [
    id,
    {
      title,
      description,
      color,
      is_public,
      is_default,
      feeds: feeds.map((feed) => feed.rss_source_feed),
      deleted: deleted_at !== null,
      updated_at,
    },
  ],
  privacy: ({ feed, item, privacy, updated_at }) => [scopeKey(feed, item), { privacy, updated_at }],
  saves: ({ rss_source_feed, rss_source_item, saved, updated_at }) => [
    episodeKey(rss_source_feed, rss_source_item),
    { saved, updated_at },
  ],
}

/** What a privacy choice is about. */
export function scopeKey(feed: string | null, item: string | null): string {
  if (feed === null) return 'everything'
  return item === null ? feed : episodeKey(feed, item)
}

/** Puts the rows of an answer onto a shelf. */
export function shelve(shelf: OpenShelf, changes: Changes): void {
  for (const { rss_source_feed, moved_to } of changes.subscriptions)
    if (moved_to !== undefined) forgetFeed(shelf, rss_source_feed)
  for (const name of lists) shelveList(shelf, changes, name)
}

/** A feed that moved is told again, with all that is known of it, under its new name. */
function forgetFeed(shelf: OpenShelf, feed: string): void {
  for (const things of [shelf.plays, shelf.saves, shelf.privacy])
    for (const key of Object.keys(things)) if (key === feed || key.startsWith(episodeKey(feed, ''))) delete things[key]
}

function shelveList<L extends List>(shelf: OpenShelf, changes: Changes, name: L): void {
  const rows: readonly Changes[L][number][] = changes[name]
  const things = shelf[name] as Record<string, Thing<L>>
  for (const row of rows) {
    const [key, thing] = readers[name](row)
    things[key] = thing
  }
}

/** Whether a thing is there to be seen. What ended stays on the shelf as a tombstone, and means the same as nothing. */
export function isThere(thing: Thing | undefined): boolean {
  if (thing === undefined) return false
  if ('subscribed' in thing) return thing.subscribed
  if ('saved' in thing) return thing.saved
  return !('deleted' in thing && thing.deleted)
}

/** Everything in which two shelves differ, as lines to print. */
export function differences(a: Shelf, b: Shelf): string[] {
  return lists.flatMap((name) =>
    [...new Set([...Object.keys(a[name]), ...Object.keys(b[name])])].sort().flatMap((key) => {
      const [left, right] = [told(a[name][key]), told(b[name][key])]
      return left === right ? [] : [`${name} ${key}`, `  - ${left}`, `  + ${right}`]
    }),
  )
}

const told = (thing: Thing | undefined): string =>
  thing !== undefined && isThere(thing)
    ? JSON.stringify(Object.fromEntries(Object.entries(thing).sort(([x], [y]) => (x < y ? -1 : 1))))
    : 'nothing'
