import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { freshStores } from '../support/database.ts'
import { openDoors, somebody } from '../support/journal-doors.ts'
import { makeList, sharedList } from '../support/journal-orders.ts'
import { readModelTables } from '../support/journal-tables.ts'

const program = fileURLToPath(new URL('../support/journal-writer.ts', import.meta.url))
const processes = 4
const perProcess = 4
const times = 5

async function run(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`a writer ended with ${code}: ${said}`)
}

test.each([
  { layout: 'one', users: 1 },
  { layout: 'three', users: 1 },
  { layout: 'three', users: 5 },
] as const)(
  'sixteen writers in four processes on $users user(s) leave no gap and lose nothing ($layout database(s))',
  async ({ layout, users }) => {
    const fresh = await freshStores(layout)
    const doors = openDoors(fresh.stores)
    const crowd = Array.from({ length: users }, somebody)
    for (const user of crowd) await makeList(doors, user)

    const urls = JSON.stringify(fresh.urls)
    await Promise.all(
      Array.from({ length: processes }, (_, i) => run(urls, JSON.stringify(crowd), `p${i}`, String(times))),
    )

    const { pool } = fresh.stores.events
    let items = 0
    for (const user of crowd) {
      const { rows: events } = await pool.query<{ number: number; stamp: number }>(
        'select number::int, stamp::int from events.events where user_id = $1 order by number',
        [user],
      )
      expect(events.map((event) => event.number)).toEqual(events.map((_, i) => i + 1))

      // One append, one stamp; the next append, a later one.
      const { rows: appends } = await pool.query<{ first: number; last: number }>(
        'select first::int, last::int from events.arrivals where user_id = $1 order by id',
        [user],
      )
      let before = { last: 0, stamp: 0 }
      for (const { first, last } of appends) {
        expect(first).toBe(before.last + 1)
        const stamps = new Set(events.slice(first - 1, last).map((event) => event.stamp))
        expect(stamps.size).toBe(1)
        const [stamp = 0] = stamps
        expect(stamp).toBeGreaterThan(before.stamp)
        before = { last, stamp }
      }
      expect(before.last).toBe(events.length)
      expect(await doors.instance.journal.head(user)).toMatchObject({
        lastNumber: before.last,
        lastStamp: before.stamp,
      })

      const list = await doors.call('get', '/playlists/{id}', { user, params: { id: sharedList } })
      items += list.body.items.length
      const { journal } = doors.instance
      const shown = await readModelTables(fresh.stores, journal.readModels.names, user)
      await journal.readModels.rebuild(user)
      expect(await readModelTables(fresh.stores, journal.readModels.names, user)).toEqual(shown)
    }
    expect(items).toBe(processes * perProcess * times)
    await fresh.close()
  },
  120_000,
)
