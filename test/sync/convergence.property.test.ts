import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshStores, freshStores } from '../support/database.ts'
import { type Make, newDevice, sync } from '../support/journal-devices.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { makes, perform, type Step, scripts, seenByRest, seenIn, settle } from '../support/journal-scripts.ts'
import { runs } from '../support/runs.ts'

let fresh: FreshStores
let doors: Doors
beforeAll(async () => {
  fresh = await freshStores()
  doors = openDoors(fresh.stores)
})
afterAll(() => fresh.close())

const length = { minLength: 1, maxLength: 120 }

test('any interleaving of devices, lost answers, repeats and wrong clocks ends with all of them seeing the same', async () => {
  await fc.assert(
    fc.asyncProperty(makes, scripts(0, length), async (made, script) => {
      const user = somebody()
      const devices = made.map((make) => newDevice(user, make))
      const now = await perform(doors, devices, script)
      await settle(doors, devices, now)
      const seen = await seenByRest(doors, user)
      for (const on of devices) expect(seenIn(on.rows, user)).toEqual(seen)
      const late = newDevice(user, { app: 'late.app', name: 'late', skew: 0, shape: 'A', whole: true, compacts: false })
      await sync(doors, late, now)
      expect(seenIn(late.rows, user)).toEqual(seen)
    }),
    { numRuns: runs(100, 1000) },
  )
}, 900_000)

/** A direct command leaves the time to the server, so an app that is not told of its own does not know it. */
const withoutTimes = (seen: ReturnType<typeof seenIn>) =>
  JSON.parse(
    JSON.stringify(seen, (key, value) =>
      key === 'subscriptions' ? Object.keys(value) : key === 'updated_at' ? undefined : value,
    ),
  )

test('devices that give direct commands between their syncs see the same in the end too', async () => {
  await fc.assert(
    fc.asyncProperty(makes, scripts(6, length), async (made, script) => {
      const user = somebody()
      const devices = made.map((make) => newDevice(user, make))
      await settle(doors, devices, await perform(doors, devices, script))
      const seen = withoutTimes(await seenByRest(doors, user))
      for (const on of devices) expect(withoutTimes(seenIn(on.rows, user))).toEqual(seen)
    }),
    { numRuns: runs(100, 1000) },
  )
}, 900_000)

/** An app whose clock is a little ahead makes a list, then fills it; its first request arrives after the second. */
const overtaken = (ms: number): Step[] => [
  { step: 'change', device: 0, change: { what: 'playlist', list: 1, change: { do: 'make' } } },
  { step: 'stick', device: 0 },
  { step: 'change', device: 0, change: { what: 'playlist', list: 1, change: { do: 'add', item: 0 } } },
  { step: 'sync', device: 0 },
  { step: 'wait', ms },
  { step: 'repeat', device: 0, request: 0, keyed: false },
]

test.each([0, 1, 2, 3])('a request that was overtaken %i ms ago is no answer to what a fast clock said', async (ms) => {
  const user = somebody()
  const make: Make = { app: 'one.app', name: 'phone', skew: 1, shape: 'A', whole: true, compacts: true }
  const devices = [newDevice(user, make), newDevice(user, { ...make, name: 'tablet', skew: 0 })]
  await settle(doors, devices, await perform(doors, devices, overtaken(ms)))
  const seen = await seenByRest(doors, user)
  for (const on of devices) expect(seenIn(on.rows, user)).toEqual(seen)
})
