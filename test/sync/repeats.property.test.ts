import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import { queueOf } from '../../src/podcast/fixed-ids.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { change, type Device, newDevice, prepare, send, sync } from '../support/journal-devices.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { changes, day, makes, perform, scripts, seenByRest, seenIn, settle, start } from '../support/journal-scripts.ts'
import { readModelTables } from '../support/journal-tables.ts'
import { runs } from '../support/runs.ts'

let fresh: FreshStores
let doors: Doors
beforeAll(async () => {
  fresh = await freshStores()
  doors = openDoors(fresh.stores)
})
afterAll(() => fresh.close())

const length = { minLength: 1, maxLength: 80 }

/** Everything a request could have changed. */
async function standing(user: UserId) {
  const { journal } = doors.instance
  const { lastNumber } = await journal.head(user)
  return { lastNumber, tables: await readModelTables(fresh.stores, journal.readModels.names, user) }
}

test('a repeated request changes nothing and is told the same changes, with or without its key', async () => {
  await fc.assert(
    fc.asyncProperty(makes, scripts(2, length), fc.nat(3), async (made, script, which) => {
      const user = somebody()
      const devices = made.map((make) => newDevice(user, make))
      const now = await perform(doors, devices, script)
      const on = devices[which % devices.length] as Device
      const request = prepare(on)
      const first = await send(doors, on, request, now, true)
      const before = await standing(user)
      expect(await send(doors, on, request, now + day / 2, true)).toEqual(first)
      const again = await send(doors, on, request, now + 1, false)
      expect(again.body.changes ?? again.body.data).toEqual(first.body.changes ?? first.body.data)
      expect(again.body.sync_token).toEqual(first.body.sync_token)
      expect(await standing(user)).toEqual(before)
    }),
    { numRuns: runs(100, 1000) },
  )
}, 900_000)

test('everything that was ever heard, said once more in any order, changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      makes,
      scripts(2, length).map((script) => script.filter(({ step }) => step !== 'stick')),
      fc.infiniteStream(fc.nat()),
      async (made, script, luck) => {
        const user = somebody()
        const devices = made.map((make) => newDevice(user, make))
        const now = await perform(doors, devices, script)
        const before = await standing(user)
        const all = devices.flatMap((on) => on.sent.map((request) => ({ on, request, at: luck.next().value ?? 0 })))
        for (const { on, request } of all.toSorted((a, b) => a.at - b.at)) await send(doors, on, request, now, false)
        expect(await standing(user)).toEqual(before)
      },
    ),
    { numRuns: runs(100, 1000) },
  )
}, 900_000)

/**
 * What stands, without times, which the server may have moved a little; and without collections, in which the server
 * has a say: what is followed moves in, what is left moves out.
 */
function valuesOf({ collections: _, subscriptions, ...seen }: ReturnType<typeof seenIn>) {
  const values = JSON.stringify(seen, (key, value) => (key === 'updated_at' ? undefined : value))
  return { subscriptions: Object.keys(subscriptions), ...JSON.parse(values) }
}

const onPurpose = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('change' as const), change: changes }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('sync' as const, 'lose' as const, 'listen' as const) }) },
  ),
  { minLength: 2, maxLength: 20, size: 'max' },
)

test('rewinding, un-playing and whatever else one device does on purpose survives, whatever its clock says', async () => {
  await fc.assert(
    fc.asyncProperty(makes, scripts(2, length), onPurpose, async (made, script, doings) => {
      const user = somebody()
      const devices = made.map((make, i) => newDevice(user, { ...make, name: make.name ?? `device-${i}` }))
      let now = await perform(doors, devices, script)
      await settle(doors, devices, now)
      const [on, ...others] = devices as [Device, ...Device[]]
      for (const doing of doings) {
        now += 1000
        if (doing.do === 'change') change(on, doing.change, now)
        else if (doing.do === 'sync') await sync(doors, on, now)
        else if (doing.do === 'lose') await send(doors, on, prepare(on), now, true)
        else for (const other of others) await sync(doors, other, now)
      }
      const wanted = valuesOf(seenIn(on.rows, user))
      await settle(doors, devices, now)
      expect(valuesOf(await seenByRest(doors, user))).toEqual(wanted)
      for (const each of devices) expect(valuesOf(seenIn(each.rows, user))).toEqual(wanted)
    }),
    { numRuns: runs(100, 1000) },
  )
}, 900_000)

/** Changes that devices make apart: times alone decide, and of each list every device makes one edit. */
const apart = fc.array(
  fc.record({
    device: fc.nat(2),
    change: changes.filter(
      ({ what, ...of }) =>
        what !== 'collection' &&
        !('duration' in of && of.duration !== null) &&
        !('change' in of && of.change.do === 'make'),
    ),
    wait: fc.constantFrom(0, 0, 1, 5000),
  }),
  { minLength: 2, maxLength: 14, size: 'max' },
)

test('in which order devices come back from being offline does not matter', async () => {
  await fc.assert(
    fc.asyncProperty(makes, apart, fc.boolean(), async (made, doings, turned) => {
      const ends = []
      for (const reversed of [false, true]) {
        const user = somebody()
        const devices = made
          .slice(0, 3)
          .map((make, i) => newDevice(user, { ...make, name: `${i}`, compacts: false, skew: Math.min(0, make.skew) }))
        const [first] = devices as [Device, ...Device[]]
        change(first, { what: 'playlist', list: 0, change: { do: 'add', item: 5 } }, start)
        for (const list of [1, 2]) change(first, { what: 'playlist', list, change: { do: 'make' } }, start)
        await settle(doors, devices, start)
        let now = start + 30 * day
        const edited = new Set<string>()
        for (const { device, change: what, wait } of doings) {
          now += wait
          const on = devices[device % devices.length] as Device
          const edits = what.what === 'playlist' ? `${devices.indexOf(on)} ${what.list}` : ''
          if (edits === '' || !edited.has(edits)) change(on, what, now)
          edited.add(edits)
        }
        // Of three devices the middle one may come first or last.
        const back = reversed ? devices.toReversed() : turned ? [...devices.slice(1), ...devices.slice(0, 1)] : devices
        for (const on of back) await send(doors, on, prepare(on), now + day, true)
        const end = JSON.stringify(valuesOf(await seenByRest(doors, user)))
        ends.push(JSON.parse(end.replaceAll(queueOf(user), 'queue')))
      }
      expect(ends[1]).toEqual(ends[0])
    }),
    { numRuns: runs(100, 1000) },
  )
}, 900_000)
