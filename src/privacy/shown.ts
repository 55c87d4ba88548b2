import { z } from 'zod'
import { feedOut, itemOut } from '../podcast/names.ts'
import { type ShownNames, shownTime } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'
import type { PrivacyRow } from './queries.ts'

export const privacyLevel = z
  .enum(['public', 'anonymous', 'private'])
  .meta({ description: 'public: with the handle; anonymous: counted without it; private: nobody learns of it' })

export const privacyOut = z
  .object({
    rss_source_feed: feedOut.nullable(),
    rss_source_item: itemOut.nullable(),
    privacy: privacyLevel,
    updated_at: instantOut,
  })
  .meta({ id: 'PrivacySetting', description: 'Without feed and item it holds for everything.' })

/** A privacy choice as answers show it. */
export const showPrivacy = (row: PrivacyRow, names: ShownNames): z.input<typeof privacyOut> => ({
  rss_source_feed: row.podcast_id === null ? null : names.feed(row.podcast_id),
  rss_source_item: row.episode_id === null ? null : names.item(row.episode_id),
  privacy: row.level,
  updated_at: shownTime(row.updated_at),
})
