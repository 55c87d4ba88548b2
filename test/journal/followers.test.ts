import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEmbedded } from '../../src/database/embedded.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openStores, type Stores, transaction } from '../../src/database/store.ts'
import type { Follower } from '../../src/journal/followers.ts'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { dropDatabase, type FreshStores, freshDatabase, freshStores } from '../support/database.ts'
import { feedId, itemId } from '../support/instance.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'

const table = `create table if not exists projections.told (
  position bigint, user_id uuid, number bigint, times int not null default 1, primary key (user_id, number))`

/** A follower whose effect counts how often it was told of each event. */
const teller = (options: { name?: string; before?: (number: number) => void } = {}): Follower => ({
  name: options.name ?? 'teller',
  store: 'projections',
  async apply(events, client) {
    for (const { position, user, event } of events) {
      options.before?.(event.number)
      await client.query(
        `insert into projections.told as t (position, user_id, number) values ($1, $2, $3)
         on conflict (user_id, number) do update set times = t.times + 1`,
        [position, user, event.number],
      )
    }
  },
})

const play = (doors: Doors, user: UserId, n: number) =>
  doors.call('post', '/play', {
    user,
    body: {
      rss_source_feed: feedId('https://feeds.example/follow.xml'),
      rss_source_item: itemId(`g-${n % 7}`, `https://media.example/${n % 7}.mp3`),
      position: n,
      played: false,
    },
  })

/** Without those that every instance has. */
const ownStates = async ({ instance }: Doors) =>
  (await instance.following.states()).filter(({ name }) => name !== instance.publicity.follower.name)

const told = async (stores: Stores) =>
  (await stores.projections.pool.query('select user_id, number::int, times from projections.told order by position'))
    .rows

/** Every event of every user was told once, and each user's in the order of their numbers. */
async function expectEachOnceInOrder(stores: Stores) {
  const seen = await told(stores)
  const { rows } = await stores.events.pool.query('select count(*)::int as count from events.events')
  expect(seen).toHaveLength(rows[0].count)
  expect(seen.every((row) => row.times === 1)).toBe(true)
  const last = new Map<string, number>()
  for (const { user_id, number } of seen) {
    expect(number).toBeGreaterThan(last.get(user_id) ?? 0)
    last.set(user_id, number)
  }
}

