import type pg from 'pg'
import type { UserId } from '../kernel/brand.ts'
import type { Catalog } from '../podcast/catalog.ts'
import type { Journal } from './journal.ts'

/** What the doors of a listener's slices need: the journal to write to, the catalog for names, read models to read. */
export interface Listening {
  readonly journal: Journal
  readonly catalog: Catalog
  /** Read models of this user, complete up to the user's last write. */
  reading(user: UserId): Promise<pg.Pool>
}
