import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'

export interface MovedFeedRow {
  readonly podcast_id: PodcastId
  readonly moved_at: Date
  readonly number: number
  readonly stamp: number
}

const sinceStamp: Statement = {
  name: 'moved-feeds-since',
  text: 'select * from projections.moved_feeds where user_id = $1 and stamp >= $2 order by number, podcast_id',
}
const listeners: Statement = {
  name: 'listeners-of',
  text: `select user_id as "user" from projections.listeners where podcast_id = $1 and user_id > $2
    order by user_id limit $3`,
}

/** The listener's podcasts that got another name since a stamp. */
export const movedFeedsSince = (db: Queryable, user: UserId, stamp: number): Promise<MovedFeedRow[]> =>
  rows(db, sinceStamp, [user, stamp])

const page = 500

/** Who has anything of a podcast. */
export async function* listenersOf(db: Queryable, podcast: PodcastId): AsyncIterable<UserId> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const found = await rows<{ user: UserId }>(db, listeners, [podcast, after, page])
    for (const { user } of found) yield user
    after = found.at(-1)?.user ?? after
    if (found.length < page) return
  }
}
