import type { Stores } from '../../src/database/store.ts'
import { rows } from '../../src/database/store.ts'
import type { UserId } from '../../src/kernel/brand.ts'

/** Every table of one user's read models with its rows as text, exactly as PostgreSQL writes them. */
export async function readModelTables(
  stores: Stores,
  names: readonly string[],
  user: UserId,
): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {}
  for (const name of names) {
    const text = `select x::text as row from projections.${name} x where user_id = $1 order by 1`
    const found = await rows<{ row: string }>(stores.projections.pool, { name: `look-${name}`, text }, [user])
    tables[name] = found.map((each) => each.row)
  }
  return tables
}

/** A user's events as text, oldest first. */
export async function eventRows(stores: Stores, user: UserId): Promise<string[]> {
  const text = 'select x::text as row from events.events x where user_id = $1 order by number'
  return (await rows<{ row: string }>(stores.events.pool, { name: 'look-events', text }, [user])).map(
    (each) => each.row,
  )
}
