import type pg from 'pg'
import type { UserId } from '../kernel/brand.ts'
import type { Catalog } from '../podcast/catalog.ts'
import type { TitlesOf } from '../podcast/titles.ts'
import type { Journal } from './journal.ts'

/** What the doors of a listener's slices need: the journal to write to, the catalog and titles for names, read models to read. */
export interface Listening {
  readonly journal: Journal
  readonly catalog: Catalog
  readonly titlesOf: TitlesOf
  /** Read models of this user, complete up to the user's last write. */
  reading(user: UserId): Promise<pg.Pool>
}
