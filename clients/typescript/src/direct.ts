import type { Client } from './client.ts'
import type { Edit } from './edits.ts'
import { episodeNames } from './names.ts'
import type { EpisodeRef, PrivacyLevel } from './rows.ts'
import { isThere, type PlayRow, type SaveRow, type Shelf, type SubscriptionRow } from './shelf.ts'

interface ListEntry {
  readonly deleted_at: string | null
  readonly name?: string
  readonly title?: string
  readonly description?: string | null
  readonly color?: string | null
  readonly is_public?: boolean
  readonly items?: EpisodeRef[]
  readonly feeds?: string[]
}

/**
 * Gives an edit to the server as the direct command that says the same; false where there is none.
 * @param known what the server is known to hold: a list that is not there is made
 */
export async function carryOut(client: Client, { list, key, entry, thing }: Edit, known: Shelf): Promise<boolean> {
  switch (list) {
    case 'subscriptions':
      if ((thing as SubscriptionRow).subscribed) await client.subscribe({ rss_source_feed: key })
      else await client.unsubscribe({ feed: key })
      return true
    case 'plays': {
      const { position, played, duration } = thing as PlayRow
      await client.recordPlay({ ...episodeNames(key), position, played, duration })
      return true
    }
    case 'saves': {
      const { rss_source_feed: feed, rss_source_item: item } = episodeNames(key)
      if ((thing as SaveRow).saved) await client.saveEpisode({ item, feed })
      else await client.unsaveEpisode({ item, feed })
      return true
    }
    case 'privacy': {
      const { privacy, feed, item } = entry as { privacy: PrivacyLevel; feed: string | null; item: string | null }
      await client.choosePrivacy({ privacy, feed, item })
      return true
    }
    case 'playlists':
      return commandPlaylist(client, key, entry as unknown as ListEntry, isThere(known.playlists[key]))
    case 'collections':
      return commandCollection(client, key, entry as unknown as ListEntry, isThere(known.collections[key]))
    default:
      return list satisfies never
  }
}

async function commandPlaylist(client: Client, id: string, entry: ListEntry, exists: boolean): Promise<boolean> {
  const { deleted_at, name, description, is_public, items } = entry
  if (id === 'queue') {
    // Only its items have a command of their own.
    if (!items || name !== undefined || description !== undefined || is_public !== undefined) return false
    await client.setQueue({ items })
    return true
  }
  if (deleted_at !== null) await client.deletePlaylist({ id })
  else if (!exists) await client.createPlaylist({ id, name: name ?? 'Playlist', description, is_public, items })
  else {
    if (name !== undefined || description !== undefined || is_public !== undefined)
      await client.editPlaylist({ id, name, description, is_public })
    if (items) await client.setPlaylistItems({ id, items })
  }
  return true
}

async function commandCollection(client: Client, id: string, entry: ListEntry, exists: boolean): Promise<boolean> {
  const { deleted_at, title, description, color, is_public, feeds } = entry
  if (deleted_at !== null) {
    await client.deleteCollection({ id })
    return true
  }
  if (!exists) await client.createCollection({ id, title: title ?? 'Collection', description, color, is_public })
  else if (title !== undefined || description !== undefined || color !== undefined || is_public !== undefined)
    await client.editCollection({ id, title, description, color, is_public })
  if (feeds && (exists || feeds.length > 0)) await client.setCollectionFeeds({ id, feeds })
  return true
}
