import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStores, type Stores } from '../../src/database/store.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { change, command, type Device, newDevice, prepare, send, take } from '../support/journal-devices.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { changes, makes, seenByRest, seenIn, settle, start } from '../support/journal-scripts.ts'
import { runs } from '../support/runs.ts'

/** Two servers, each with connections and caches of its own, on the same databases. */
interface Pair {
  readonly fresh: FreshStores
  readonly second: Stores
  readonly doors: readonly [Doors, Doors]
}

async function pair(layout: 'one' | 'three'): Promise<Pair> {
  const fresh = await freshStores(layout)
  const second = await openStores(fresh.urls, storeDefinitions, { poolSize: 10 })
  return { fresh, second, doors: [openDoors(fresh.stores), openDoors(second)] }
}

const pairs = new Map<string, Pair>()
beforeAll(async () => {
  for (const layout of ['one', 'three'] as const) pairs.set(layout, await pair(layout))
})
afterAll(async () => {
  for (const { fresh, second } of pairs.values()) {
    await second.close()
    await fresh.close()
  }
})

/** In each round every device does something, and then all of them sync at the same moment. */
const rounds = fc.array(
  fc.record({
    changes: fc.array(fc.record({ device: fc.nat(3), change: changes }), { maxLength: 8, size: 'max' }),
    commands: fc.array(fc.record({ device: fc.nat(3), change: changes }), { maxLength: 2 }),
    fate: fc.array(fc.constantFrom('sync' as const, 'lose' as const, 'twice' as const, 'without key' as const), {
      minLength: 4,
      maxLength: 4,
    }),
  }),
  { minLength: 2, maxLength: 6, size: 'max' },
)

const withoutTimes = (seen: ReturnType<typeof seenIn>) =>
  JSON.parse(
    JSON.stringify(seen, (key, value) =>
      key === 'subscriptions' ? Object.keys(value) : key === 'updated_at' ? undefined : value,
    ),
  )

test.each(['one', 'three'] as const)(
  'requests that really overlap, at two servers, converge (layout %s)',
  async (layout) => {
    const { doors, fresh } = pairs.get(layout) as Pair
    const at = (i: number) => doors[i % 2] as Doors
    await fc.assert(
      fc.asyncProperty(makes, rounds, async (made, script) => {
        const user = somebody()
        const devices = made.map((make) => newDevice(user, make))
        let now = start
        for (const round of script) {
          now += 1000
          for (const { device, change: what } of round.changes)
            change(devices[device % devices.length] as Device, what, now)
          // A listener does one thing after the other, and an app gives its orders in that order.
          const orders = new Map<Device, Promise<unknown>>()
          for (const [i, { device, change: what }] of round.commands.entries()) {
            const on = devices[device % devices.length] as Device
            const before = orders.get(on) ?? Promise.resolve()
            orders.set(
              on,
              before.then(() => command(at(i), on, what, now)),
            )
          }
          const syncs = devices.map(async (on, i) => {
            const request = prepare(on)
            const fate = round.fate[i]
            const keyed = fate !== 'without key'
            const times = fate === 'twice' ? 3 : 1
            const said = await Promise.all(
              Array.from({ length: times }, (_, time) => send(at(i + time), on, request, now, keyed)),
            )
            for (const answer of said) expect(answer).toEqual(said[0])
            if (fate !== 'lose') take(on, request, said[0] as (typeof said)[0])
          })
          await Promise.all([...orders.values(), ...syncs])
        }
        await settle(at(0), devices, now)
        const seen = withoutTimes(await seenByRest(at(1), user))
        for (const on of devices) expect(withoutTimes(seenIn(on.rows, user))).toEqual(seen)
        const { rows: gaps } = await fresh.stores.events.pool.query(
          'select number from events.events where user_id = $1 order by number',
          [user],
        )
        expect(gaps.map((row) => Number(row.number))).toEqual(gaps.map((_, i) => i + 1))
      }),
      { numRuns: runs(100, 1000) },
    )
  },
  900_000,
)
