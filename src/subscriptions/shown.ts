import { z } from 'zod'
import { feedOut } from '../podcast/names.ts'
import { type ShownNames, shownTime, shownTimeOrNull } from '../podcast/shown.ts'
import { instantOut } from '../podcast/times.ts'
import type { SubscriptionRow } from './queries.ts'

export const subscriptionOut = z
  .object({
    id: z.uuid(),
    user_id: z.uuid(),
    rss_source_feed: feedOut,
    rss_source_id: z.string().nullable(),
    rss_feed_title: z.string().nullable(),
    subscribed_at: instantOut.nullable(),
    unsubscribed_at: instantOut.nullable().meta({ examples: [null] }),
    inserted_at: instantOut,
    updated_at: instantOut,
  })
  .meta({
    id: 'Subscription',
    description: 'Followed while `subscribed_at` is later than `unsubscribed_at`, or the latter is null.',
  })

/** A subscription as answers show it. */
export const showSubscription = (
  user: string,
  row: SubscriptionRow,
  names: ShownNames,
): z.input<typeof subscriptionOut> => ({
  id: row.podcast_id,
  user_id: user,
  rss_source_feed: names.feed(row.podcast_id),
  rss_source_id: row.source_id,
  rss_feed_title: null,
  subscribed_at: shownTimeOrNull(row.subscribed_at),
  unsubscribed_at: shownTimeOrNull(row.unsubscribed_at),
  inserted_at: shownTime(row.inserted_at),
  updated_at: shownTime(row.updated_at),
})
