import { afterAll, beforeAll, expect, test } from 'vitest'
import { transaction } from '../../src/database/store.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { openDoors, somebody } from '../support/journal-doors.ts'
import { follow } from '../support/journal-orders.ts'

let fresh: FreshStores
const user = somebody()
beforeAll(async () => {
  fresh = await freshStores()
  await follow(openDoors(fresh.stores), user, 'guarded', [1, 2, 3])
})
afterAll(() => fresh.close())

const count = async () => (await fresh.stores.events.pool.query('select from events.events')).rowCount
const removing = "set local balados.removing_events = 'on'"

const inTransaction = (...statements: string[]) =>
  transaction(fresh.stores.events.pool, async (client) => {
    for (const statement of statements) await client.query(statement)
  })

test.each([
  "update events.events set data = '{}'",
  'update events.events set number = number',
  'delete from events.events',
  'delete from events.events where number = 1',
  'truncate events.events',
  'truncate events.events, events.heads cascade',
  `insert into events.events select * from events.events on conflict (user_id, number) do update set type = 'x'`,
])('%s is refused', async (statement) => {
  const before = await count()
  await expect(inTransaction(statement)).rejects.toThrow(/events are immutable/)
  expect(await count()).toBe(before)
})

test.each(["update events.events set data = '{}'", 'truncate events.events'])(
  '%s is refused even to who may remove events',
  async (statement) => {
    await expect(inTransaction(removing, statement)).rejects.toThrow(/events are immutable/)
  },
)

test('whoever says so may remove events, in that transaction only', async () => {
  const before = (await count()) ?? 0
  await inTransaction(removing, 'delete from events.events where number = 2')
  expect(await count()).toBe(before - 1)
  for (let i = 0; i < 30; i++) {
    await expect(inTransaction('delete from events.events where number = 1')).rejects.toThrow(/immutable/)
  }
  await expect(inTransaction("set local balados.removing_events = 'off'", 'delete from events.events')).rejects.toThrow(
    /immutable/,
  )
})
