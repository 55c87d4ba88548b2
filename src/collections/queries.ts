import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

export interface CollectionRow {
  readonly collection_id: string
  readonly is_default: boolean
  readonly title: string
  readonly description: string | null
  readonly color: string | null
  readonly is_public: boolean
  readonly feeds: readonly string[]
  readonly inserted_at: Date | string
  readonly updated_at: Date | string
  readonly deleted_at: Date | string | null
  readonly number: number
}

const living: Statement = {
  name: 'collections-of',
  text: `select * from projections.collections where user_id = $1 and deleted_at is null
    order by is_default desc, lower(title), collection_id`,
}
const one: Statement = {
  name: 'collection-of',
  text: 'select * from projections.collections where user_id = $1 and collection_id = $2',
}

const titles: Statement = {
  name: 'collection-titles',
  text: 'select collection_id as id, title from projections.collections where user_id = $1 and collection_id = any($2::uuid[])',
}

/** What these of the listener's collections are called, deleted ones included; purged ones are missing. */
export const collectionTitles = async (
  db: Queryable,
  user: UserId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> =>
  new Map((await rows<{ id: string; title: string }>(db, titles, [user, ids])).map(({ id, title }) => [id, title]))

/** The listener's collections that are not deleted, the default one first. */
export const collectionsOf = (db: Queryable, user: UserId): Promise<CollectionRow[]> => rows(db, living, [user])

/** One collection, deleted ones included; null when there never was one. */
export const collectionOf = async (db: Queryable, user: UserId, id: string): Promise<CollectionRow | null> =>
  (await rows<CollectionRow>(db, one, [user, id]))[0] ?? null
