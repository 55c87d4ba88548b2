import { z } from 'zod'
import { feedOut, itemOut } from '../podcast/names.ts'
import { shownTime, type TitledNames } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'
import type { PlayRow } from './queries.ts'

export const playOut = z
  .object({
    id: z.uuid(),
    user_id: z.uuid(),
    rss_source_feed: feedOut,
    rss_source_item: itemOut,
    rss_feed_title: z.string().nullable(),
    rss_item_title: z.string().nullable(),
    played: z.boolean(),
    position: z.int().min(0),
    duration: z.int().min(0).nullable(),
    rss_enclosure: z.string().nullable(),
    updated_at: instantOut,
  })
  .meta({ id: 'PlayStatus' })

/** A play as answers show it. */
export const showPlay = (user: string, row: PlayRow, names: TitledNames): z.input<typeof playOut> => ({
  id: row.episode_id,
  user_id: user,
  rss_source_feed: names.feed(row.podcast_id),
  rss_source_item: names.item(row.episode_id),
  rss_feed_title: names.feedTitle(row.podcast_id),
  rss_item_title: names.itemTitle(row.episode_id),
  played: row.played,
  position: row.position,
  duration: row.duration,
  rss_enclosure: names.enclosure(row.episode_id),
  updated_at: shownTime(row.updated_at),
})
