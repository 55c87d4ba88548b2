import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStores, type Stores, transaction } from '../../src/database/store.ts'
import type { Follower } from '../../src/journal/followers.ts'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { feedId, itemId } from '../support/instance.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { runs } from '../support/runs.ts'

const writers = 16

/** Counts each event into a table, in the transaction of its checkpoint. */
const counter: Follower = {
  name: 'counter',
  store: 'projections',
  async apply(events, client) {
    for (const { user, event } of events) {
      await client.query(
        `insert into projections.counted as c (user_id, number) values ($1, $2)
         on conflict (user_id, number) do update set times = c.times + 1`,
        [user, event.number],
      )
    }
  },
}

let fresh: FreshStores
let otherStores: Stores
/** Two processes on the same databases, each with pools of its own. */
let doors: readonly [Doors, Doors]

beforeAll(async () => {
  fresh = await freshStores()
  otherStores = await openStores(fresh.urls, storeDefinitions, { poolSize: 20 })
  await fresh.stores.projections.pool.query(
    'create table projections.counted (user_id uuid, number bigint, times int not null default 1, primary key (user_id, number))',
  )
  doors = [openDoors(fresh.stores, [counter]), openDoors(otherStores, [counter])]
})
afterAll(async () => {
  await otherStores.close()
  await fresh.close()
})

const play = (process: Doors, user: UserId, episode: number, position: number, key: string | undefined) =>
  process.call('post', '/play', {
    user,
    key,
    body: {
      rss_source_feed: feedId('https://feeds.example/writers.xml'),
      rss_source_item: itemId(`g-${episode}`, `https://media.example/${episode}.mp3`),
      position,
      played: false,
    },
  })

/** An append that hangs in its transaction until it is let go. */
function lateAppend(user: UserId): { commit(): Promise<void> } {
  let letGo = () => {}
  const hanging = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const over = transaction(fresh.stores.events.pool, async (client) => {
    const { rows } = await client.query(
      `insert into events.heads as h (user_id, last_number, last_stamp) values ($1, 1, 1)
       on conflict (user_id) do update set last_number = h.last_number + 1, last_stamp = h.last_stamp + 1
       returning last_number as number, last_stamp as stamp`,
      [user],
    )
    await client.query(
      `insert into events.events (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
       values ($1, $2, gen_random_uuid(), 'share/' || gen_random_uuid(), 'EpisodeUnshared', 1, '{}', 'late', null, $3, now())`,
      [user, rows[0].number, rows[0].stamp],
    )
    await client.query('insert into events.arrivals (user_id, first, last) values ($1, $2, $2)', [user, rows[0].number])
    await hanging
  })
  return {
    commit: () => {
      letGo()
      return over
    },
  }
}

const command = fc.record({ episode: fc.nat(3), position: fc.nat(3000), key: fc.option(fc.nat(3), { nil: undefined }) })
const plan = fc.record({
  users: fc.integer({ min: 1, max: 4 }),
  commands: fc.array(fc.array(command, { minLength: 1, maxLength: 3 }), { minLength: writers, maxLength: writers }),
  late: fc.boolean(),
  follows: fc.integer({ min: 1, max: 3 }),
})

test('16 writers give each user gapless numbers, and a follower applies each event once, late ones too', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ users, commands, late, follows }) => {
      const crowd = Array.from({ length: users }, somebody)
      const hanging = late ? lateAppend(somebody()) : null
      const follow = async (process: Doors) => {
        await sequenceArrivals(process.instance.stores.events)
        await process.instance.following.advance()
      }
      const writing = commands.map(async (ordered, writer) => {
        const user = crowd[writer % users] as UserId
        const process = doors[writer % 2] as Doors
        for (const { episode, position, key } of ordered) {
          const word = key === undefined ? undefined : `key-${key}`
          const { status } = await play(process, user, episode, position, word)
          // The same key with another request is a conflict, and anything else would be a fault.
          expect([200, 409]).toContain(status)
        }
      })
      const following = Array.from({ length: follows }, (_, i) => follow(doors[i % 2] as Doors))
      await Promise.all([...writing, ...following])
      await follow(doors[0])
      await hanging?.commit()
      await follow(doors[1])

      for (const user of crowd) {
        const { rows } = await fresh.stores.events.pool.query(
          `select h.last_number::int as last, count(e.*)::int as count, max(e.number)::int as max,
             count(distinct e.stamp)::int as stamps, max(e.stamp) <= h.last_stamp as stamped
           from events.heads h left join events.events e using (user_id) where user_id = $1 group by h.user_id`,
          [user],
        )
        const { last, count, max, stamps, stamped } = rows[0]
        expect({ count, max }).toEqual({ count: last, max: last === 0 ? null : last })
        // One append, one stamp: each of these appends was one event.
        expect(stamps).toBe(count)
        expect(stamped).not.toBe(false)
      }
      const { rows } = await fresh.stores.events.pool.query(
        `select count(*)::int as wrong from events.events e
         full join projections.counted c using (user_id, number) where c.times is distinct from 1`,
      )
      expect(rows[0].wrong).toBe(0)
      // What the read model shows is what the newest event of each play says.
      const stale = await fresh.stores.events.pool.query(
        `select count(*)::int as stale from projections.plays p
         where p.number <> (select max(e.number) from events.events e
           where e.user_id = p.user_id and e.stream = 'play/' || p.episode_id)`,
      )
      expect(stale.rows[0].stale).toBe(0)
    }),
    { numRuns: runs(100, 1000), seed: 20261122 },
  )
}, 600_000)

test('the same Idempotency-Key, sent 20 times at once to two processes, has one effect and one answer', async () => {
  const user = somebody()
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, i) => play(doors[i % 2] as Doors, user, 1, 7, 'once')),
  )
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  expect(await doors[0].instance.journal.head(user)).toMatchObject({ lastNumber: 1 })
  expect((await play(doors[1], user, 1, 8, 'once')).status).toBe(409)
})

test('a key whose answer was forgotten adds nothing the second time either', async () => {
  const user = somebody()
  await play(doors[0], user, 1, 7, 'forgotten')
  await play(doors[0], user, 1, 9, undefined)
  await fresh.stores.events.pool.query('delete from events.answers where user_id = $1', [user])
  expect((await play(doors[1], user, 1, 7, 'forgotten')).status).toBe(200)
  expect(await doors[0].instance.journal.head(user)).toMatchObject({ lastNumber: 2 })
})

test('the first answer is given again whatever happened since, to the same user and app only', async () => {
  const user = somebody()
  const make = (app: string) => doors[0].call('post', '/playlists', { user, app, key: 'make', body: { name: 'Road' } })
  const first = await make('one')
  await doors[0].call('delete', '/playlists/{id}', { user, params: { id: first.body.id } })
  expect(await make('one')).toEqual(first)
  expect((await make('two')).body.id).not.toBe(first.body.id)
})
