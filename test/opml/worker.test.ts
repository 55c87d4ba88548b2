import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { createImporter } from '../../src/opml/importer.ts'
import { createImports } from '../../src/opml/imports.ts'
import { readHere } from '../../src/opml/reading.ts'
import { subscriptionsOf } from '../../src/subscriptions/queries.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { openDoors } from '../support/journal-doors.ts'
import { opml } from './opml-app.ts'

let fresh: FreshStores
beforeAll(async () => {
  fresh = await freshStores()
})
afterAll(() => fresh.close())

const lines: string[] = []
const log = { error: (context: object, message: string) => lines.push(`${JSON.stringify(context)} ${message}`) }

/** Somebody with a file in line, and workers on processes of their own. */
async function world(podcasts: number) {
  const { instance } = openDoors(fresh.stores)
  const { journal, catalog } = instance
  const user = randomUUID() as UserId
  await fresh.stores.system.pool.query(
    `insert into system.users (id, username, password_hash, created_at) values ($1::uuid, 'l_' || left($1::text, 8), 'none', now())`,
    [user],
  )
  const imports = createImports(fresh.stores.system)
  const outlines = Array.from(
    { length: podcasts },
    (_, n) => `<outline xmlUrl="https://a.example/private-secret/${n}"/>`,
  )
  const file = readHere(opml(`<outline text="All">${outlines.join('')}</outline>`))
  if (isRefusal(file)) throw new Error(file.message)
  const added = await imports.add(user, { app: 'test.app', device: 'phone' }, file, Date.now())
  if (isRefusal(added)) throw new Error(added.message)
  const worker = (over: Partial<Parameters<typeof createImporter>[0]> = {}) =>
    createImporter({ journal, catalog, imports, clock: Date.now, log, ...over })
  const state = async () => {
    const found = await imports.find(user, added.id)
    if (!found) throw new Error('gone')
    return found
  }
  const expire = () =>
    fresh.stores.system.pool.query(
      `update system.imports set claimed_until = now() - interval '1 second' where user_id = $1`,
      [user],
    )
  const followed = async () => (await subscriptionsOf(fresh.stores.projections.pool, user)).length
  return { user, journal, imports, file, worker, state, expire, followed }
}

test('a worker that is killed after writing and before noting it loses and counts nothing twice', async () => {
  const { imports, worker, state, expire, followed } = await world(600)
  let steps = 0
  const dying = worker({
    imports: {
      ...imports,
      step: async (claim, step) => {
        if (++steps === 2) throw new Error('killed')
        return imports.step(claim, step)
      },
      release: async () => {},
    },
  })
  await dying.work()
  expect(await state()).toMatchObject({ state: 'running', done: 250, subscribed: 250 })
  expect(await followed()).toBe(500)
  await worker().work()
  expect(await state()).toMatchObject({ state: 'running', done: 250 })
  await expire()
  await worker().work()
  expect(await state()).toMatchObject({ state: 'done', done: 600, subscribed: 600, already: 0, failed: [] })
  expect(await followed()).toBe(600)
})

test('a worker that stops lets go after its step, for another to go on at once', async () => {
  const { imports, worker, state } = await world(600)
  const stopping = worker({
    imports: {
      ...imports,
      step: async (claim, step) => {
        stopping.stop()
        return imports.step(claim, step)
      },
    },
  })
  await stopping.work()
  expect(await state()).toMatchObject({ state: 'running', done: 250 })
  await Promise.all([worker().work(), worker().work(), worker().work()])
  expect(await state()).toMatchObject({ state: 'done', done: 600, subscribed: 600, already: 0 })
})

test('what fails again and again is given up and says so, and no URL is in the log or with the jobs', async () => {
  lines.length = 0
  const { worker, state, expire, journal } = await world(3)
  const broken = { ...journal, commit: () => Promise.reject(new Error('the disk is full')) }
  for (let n = 0; n < 5; n++) {
    await worker({ journal: broken }).work()
    await expire()
  }
  await worker().work()
  expect(await state()).toMatchObject({ state: 'failed', done: 0, endedAt: expect.any(Date) })
  expect(lines).toHaveLength(5)
  expect(lines.join()).not.toContain('secret')
  const { rows } = await fresh.stores.system.pool.query('select work from system.imports where state in ($1, $2)', [
    'done',
    'failed',
  ])
  expect(rows.every((row) => row.work === null)).toBe(true)
})

test('a listener has three imports in line at the most, and old ones are forgotten', async () => {
  const { user, imports, file, state } = await world(1)
  const author = { app: 'test.app', device: null }
  await imports.add(user, author, file, Date.now())
  await imports.add(user, author, file, Date.now() - 31 * 86_400_000)
  expect(await imports.add(user, author, file, Date.now())).toMatchObject({ refused: 'conflict' })
  expect(await imports.purge(Date.now())).toBe(1)
  expect((await imports.list(user, 10)).length).toBe(2)
  await fresh.stores.system.pool.query('delete from system.users where id = $1', [user])
  await expect(state()).rejects.toThrow('gone')
})
