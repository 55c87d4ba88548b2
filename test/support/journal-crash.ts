import type pg from 'pg'
import type { Store, Stores } from '../../src/database/store.ts'

/**
 * The same stores, where something happens before a statement of one of them: it may wait, do something in between, or
 * throw as if the process had been killed there.
 */
export function before(
  stores: Stores,
  name: 'events' | 'projections',
  happens: (statement: string) => Promise<void> | void,
): Stores {
  const { pool } = stores[name]
  const watched = Object.assign(Object.create(pool) as pg.Pool, {
    query: async (statement: { name?: string } | string, ...rest: unknown[]) => {
      await happens(typeof statement === 'string' ? statement : (statement.name ?? ''))
      return (pool.query as (...args: unknown[]) => Promise<unknown>)(statement, ...rest)
    },
    connect: () => pool.connect(),
  })
  const store: Store = { ...stores[name], pool: watched }
  return { ...stores, [name]: store }
}
