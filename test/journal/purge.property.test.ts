import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { type Device, newDevice, prepare, send, take } from '../support/journal-devices.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { noRows } from '../support/journal-rows.ts'
import { day, makes, perform, scripts, seenByRest, seenIn, settle } from '../support/journal-scripts.ts'
import { readModelTables } from '../support/journal-tables.ts'
import { runs } from '../support/runs.ts'

const layouts = ['one', 'three'] as const
const opened = new Map<string, { fresh: FreshStores; doors: Doors }>()
beforeAll(async () => {
  for (const layout of layouts) {
    const fresh = await freshStores(layout)
    opened.set(layout, { fresh, doors: openDoors(fresh.stores) })
  }
})
afterAll(async () => {
  for (const { fresh } of opened.values()) await fresh.close()
})

const tokenNumber = (token: string) => Number(Buffer.from(token, 'base64url').toString().split('.').at(-1))

/** Syncs; a device whose token is void forgets what it was told, keeps what it has to say, and syncs in full. */
async function syncAsApp(doors: Doors, on: Device, now: number): Promise<number> {
  const request = prepare(on)
  const said = await send(doors, on, request, now, true)
  if (said.status !== 410) {
    take(on, request, said)
    return said.status
  }
  expect(said.body.error_code).toBe('sync_token_expired')
  on.token = null
  on.base = noRows()
  const full = prepare(on)
  take(on, full, await send(doors, on, full, now, true))
  return 410
}

test.each(layouts)(
  'after a purge of tombstones a rebuild is equal, and devices with void tokens come back to the same (%s)',
  async (layout) => {
    const { fresh, doors } = opened.get(layout) as { fresh: FreshStores; doors: Doors }
    const { journal } = doors.instance
    const shown = (user: UserId) => readModelTables(fresh.stores, journal.readModels.names, user)
    await fc.assert(
      fc.asyncProperty(makes, scripts(0, { minLength: 1, maxLength: 80 }), fc.nat(4), async (made, script, days) => {
        const user = somebody()
        const devices = made.map((make) => newDevice(user, make))
        const now = await perform(doors, devices, script)
        const seen = await seenByRest(doors, user)

        await journal.readModels.purgeTombstones(now - days * day)
        expect(await seenByRest(doors, user)).toEqual(seen)
        const purged = await shown(user)
        await journal.readModels.rebuild(user)
        expect(await shown(user)).toEqual(purged)

        const { horizon } = await journal.head(user)
        for (const on of devices) {
          const isVoid = on.token !== null && tokenNumber(on.token) < horizon
          expect(await syncAsApp(doors, on, now)).toBe(isVoid ? 410 : 200)
        }
        await settle(doors, devices, now)
        const after = await seenByRest(doors, user)
        for (const on of devices) expect(seenIn(on.rows, user)).toEqual(after)
      }),
      { numRuns: runs(100, 1000) },
    )
  },
  900_000,
)

test('a device that only listens for years keeps its token while nothing of its listener is purged', async () => {
  const { doors } = opened.get('one') as { doors: Doors }
  const user = somebody()
  const body = { changes: { saves: [] } }
  const { sync_token: last_sync } = (await doors.call('post', '/sync', { user, device: 'tv', body })).body
  await doors.instance.journal.readModels.purgeTombstones(Date.now() + 1000 * day)
  const later = { user, device: 'tv', now: Date.now() + 1000 * day, body: { last_sync, changes: {} } }
  expect((await doors.call('post', '/sync', later)).status).toBe(200)
})
