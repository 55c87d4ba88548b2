import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { PrivacyLevel } from './events.ts'

export { effectivePrivacy, type PodcastSecrecy, scopeOf } from './decider.ts'

export interface PrivacyRow {
  readonly scope: string
  readonly podcast_id: PodcastId | null
  readonly episode_id: EpisodeId | null
  readonly level: PrivacyLevel
  readonly updated_at: Date | string
  readonly number: number
}

const all: Statement = {
  name: 'privacy-of',
  text: 'select * from projections.privacy where user_id = $1 order by number desc, scope',
}

/** Every privacy choice of the listener, newest first. */
export const privacySettingsOf = (db: Queryable, user: UserId): Promise<PrivacyRow[]> => rows(db, all, [user])