describe('a follower of the journal', () => {
  let fresh: FreshStores
  let stores: Stores
  beforeEach(async () => {
    fresh = await freshStores()
    stores = fresh.stores
    await stores.projections.pool.query(table)
  })
  afterEach(() => fresh.close())

  const follow = async (doors: Doors) => {
    await sequenceArrivals(stores.events)
    await doors.instance.following.advance()
  }

  test('is told of every event exactly once, in each user’s order, while writers go on and two processes follow', async () => {
    const doors = openDoors(stores, [teller()])
    const other = openDoors(stores, [teller()])
    const users = Array.from({ length: 8 }, somebody)
    let writing = true
    const following = [doors, other].map(async (process) => {
      while (writing) await follow(process)
    })
    await Promise.all(
      users.map(async (user) => {
        for (let n = 0; n < 25; n++) await play(doors, user, n)
      }),
    )
    writing = false
    await Promise.all(following)
    await follow(doors)
    await expectEachOnceInOrder(stores)
    expect((await ownStates(doors))[0]).toMatchObject({ lag: 0, stopped: null })
  })

  test('is told later, not never, of an event whose transaction commits late', async () => {
    const doors = openDoors(stores, [teller()])
    const late = somebody()
    await play(doors, late, 1)
    // The statement of another append, in a transaction that does not end yet.
    let commit = () => {}
    const hanging = new Promise<void>((resolve) => {
      commit = resolve
    })
    const transactionOver = transaction(stores.events.pool, async (client) => {
      await client.query('update events.heads set last_number = 2, last_stamp = last_stamp + 1 where user_id = $1', [
        late,
      ])
      await client.query(
        `insert into events.events (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
         select user_id, 2, gen_random_uuid(), stream, type, version, data, app, device, stamp, recorded_at
         from events.events where user_id = $1 and number = 1`,
        [late],
      )
      await client.query('insert into events.arrivals (user_id, first, last) values ($1, 2, 2)', [late])
      await hanging
    })
    for (let n = 0; n < 5; n++) await play(doors, somebody(), n)
    await follow(doors)
    expect(await told(stores)).toHaveLength(6)
    commit()
    await transactionOver
    await follow(doors)
    await expectEachOnceInOrder(stores)
  })

  test('does not wait for long transactions elsewhere in the server', async () => {
    const elsewhere = await freshDatabase()
    const client = new pg.Client(elsewhere)
    await client.connect()
    await client.query('begin')
    await client.query('create table held (id int)')
    await client.query('select pg_current_xact_id()')
    const here = await stores.system.pool.connect()
    await here.query('begin')
    await here.query('select pg_current_xact_id()')
    const doors = openDoors(stores, [teller()])
    for (let n = 0; n < 5; n++) await play(doors, somebody(), n)
    await follow(doors)
    expect(await told(stores)).toHaveLength(5)
    await here.query('rollback')
    here.release()
    await client.end()
    await dropDatabase(elsewhere)
  })

  test('that fails in the middle of a batch has told nothing of it twice', async () => {
    let failing = true
    const doors = openDoors(stores, [
      teller({
        before: (number) => {
          if (!failing || number !== 3) return
          failing = false
          throw new Error('once')
        },
      }),
    ])
    const user = somebody()
    for (let n = 0; n < 6; n++) await play(doors, user, n)
    await follow(doors)
    await follow(doors)
    await expectEachOnceInOrder(stores)
  })

  test('stops visibly before an event it can not apply, while others go on, and goes on when told to', async () => {
    let poison = true
    const picky = teller({
      name: 'picky',
      before: (number) => {
        if (poison && number === 4) throw new Error('can not digest this')
      },
    })
    const easy: Follower = { name: 'easy', store: 'system', apply: async () => {} }
    const doors = openDoors(stores, [picky, easy])
    const user = somebody()
    for (let n = 0; n < 9; n++) await play(doors, user, n)
    await follow(doors)
    await follow(doors)
    expect(await ownStates(doors)).toEqual([
      { name: 'picky', position: 3, lag: 6, stopped: { at: 4, reason: 'can not digest this' } },
      { name: 'easy', position: 9, lag: 0, stopped: null },
    ])
    expect(await told(stores)).toHaveLength(3)
    poison = false
    await follow(doors)
    expect(await told(stores)).toHaveLength(3)
    await doors.instance.following.retry('picky')
    await follow(doors)
    await expectEachOnceInOrder(stores)
  })

  test('stops visibly before an event of a newer version than this server knows', async () => {
    const doors = openDoors(stores, [teller()])
    const user = somebody()
    await play(doors, user, 1)
    await transaction(stores.events.pool, async (client) => {
      await client.query("set local session_replication_role = 'replica'")
      await client.query('update events.events set version = 9 where user_id = $1', [user])
    })
    await follow(doors)
    const [state] = await ownStates(doors)
    expect(state).toMatchObject({ position: 0, stopped: { at: 1, reason: expect.stringContaining('version 9') } })
  })

  test('passes over the holes that removed events leave', async () => {
    const doors = openDoors(stores, [teller()])
    const user = somebody()
    for (let n = 0; n < 5; n++) await play(doors, user, n)
    await sequenceArrivals(stores.events)
    await transaction(stores.events.pool, async (client) => {
      await client.query("set local balados.removing_events = 'on'")
      await client.query('delete from events.events where number in (2, 5)')
    })
    await follow(doors)
    expect((await told(stores)).map((row) => row.number)).toEqual([1, 3, 4])
    expect((await ownStates(doors))[0]).toMatchObject({ position: 5, lag: 0 })
  })

  test('goes on where it was after the rows were restored into a fresh server, whose transaction ids start again', async () => {
    const doors = openDoors(stores, [teller()])
    const user = somebody()
    for (let n = 0; n < 4; n++) await play(doors, user, n)
    await follow(doors)
    for (let n = 4; n < 6; n++) await play(doors, user, n)

    const dataDir = await mkdtemp(join(tmpdir(), 'balados-restore-'))
    await chmod(dataDir, 0o755)
    const quiet = { info: () => {}, warn: () => {}, error: console.error }
    const server = await startEmbedded({ dataDir, log: quiet, fsync: false })
    const url = server.url()
    const restored = await openStores({ events: url, system: url, projections: url }, storeDefinitions)
    try {
      await migrate([restored.events, restored.system, restored.projections])
      await restored.projections.pool.query(table)
      await copyRows(stores.events.pool, restored.events.pool)
      const again = openDoors(restored, [teller()])
      await play(again, user, 6)
      await sequenceArrivals(restored.events)
      await again.instance.following.advance()
      await expectEachOnceInOrder(restored)
      expect(await told(restored)).toHaveLength(7)
    } finally {
      await restored.close()
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    }
  })
})

/** What a dump and a restore do: rows as they are, sequences where they were. */
async function copyRows(from: pg.Pool, to: pg.Pool) {
  const { rows: tables } = await from.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_schema in ('events', 'system', 'projections') and table_name <> 'migrations'`,
  )
  for (const { name } of tables) {
    await to.query(`delete from ${name}`)
    const { rows } = await from.query(`select to_jsonb(t) as row from ${name} t`)
    await to.query(`insert into ${name} select * from jsonb_populate_recordset(null::${name}, $1)`, [
      JSON.stringify(rows.map((r) => r.row)),
    ])
  }
  await to.query("select setval('events.arrivals_id_seq', (select coalesce(max(id), 0) + 100 from events.arrivals))")
}

describe('the journal’s events', () => {
  test('can not be changed, and removed only by those who say so', async () => {
    const fresh = await freshStores()
    const { pool } = fresh.stores.events
    const doors = openDoors(fresh.stores)
    await play(doors, somebody(), 1)
    for (const sql of ["update events.events set type = 'x'", 'delete from events.events', 'truncate events.events']) {
      await expect(pool.query(sql)).rejects.toThrow(/immutable/)
    }
    await transaction(pool, async (client) => {
      await client.query("set local balados.removing_events = 'on'")
      await expect(client.query('delete from events.events')).resolves.toMatchObject({ rowCount: 1 })
    })
    await expect(pool.query('truncate events.events')).rejects.toThrow(/immutable/)
    await fresh.close()
  })
})
