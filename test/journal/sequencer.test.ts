import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStores, type Stores, transaction } from '../../src/database/store.ts'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { openDoors, somebody } from '../support/journal-doors.ts'
import { addToList, follow, makeList } from '../support/journal-orders.ts'

let fresh: FreshStores
let others: Stores[]
beforeAll(async () => {
  fresh = await freshStores()
  others = await Promise.all([1, 2, 3].map(() => openStores(fresh.urls, storeDefinitions, { poolSize: 5 })))
})
afterAll(async () => {
  for (const stores of others) await stores.close()
  await fresh.close()
})

/** Every event has one position, positions have no gap, and each user's events stand in their order. */
async function expectOrder() {
  const { pool } = fresh.stores.events
  const { rows } = await pool.query<{ position: number; user: string; number: number }>(
    'select position::int, user_id as "user", number::int from events.positions order by position',
  )
  const { rows: events } = await pool.query('select count(*)::int as count from events.events')
  expect(rows).toHaveLength(events[0].count)
  expect(rows.map((row) => row.position)).toEqual(rows.map((_, i) => i + 1))
  const last = new Map<string, number>()
  for (const { user, number } of rows) {
    expect(number).toBe((last.get(user) ?? 0) + 1)
    last.set(user, number)
  }
  const { rows: store } = await pool.query('select position::int from events.store')
  expect(store).toEqual([{ position: rows.length }])
  expect((await pool.query('select from events.arrivals')).rowCount).toBe(0)
}

test('sequencers of four processes, all awake while sixteen write, place every event once and in order', async () => {
  const processes = [fresh.stores, ...others]
  const doors = processes.map((stores) => openDoors(stores))
  let writing = true
  let placed = 0
  const sequencing = processes.map(async ({ events }) => {
    while (writing) {
      const now = await sequenceArrivals(events)
      placed += now
    }
  })
  const crowd = Array.from({ length: 6 }, somebody)
  await Promise.all(
    Array.from({ length: 16 }, async (_, writer) => {
      const at = doors[writer % 4] ?? openDoors(fresh.stores)
      const user = crowd[writer % crowd.length] ?? somebody()
      if (writer < crowd.length) await makeList(at, user)
      for (let i = 0; i < 8; i++) {
        await follow(at, user, `${writer}-${i}`, [0, 1, 2, 3])
        await addToList(at, user, `${writer}-${i}`)
      }
    }),
  )
  writing = false
  await Promise.all(sequencing)
  const left = await sequenceArrivals(fresh.stores.events)
  await expectOrder()
  const { rows } = await fresh.stores.events.pool.query('select count(*)::int as count from events.events')
  expect(placed + left).toBe(rows[0].count)
}, 120_000)

test('a backlog of more arrivals than one batch is placed at once, an append of a thousand events in one piece', async () => {
  const { pool } = fresh.stores.events
  await transaction(pool, async (client) => {
    await client.query(`insert into events.heads (user_id, last_number, last_stamp)
      select gen_random_uuid(), 2, 2 from generate_series(1, 700)`)
    await client.query(
      'insert into events.heads (user_id, last_number, last_stamp) values (gen_random_uuid(), 1000, 1)',
    )
    await client.query(`insert into events.events
      (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
      select user_id, n, gen_random_uuid(), 'share/' || n, 'EpisodeUnshared', 1, '{}', 'x', null, 1, now()
      from events.heads, lateral generate_series(1, last_number) n
      where not exists (select from events.events e where e.user_id = heads.user_id)`)
    // Two appends of each, all second ones after all first ones.
    await client.query(`insert into events.arrivals (user_id, first, last)
      select user_id, n, case when last_number = 2 then n else last_number end from events.heads
      cross join generate_series(1, 2) n
      where last_number = 2 or (last_number = 1000 and n = 1)
      order by n, user_id`)
  })
  await sequenceArrivals(fresh.stores.events)
  await expectOrder()
})

test('while one sequencer is at work the others do not wait for it', async () => {
  await follow(openDoors(fresh.stores), somebody(), 'waiting', [])
  await transaction(fresh.stores.events.pool, async (client) => {
    await client.query('select pg_advisory_xact_lock(7227300002)')
    const early = await Promise.race([sequenceArrivals(fresh.stores.events), sleep(5_000, 'waited')])
    expect(early).toBe(0)
  })
  expect(await sequenceArrivals(fresh.stores.events)).toBeGreaterThan(0)
  await expectOrder()
})
