import { rows, type Store } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'

/** What was deleted, and how it stood. Times are milliseconds since 1970. */
export interface Deletion {
  readonly podcast: PodcastId
  /** When the podcast was left. */
  readonly leftAt: number
  readonly deletedAt: number
}

export interface Deletions {
  /** The newest of each podcast. */
  of(user: UserId): Promise<ReadonlyMap<PodcastId, Deletion>>
  /** Whether this user made a deletion of this id. */
  has(user: UserId, id: number): Promise<boolean>
  add(user: UserId, id: number, deletion: Deletion): Promise<void>
}

const ofUser = {
  name: 'open-podcast-deletions-of',
  text: `select distinct on (podcast_id) podcast_id as podcast, left_at as "leftAt", deleted_at as "deletedAt"
    from system.open_podcast_deletions where user_id = $1 order by podcast_id, id desc`,
}
const byId = {
  name: 'open-podcast-deletion',
  text: 'select 1 from system.open_podcast_deletions where user_id = $1 and id = $2',
}
const addOne = {
  name: 'open-podcast-deletion-add',
  text: `insert into system.open_podcast_deletions (user_id, id, podcast_id, left_at, deleted_at)
    values ($1, $2, $3, $4, $5) on conflict do nothing`,
}

interface DeletionRow {
  readonly podcast: PodcastId
  readonly leftAt: Date
  readonly deletedAt: Date
}

export function createDeletions({ pool }: Store): Deletions {
  return {
    of: async (user) =>
      new Map(
        (await rows<DeletionRow>(pool, ofUser, [user])).map(({ podcast, leftAt, deletedAt }) => [
          podcast,
          { podcast, leftAt: leftAt.getTime(), deletedAt: deletedAt.getTime() },
        ]),
      ),
    has: async (user, id) => (await rows(pool, byId, [user, id])).length > 0,
    add: async (user, id, { podcast, leftAt, deletedAt }) =>
      void (await rows(pool, addOne, [user, id, podcast, new Date(leftAt), new Date(deletedAt)])),
  }
}
