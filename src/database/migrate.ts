import pg from 'pg'
import type { Store } from './store.ts'

/** Any two processes that migrate one database wait for each other under this advisory lock. */
const migrationLock = 7_227_300_001n

export interface MigrationState {
  readonly store: string
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

/** Brings the stores' schemas up to date. Safe to run from several processes at once. */
export async function migrate(stores: readonly Store[]): Promise<readonly string[]> {
  const done: string[] = []
  for (const store of stores) {
    const lock = new pg.Client(store.url)
    await lock.connect()
    try {
      await lock.query('select pg_advisory_lock($1)', [migrationLock])
      for (const migration of await store.orm.migrator.up()) done.push(`${store.name}/${migration.name}`)
    } finally {
      await lock.end()
    }
  }
  return done
}

export async function migrationState(store: Store): Promise<MigrationState> {
  const applied = (await store.orm.migrator.getExecuted()).map((m) => m.name)
  const pending = (await store.orm.migrator.getPending()).map((m) => m.name)
  return { store: store.name, applied, pending }
}
