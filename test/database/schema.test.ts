import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate } from '../../src/database/migrate.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { type FreshStores, freshStores } from '../support/database.ts'

let fresh: FreshStores
beforeAll(async () => {
  fresh = await freshStores('three')
})
afterAll(() => fresh.close())

describe.each(['events', 'system', 'projections', 'cache'] as const)('the store %s', (name) => {
  test('has migrations and entities that say the same', async () => {
    const { orm } = fresh.stores[name]
    expect(await orm.schema.getUpdateSchemaSQL({ wrap: false, safe: true })).toBe('')
  })

  test('can go back to the beginning and forward again', async () => {
    const store = fresh.stores[name]
    await store.orm.migrator.down({ to: 0 })
    const { rows } = await store.pool.query(
      "select table_name from information_schema.tables where table_schema = $1 and table_name <> 'migrations'",
      [name],
    )
    expect(rows).toEqual([])
    await migrate([store])
    expect((await store.orm.migrator.getPending()).length).toBe(0)
  })
})

test('two processes that migrate at once wait for each other', async () => {
  const other = await freshStores()
  const all = [other.stores.events, other.stores.system, other.stores.projections]
  for (const store of all) await store.orm.migrator.down({ to: 0 })
  const done = await Promise.all([migrate(all), migrate(all)])
  expect(done.flat()).toHaveLength(all.flatMap((store) => storeDefinitions[store.name].migrations).length)
  await other.close()
})
