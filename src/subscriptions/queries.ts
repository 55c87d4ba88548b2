import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'

export interface SubscriptionRow {
  readonly podcast_id: PodcastId
  readonly source_id: string | null
  readonly active: boolean
  readonly subscribed_at: Date | string | null
  readonly unsubscribed_at: Date | string | null
  readonly inserted_at: Date | string
  readonly updated_at: Date | string
  readonly number: number
}

const active: Statement = {
  name: 'subscriptions-of',
  text: 'select * from projections.subscriptions where user_id = $1 and active order by subscribed_at desc, podcast_id',
}

/** What the listener follows now, newest first. */
export const subscriptionsOf = (db: Queryable, user: UserId): Promise<SubscriptionRow[]> => rows(db, active, [user])

/** A subscription and the stamp of the newest event that it shows. */
export interface StampedSubscription extends SubscriptionRow {
  readonly stamp: number
}

const ever: Statement = {
  name: 'subscriptions-ever',
  text: 'select * from projections.subscriptions where user_id = $1 order by podcast_id',
}

/** What the listener follows or has left, while that is remembered. */
export const everSubscribed = (db: Queryable, user: UserId): Promise<StampedSubscription[]> => rows(db, ever, [user])

const since: Statement = {
  name: 'subscriptions-since',
  text: `select podcast_id as podcast, subscribed_at from projections.subscriptions
    where user_id = $1 and active and podcast_id = any($2::uuid[])`,
}

/** Since when the listener follows these podcasts; those not followed are left out. */
export async function subscribedSince(
  db: Queryable,
  user: UserId,
  podcasts: readonly string[],
): Promise<ReadonlyMap<string, Date>> {
  const found = await rows<{ podcast: string; subscribed_at: Date }>(db, since, [user, podcasts])
  return new Map(found.map((row) => [row.podcast, row.subscribed_at]))
}

const to: Statement = {
  name: 'subscriptions-to',
  text: `select * from projections.subscriptions where user_id = $1 and podcast_id = any($2::uuid[])
    order by number, podcast_id`,
}

/** The listener's subscriptions to these podcasts, left ones included. */
export const subscriptionsTo = (
  db: Queryable,
  user: UserId,
  podcasts: readonly PodcastId[],
): Promise<SubscriptionRow[]> => rows(db, to, [user, podcasts])
const followers: Statement = {
  name: 'subscriptions-followers',
  text: 'select podcast_id as podcast, count(*) as count from projections.subscriptions where active group by podcast_id',
}

/** How many listeners follow each podcast that anybody follows. Reads all rows: for what is due from time to time. */
export async function followersOf(db: Queryable): Promise<ReadonlyMap<PodcastId, number>> {
  const found = await rows<{ podcast: PodcastId; count: number }>(db, followers, [])
  return new Map(found.map(({ podcast, count }) => [podcast, count]))
}
