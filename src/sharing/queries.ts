import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'

const saved: Statement = {
  name: 'saves-of',
  text: `select episode_id as episode, podcast_id as podcast from projections.saves
    where user_id = $1 and saved order by updated_at desc, episode_id`,
}

/** What the listener keeps among the saved episodes, the newest first. */
export const savedEpisodes = (
  db: Queryable,
  user: UserId,
): Promise<{ readonly episode: EpisodeId; readonly podcast: PodcastId }[]> => rows(db, saved, [user])
