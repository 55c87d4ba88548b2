import { z } from 'zod'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { feedOut, itemOut } from '../podcast/names.ts'
import { type ShownNames, shownTime } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'

export interface SaveRow {
  readonly episode_id: EpisodeId
  readonly podcast_id: PodcastId
  readonly saved: boolean
  readonly updated_at: Date | string
  readonly number: number
}

export const saveOut = z
  .object({ rss_source_feed: feedOut, rss_source_item: itemOut, saved: z.boolean(), updated_at: instantOut })
  .meta({ id: 'Save' })

/** A saved (or no longer saved) episode as answers show it. */
export const showSave = (row: SaveRow, names: ShownNames): z.input<typeof saveOut> => ({
  rss_source_feed: names.feed(row.podcast_id),
  rss_source_item: names.item(row.episode_id),
  saved: row.saved,
  updated_at: shownTime(row.updated_at),
})
