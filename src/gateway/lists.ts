import { v5 as uuidv5 } from 'uuid'
import { z } from 'zod'
import { collectionOf } from '../collections/queries.ts'
import type { Queryable } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { Language } from '../kernel/endpoint.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import { playlistOf } from '../playlists/queries.ts'
import { defaultCollectionOf, queueOf } from '../podcast/fixed-ids.ts'
import { subscriptionsOf } from '../subscriptions/queries.ts'

/** Which of a listener's lists is asked for; the queue is the playlist without an id. */
export type WhichList =
  | { readonly what: 'subscriptions' }
  | { readonly what: 'collections'; readonly id: string }
  | { readonly what: 'playlists'; readonly id?: string }

/** An episode somebody put on a list. */
export interface Listed {
  readonly podcast: PodcastId
  readonly episode: EpisodeId
}

/** What a feed is made of: the newest of some podcasts, or some episodes in the order of their list. */
export interface List {
  readonly title: string
  readonly description: string
  /** The `podcast:guid` of its feed: the same for every token. */
  readonly guid: string
  readonly of: { readonly podcasts: readonly PodcastId[] } | { readonly episodes: readonly Listed[] }
}

const texts = {
  en: {
    subscriptions: 'Subscriptions',
    queue: 'Up next',
    about: (name: string) => `From the podcasts of ${name}, gathered by Balados Sync.`,
  },
  fr: {
    subscriptions: 'Abonnements',
    queue: 'À suivre',
    about: (name: string) => `Des balados de ${name}, réunis par Balados Sync.`,
  },
} as const

/** Namespace of the guids of lists' feeds. Never changes: readers know the feeds by what was made from it. */
const namespace = 'c3a5f7f2-6d0b-4c0e-8f52-0c9b7e1d2a64'

const missing = refuse('not_found', 'There is no such list.')

/** One of the listener's own lists; whatever is nobody's, somebody else's or deleted is missing. */
export async function listOf(
  db: Queryable,
  { user, username }: { readonly user: UserId; readonly username: string },
  which: WhichList,
  language: Language,
): Promise<List | Refusal> {
  const say = texts[language]
  const named = (id: string, name: string, description: string | null) => ({
    title: `${name} · ${username}`,
    description: description || say.about(username),
    guid: uuidv5(`${user} ${id}`, namespace),
  })
  if (which.what === 'subscriptions') {
    const podcasts = (await subscriptionsOf(db, user)).map((row) => row.podcast_id)
    return { ...named('subscriptions', say.subscriptions, null), of: { podcasts } }
  }
  const id = z.uuid().safeParse((which.id ?? queueOf(user)).toLowerCase()).data
  if (id === undefined) return missing
  if (which.what === 'collections') {
    const row = await collectionOf(db, user, id)
    // Everybody has the default one, whether anything was put into it or not.
    if (!row && id === defaultCollectionOf(user)) return { ...named(id, say.subscriptions, null), of: { podcasts: [] } }
    if (row?.deleted_at !== null) return missing
    return { ...named(id, row.title, row.description), of: { podcasts: row.feeds as readonly PodcastId[] } }
  }
  const row = await playlistOf(db, user, id)
  if (id === queueOf(user)) return { ...named(id, say.queue, null), of: { episodes: itemsOf(row?.items ?? []) } }
  if (row?.deleted_at !== null) return missing
  return { ...named(id, row.name, row.description), of: { episodes: itemsOf(row.items) } }
}

const itemsOf = (items: readonly { readonly podcast: string; readonly episode: string }[]) => items as readonly Listed[]
