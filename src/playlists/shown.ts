import { z } from 'zod'
import { feedOut, itemOut } from '../podcast/names.ts'
import { shownTime, shownTimeOrNull, type TitledNames } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'
import type { PlaylistRow } from './queries.ts'

const playlistItemOut = z
  .object({
    rss_source_feed: feedOut,
    rss_source_item: itemOut,
    item_title: z.string().nullable(),
    feed_title: z.string().nullable(),
    position: z.int().min(0).meta({ description: 'just the index' }),
  })
  .meta({ id: 'PlaylistItem' })

export const playlistOut = z
  .object({
    id: z.uuid(),
    kind: z.enum(['playlist', 'queue']),
    name: z.string(),
    description: z.string().nullable(),
    is_public: z.boolean(),
    items: z.array(playlistItemOut),
    inserted_at: instantOut,
    updated_at: instantOut,
    deleted_at: instantOut.nullable().meta({ examples: [null] }),
  })
  .meta({ id: 'Playlist' })

/** A playlist as answers show it. */
export const showPlaylist = (row: PlaylistRow, names: TitledNames): z.input<typeof playlistOut> => ({
  id: row.playlist_id,
  kind: row.kind,
  name: row.name,
  description: row.description,
  is_public: row.is_public,
  items: row.items.map((item, position) => ({
    rss_source_feed: names.feed(item.podcast),
    rss_source_item: names.item(item.episode),
    item_title: names.itemTitle(item.episode),
    feed_title: names.feedTitle(item.podcast),
    position,
  })),
  inserted_at: shownTime(row.inserted_at),
  updated_at: shownTime(row.updated_at),
  deleted_at: shownTimeOrNull(row.deleted_at),
})
