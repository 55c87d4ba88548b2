import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'

export interface DownloadRow {
  readonly episode_id: EpisodeId
  readonly podcast_id: PodcastId
  readonly done: Readonly<
    Record<
      string,
      { readonly at: number; readonly app: string; readonly device: string | null; readonly stamp: number }
    >
  >
}

const changed: Statement = {
  name: 'downloads-since',
  text: 'select * from projections.downloads where user_id = $1 and stamp >= $2 order by number, episode_id',
}

/** The episodes with which something was done since a stamp. */
export const downloadsSince = (db: Queryable, user: UserId, stamp: number): Promise<DownloadRow[]> =>
  rows(db, changed, [user, stamp])
