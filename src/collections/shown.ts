import { z } from 'zod'
import { feedOut } from '../podcast/names.ts'
import { shownTime, shownTimeOrNull, type TitledNames } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'
import type { CollectionRow } from './queries.ts'

export const collectionOut = z
  .object({
    id: z.uuid(),
    user_id: z.uuid(),
    title: z.string(),
    description: z.string().nullable(),
    color: z
      .string()
      .meta({ examples: ['#1f5fa8'] })
      .nullable(),
    is_default: z.boolean(),
    is_public: z.boolean(),
    feeds: z.array(
      z.object({
        id: z.uuid(),
        rss_source_feed: feedOut,
        rss_feed_title: z.string().nullable(),
        subscribed_at: instantOut.nullable(),
      }),
    ),
    inserted_at: instantOut,
    updated_at: instantOut,
    deleted_at: instantOut.nullable().meta({ examples: [null] }),
  })
  .meta({ id: 'Collection' })

/** A collection as answers show it; `since` tells when each podcast was subscribed to. */
export const showCollection = (
  user: string,
  row: CollectionRow,
  names: TitledNames,
  since: ReadonlyMap<string, Date>,
): z.input<typeof collectionOut> => ({
  id: row.collection_id,
  user_id: user,
  title: row.title,
  description: row.description,
  color: row.color,
  is_default: row.is_default,
  is_public: row.is_public,
  feeds: row.feeds.map((podcast) => ({
    id: podcast,
    rss_source_feed: names.feed(podcast),
    rss_feed_title: names.feedTitle(podcast),
    subscribed_at: shownTimeOrNull(since.get(podcast) ?? null),
  })),
  inserted_at: shownTime(row.inserted_at),
  updated_at: shownTime(row.updated_at),
  deleted_at: shownTimeOrNull(row.deleted_at),
})
