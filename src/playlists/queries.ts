import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

export interface PlaylistRow {
  readonly playlist_id: string
  readonly kind: 'playlist' | 'queue'
  readonly name: string
  readonly description: string | null
  readonly is_public: boolean
  readonly items: readonly { readonly podcast: string; readonly episode: string }[]
  readonly inserted_at: Date | string
  readonly updated_at: Date | string
  readonly deleted_at: Date | string | null
  readonly number: number
}

const living: Statement = {
  name: 'playlists-of',
  text: `select * from projections.playlists where user_id = $1 and deleted_at is null
    order by updated_at desc, playlist_id`,
}
const one: Statement = {
  name: 'playlist-of',
  text: 'select * from projections.playlists where user_id = $1 and playlist_id = $2',
}

const names: Statement = {
  name: 'playlist-names',
  text: 'select playlist_id as id, name from projections.playlists where user_id = $1 and playlist_id = any($2::uuid[])',
}

/** What these of the listener's lists are called, deleted ones included; purged ones are missing. */
export const playlistNames = async (
  db: Queryable,
  user: UserId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> =>
  new Map((await rows<{ id: string; name: string }>(db, names, [user, ids])).map(({ id, name }) => [id, name]))

/** The listener's lists that are not deleted, newest first, the queue among them once it was used. */
export const playlistsOf = (db: Queryable, user: UserId): Promise<PlaylistRow[]> => rows(db, living, [user])

/** One list, deleted ones included; null when there never was one. */
export const playlistOf = async (db: Queryable, user: UserId, id: string): Promise<PlaylistRow | null> =>
  (await rows<PlaylistRow>(db, one, [user, id]))[0] ?? null
