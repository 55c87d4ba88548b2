import { episodeNames } from './names.ts'
import type { List, PrivacyLevel } from './rows.ts'
import { isThere, type Shelf, scopeKey, type Thing } from './shelf.ts'

/** Something the person did. */
export interface Edit {
  readonly list: List
  /** Which thing it edits. */
  readonly key: string
  /** As `/sync` wants it. */
  readonly entry: Readonly<Record<string, unknown>>
  /** As the device shows it. */
  readonly thing: Thing
}

/** What a person can do on a device. Each resolves once it is kept; what changes nothing is no edit. */
export interface Edits {
  subscribe(feed: string): Promise<void>
  unsubscribe(feed: string): Promise<void>
  /** Where the person is in an episode, in whole seconds; `startOver` means: on purpose, whatever others say. */
  listen(
    episode: string,
    position: number,
    how?: { readonly played?: boolean; readonly duration?: number | null; readonly startOver?: boolean },
  ): Promise<void>
  save(episode: string, saved?: boolean): Promise<void>
  arrangeQueue(episodes: readonly string[]): Promise<void>
  /** Answers the id of the new list. */
  createPlaylist(said: PlaylistSaid & { readonly name: string }): Promise<string>
  editPlaylist(id: string, said: PlaylistSaid): Promise<void>
  deletePlaylist(id: string): Promise<void>
  createCollection(said: CollectionSaid & { readonly title: string }): Promise<string>
  editCollection(id: string, said: CollectionSaid): Promise<void>
  deleteCollection(id: string): Promise<void>
  /** For an episode, a podcast, or without either for everything. */
  choosePrivacy(privacy: PrivacyLevel, about?: { readonly feed?: string; readonly episode?: string }): Promise<void>
}

export interface PlaylistSaid {
  readonly name?: string
  readonly description?: string | null
  readonly is_public?: boolean
  /** The whole list, in order. */
  readonly items?: readonly string[]
}

export interface CollectionSaid {
  readonly title?: string
  readonly description?: string | null
  readonly color?: string | null
  readonly is_public?: boolean
  /** The whole collection, in order. */
  readonly feeds?: readonly string[]
}

/** The edits a person makes on what `shelf` shows, each handed to `put`. */
export function editing(shelf: () => Shelf, clock: () => number, put: (edit: Edit) => Promise<void>): Edits {
  const now = () => new Date(clock()).toISOString()

  async function setSubscribed(feed: string, subscribed: boolean): Promise<void> {
    if (isThere(shelf().subscriptions[feed]) === subscribed) return
    const at = now()
    const times = subscribed
      ? { subscribed_at: at, unsubscribed_at: null }
      : { subscribed_at: null, unsubscribed_at: at }
    await put({
      list: 'subscriptions',
      key: feed,
      entry: { rss_source_feed: feed, ...times },
      thing: { subscribed, at },
    })
  }

  function putPlaylist(key: string, { items, ...fields }: PlaylistSaid, deleted: boolean): Promise<void> {
    const updated_at = now()
    const episodes = items && [...new Set(items)]
    const before = shelf().playlists[key] ?? blankPlaylist
    const said = { ...fields, ...(episodes ? { items: episodes } : {}) }
    return put({
      list: 'playlists',
      key,
      entry: {
        ...(key === 'queue' ? { kind: 'queue' } : { id: key }),
        ...fields,
        ...(episodes ? { items: episodes.map(episodeNames) } : {}),
        updated_at,
        deleted_at: deleted ? updated_at : null,
      },
      thing: { ...before, ...said, deleted, updated_at },
    })
  }

  function putCollection(key: string, { feeds, ...fields }: CollectionSaid, deleted: boolean): Promise<void> {
    const updated_at = now()
    const said = { ...fields, ...(feeds ? { feeds: [...new Set(feeds)] } : {}) }
    const before = shelf().collections[key] ?? blankCollection
    return put({
      list: 'collections',
      key,
      entry: { id: key, ...said, updated_at, deleted_at: deleted ? updated_at : null },
      thing: { ...before, ...said, deleted, updated_at },
    })
  }

  return {
    subscribe: (feed) => setSubscribed(feed, true),
    unsubscribe: (feed) => setSubscribed(feed, false),
    async listen(episode, position, { played, duration, startOver = false } = {}) {
      const before = shelf().plays[episode]
      const play = {
        position: Math.max(0, Math.floor(position)),
        played: played ?? (startOver ? false : (before?.played ?? false)),
        duration: duration ?? before?.duration ?? null,
        updated_at: now(),
      }
      const entry = { ...episodeNames(episode), ...play, ...(startOver ? { reset: true } : {}) }
      await put({ list: 'plays', key: episode, entry, thing: play })
    },
    async save(episode, saved = true) {
      if (isThere(shelf().saves[episode]) === saved) return
      const mark = { saved, updated_at: now() }
      await put({ list: 'saves', key: episode, entry: { ...episodeNames(episode), ...mark }, thing: mark })
    },
    arrangeQueue: (items) => putPlaylist('queue', { items }, false),
    async createPlaylist(said) {
      const id = crypto.randomUUID()
      await putPlaylist(id, { description: null, is_public: false, items: [], ...said }, false)
      return id
    },
    editPlaylist: (id, said) => putPlaylist(id, said, false),
    deletePlaylist: (id) => putPlaylist(id, {}, true),
    async createCollection(said) {
      const id = crypto.randomUUID()
      await putCollection(id, { description: null, color: null, is_public: false, feeds: [], ...said }, false)
      return id
    },
    editCollection: (id, said) => putCollection(id, said, false),
    deleteCollection: (id) => putCollection(id, {}, true),
    async choosePrivacy(privacy, { feed, episode } = {}) {
      const named = episode === undefined ? null : episodeNames(episode)
      const about = { feed: named?.rss_source_feed ?? feed ?? null, item: named?.rss_source_item ?? null }
      const choice = { privacy, updated_at: now() }
      const key = scopeKey(about.feed, about.item)
      await put({ list: 'privacy', key, entry: { ...about, ...choice }, thing: choice })
    },
  }
}

const blankPlaylist = { name: 'Queue', description: null, is_public: false, items: [] }
const blankCollection = {
  title: 'Collection',
  description: null,
  color: null,
  is_public: false,
  is_default: false,
  feeds: [],
}
