import { expect, test } from 'vitest'
import { Accounts } from '../../migrations/system/20261122000100-accounts.ts'
import { Security } from '../../migrations/system/20261122000500-security.ts'
import { Credentials } from '../../migrations/system/20261122000600-credentials.ts'
import { Devices } from '../../migrations/system/20261122000601-devices.ts'
import { accountEntities } from '../../src/accounts/index.ts'
import { openStore } from '../../src/database/store.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { freshStores } from '../support/database.ts'

test('after migrating, the entities and the tables of accounts differ in nothing, and the way back is clean', async () => {
  const { stores, urls, close } = await freshStores()
  const migrations = [
    { name: '20261122000100-accounts', class: Accounts },
    { name: '20261122000500-security', class: Security },
    { name: '20261122000600-credentials', class: Credentials },
    { name: '20261122000601-devices', class: Devices },
  ]
  const last = migrations.at(-1)?.name ?? ''
  const store = await openStore(urls.system, { name: 'system', entities: accountEntities, migrations })
  try {
    const ours = /"(users|handles|sessions|app_tokens|second_factors|recovery_codes|credentials|devices)"/
    const diff = async () => {
      const sql: string = await store.orm.schema.getUpdateSchemaSQL({ schema: 'system' })
      return sql.split('\n').filter((line) => ours.test(line))
    }
    expect(await diff()).toEqual([])

    // Doors that came later keep tables that refer to users.
    const later = storeDefinitions.system.migrations.map(({ name }) => name).filter((name) => name > last)
    await stores.system.orm.migrator.down({ migrations: later.toReversed() })
    for (const { class: Step } of migrations.toReversed()) {
      const step = new Step(store.orm.em.getDriver(), store.orm.config)
      step.down()
      for (const sql of step.getQueries()) await stores.system.pool.query(String(sql))
    }
    const left = await stores.system.pool.query(
      `select table_name from information_schema.tables where table_schema = 'system'
       and table_name in ('users', 'handles', 'sessions', 'app_tokens', 'second_factors', 'recovery_codes', 'credentials', 'devices')`,
    )
    expect(left.rows).toEqual([])
  } finally {
    await store.orm.close(true)
    await close()
  }
})
