import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { before } from '../support/journal-crash.ts'
import { newDevice } from '../support/journal-devices.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { episodes, feeds } from '../support/journal-names.ts'
import { day, makes, perform, scripts, start } from '../support/journal-scripts.ts'
import { readModelTables } from '../support/journal-tables.ts'
import { runs } from '../support/runs.ts'

let fresh: FreshStores
let doors: Doors
/** Another process, which is killed between its append and its read models whenever `dies` says so. */
let mortal: Doors
let dies: () => boolean = () => false
beforeAll(async () => {
  fresh = await freshStores('three')
  doors = openDoors(fresh.stores)
  mortal = openDoors(
    before(fresh.stores, 'projections', (statement) => {
      if (statement.startsWith('project-') && dies()) throw new Error('killed')
    }),
  )
})
afterAll(() => fresh.close())

const shown = (user: UserId) => readModelTables(fresh.stores, doors.instance.journal.readModels.names, user)
const rebuilt = async (user: UserId) => {
  await doors.instance.journal.readModels.rebuild(user)
  return shown(user)
}

/** Runs what may be killed; the caller hears nothing then. */
async function unlessKilled<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if ((error as Error).message === 'killed') return undefined
    throw error
  }
}

const share = (at: Doors, user: UserId, n: number, now: number) =>
  at.call(n % 3 === 0 ? 'delete' : 'post', '/episodes/{item}/share', {
    user,
    now,
    params: { item: episodes[n % episodes.length]?.item ?? '' },
    query: { feed: episodes[n % episodes.length]?.feed ?? '' },
    body: { comment: `comment ${n}` },
  })

const lives = fc.record({
  made: makes,
  script: scripts(6, { minLength: 1, maxLength: 60 }),
  shares: fc.array(fc.nat(12), { maxLength: 8 }),
  deaths: fc.infiniteStream(fc.boolean()),
})

/** A listener's life on a process that dies again and again. */
async function live({ made, script, shares, deaths }: typeof lives extends fc.Arbitrary<infer T> ? T : never) {
  const user = somebody()
  const devices = made.map((make) => newDevice(user, make))
  dies = () => deaths.next().value ?? false
  let now = start
  for (const step of script) {
    now = (await unlessKilled(() => perform(mortal, devices, [step], now))) ?? now
    const next = shares.pop()
    if (next !== undefined) await unlessKilled(() => share(mortal, user, next, now))
  }
  dies = () => false
  return user
}

describe('what processes that were killed between append and read models left behind', () => {
  test('the next read completes, equal to a rebuild', async () => {
    await fc.assert(
      fc.asyncProperty(lives, async (life) => {
        const user = await live(life)
        await doors.call('get', '/subscriptions', { user })
        const completed = await shown(user)
        expect(await rebuilt(user)).toEqual(completed)
      }),
      { numRuns: runs(100, 1000) },
    )
  }, 900_000)

  test('the follower of the journal completes, equal to a rebuild', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(lives, { minLength: 1, maxLength: 3 }), async (all) => {
        const users: UserId[] = []
        for (const life of all) users.push(await live(life))
        await sequenceArrivals(fresh.stores.events)
        await doors.instance.following.advance()
        for (const user of users) {
          const completed = await shown(user)
          expect(await rebuilt(user)).toEqual(completed)
        }
      }),
      { numRuns: runs(40, 400) },
    )
  }, 900_000)
})

const subscribe = (at: Doors, user: UserId, feed: string | undefined) =>
  at.call('post', '/subscriptions', { user, body: { rss_source_feed: feed } })

const followed = async (user: UserId): Promise<string[]> => {
  const { body } = await doors.call('get', '/subscriptions', { user })
  return body.subscriptions.map((row: { rss_source_feed: string }) => row.rss_source_feed).toSorted()
}

test('a first write that was never projected is not passed over by the second', async () => {
  const user = somebody()
  dies = () => true
  await unlessKilled(() => subscribe(mortal, user, feeds[0]))
  dies = () => false
  await subscribe(mortal, user, feeds[1])
  expect(await followed(user)).toEqual([feeds[0], feeds[1]])
})

test('after the read models were dropped a write comes first, and the next read has everything again', async () => {
  const user = somebody()
  await subscribe(doors, user, feeds[0])
  await subscribe(doors, user, feeds[1])
  for (const name of [...doors.instance.journal.readModels.names, 'progress'])
    await fresh.stores.projections.pool.query(`delete from projections.${name}`)
  await subscribe(doors, user, feeds[2])
  expect(await followed(user)).toEqual([feeds[0], feeds[1], feeds[2]].toSorted())
})

test('after the read models were dropped, what is read again equals a rebuild: no tombstone comes back', async () => {
  const user = somebody()
  const at = (days: number) => ({ user, now: Date.now() - days * day })
  const body = { rss_source_feed: feeds[0] }
  await doors.call('post', '/subscriptions', { ...at(60), body })
  await doors.call('delete', '/subscriptions/{feed}', { ...at(59), params: { feed: feeds[0] ?? '' } })
  await doors.call('post', '/subscriptions', { ...at(1), body: { rss_source_feed: feeds[1] } })
  await doors.instance.journal.readModels.purgeTombstones(Date.now() - 45 * day)
  const purged = await shown(user)
  expect(purged.subscriptions).toHaveLength(1)
  for (const name of [...doors.instance.journal.readModels.names, 'progress'])
    await fresh.stores.projections.pool.query(`delete from projections.${name} where user_id = $1`, [user])
  await followed(user)
  expect(await shown(user)).toEqual(purged)
})
