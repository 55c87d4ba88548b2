import { v5 as uuidv5 } from 'uuid'
import { z } from 'zod'
import { encodeFeed, feedOut } from '../podcast/names.ts'
import { shownTime, shownTimeOrNull, type TitledNames } from '../podcast/shown.ts'
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
    moved_to: feedOut.optional().describe('Where the feed is now, in the place of this one, which ends here.'),
  })
  .meta({
    id: 'Subscription',
    description: 'Followed while `subscribed_at` is later than `unsubscribed_at`, or the latter is null.',
  })

/** A subscription as answers show it. */
export const showSubscription = (
  user: string,
  row: SubscriptionRow,
  names: TitledNames,
): z.input<typeof subscriptionOut> => ({
  id: row.podcast_id,
  user_id: user,
  rss_source_feed: names.feed(row.podcast_id),
  rss_source_id: row.source_id,
  rss_feed_title: names.feedTitle(row.podcast_id),
  subscribed_at: shownTimeOrNull(row.subscribed_at),
  unsubscribed_at: shownTimeOrNull(row.unsubscribed_at),
  inserted_at: shownTime(row.inserted_at),
  updated_at: shownTime(row.updated_at),
})

/** What tells of a move: the podcast, since when, and where it is followed its subscription. */
export type MovedRow = Pick<SubscriptionRow, 'podcast_id'> &
  Partial<SubscriptionRow> & { readonly moved_at: Date | string }

/** A podcast under the names it had before its feed moved: ended, so that devices go on under the new one. */
export function showFormer(
  user: string,
  row: MovedRow,
  names: TitledNames,
  formerFeeds: readonly string[],
): z.input<typeof subscriptionOut>[] {
  const { podcast_id, moved_at, source_id = null, subscribed_at = null, inserted_at = moved_at } = row
  const ended = new Date(Math.max(new Date(moved_at).getTime(), new Date(subscribed_at ?? 0).getTime() + 1))
  return formerFeeds.map((url) => ({
    id: uuidv5(url, podcast_id),
    user_id: user,
    rss_source_feed: encodeFeed(url),
    rss_source_id: source_id,
    rss_feed_title: names.feedTitle(podcast_id),
    subscribed_at: shownTimeOrNull(subscribed_at),
    unsubscribed_at: shownTime(ended),
    inserted_at: shownTime(inserted_at),
    updated_at: shownTime(ended),
    moved_to: names.feed(podcast_id),
  }))
}
