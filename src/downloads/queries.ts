import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'

export interface DownloadRow {
  readonly episode_id: EpisodeId
  readonly podcast_id: PodcastId
  readonly number: number
  readonly done: Readonly<
    Record<
      string,
      { readonly at: number; readonly app: string; readonly device: string | null; readonly stamp: number }
    >
  >
}

const between: Statement = {
  name: 'downloads-between',
  text: `select * from projections.downloads where user_id = $1 and number > $2 and number <= $3
    order by number limit $4`,
}

/** The episodes with which something was done last after one number of the journal and up to another. */
export const downloadsBetween = (
  db: Queryable,
  user: UserId,
  after: number,
  upTo: number,
  limit: number,
): Promise<DownloadRow[]> => rows(db, between, [user, after, upTo, limit])
