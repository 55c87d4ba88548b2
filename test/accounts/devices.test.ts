import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createDevices } from '../../src/accounts/devices.ts'
import { createNotes } from '../../src/accounts/notes.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { createWorld, type World } from './world.ts'

const hour = 3600

let world: World
let ada: UserId
beforeAll(async () => {
  world = await createWorld()
  ada = await world.addUser('ada')
})
afterAll(() => world.close())

/** One process of several on the same database. */
const process = () => createDevices(world.system, world.now)

const sighting = (device: string, about: { name?: string; at?: number; sync?: boolean; user?: string } = {}) => {
  const seenAt = about.at ?? world.now()
  const user = about.user ?? ada
  return { user, app: 'app', device, name: about.name ?? null, seenAt, syncedAt: about.sync ? seenAt : null }
}

test('what two processes saw of a device comes to the latest word of each, in whatever order they write', async () => {
  const t = world.now()
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const device = `order ${order}`
    const processes = [process(), process()] as const
    processes[0].note(sighting(device, { at: t, name: 'Earlier', sync: true }))
    processes[0].note(sighting(device, { at: t + 10 }))
    processes[1].note(sighting(device, { at: t + 20, name: 'Later' }))
    processes[1].note(sighting(device, { at: t + 5, name: 'Between' }))
    for (const n of order) await processes[n].flush()
    expect(await process().find(ada, 'app', device)).toMatchObject({
      name: 'Later',
      lastSeenAt: new Date(t + 20),
      lastSyncAt: new Date(t),
    })
  }
})

test('a device heard from again and again is written once a minute, and is listed at once all the same', async () => {
  const [one, two] = [process(), process()]
  const seenAt = world.now()
  await one.sighted(sighting('often', { at: seenAt, sync: true }))
  expect(await two.find(ada, 'app', 'often')).toMatchObject({ lastSyncAt: new Date(seenAt) })
  const queries = vi.spyOn(world.system.pool, 'query')
  for (let n = 1; n <= 100; n++) await one.sighted(sighting('often', { at: seenAt + n, sync: true }))
  expect(queries).not.toHaveBeenCalled()
  queries.mockRestore()
  expect(await one.list(ada)).toContainEqual(
    expect.objectContaining({
      device: 'often',
      lastSeenAt: new Date(seenAt + 100),
      lastSyncAt: new Date(seenAt + 100),
    }),
  )
})

test('a device that another process forgot is there again as soon as it is heard from', async () => {
  const [one, two] = [process(), process()]
  await one.sighted(sighting('back'))
  world.pass(1)
  const { id = '' } = (await two.find(ada, 'app', 'back')) ?? {}
  expect(await two.forget(ada, id)).toBe(true)
  expect(await one.find(ada, 'app', 'back')).toBeNull()
  world.pass(1)
  await one.sighted(sighting('back'))
  expect(await one.find(ada, 'app', 'back')).toMatchObject({ device: 'back', firstSeenAt: new Date(world.now()) })
  expect(await two.find(ada, 'app', 'back')).not.toBeNull()
})

test('a device that is forgotten does not come back by what another process saw before', async () => {
  const [one, two] = [process(), process()]
  one.note(sighting('left'))
  await one.flush()
  two.note(sighting('left', { sync: true }))
  world.pass(1)
  const { id = '' } = (await one.find(ada, 'app', 'left')) ?? {}
  expect(await one.forget(ada, id)).toBe(true)
  await two.flush()
  expect(await one.find(ada, 'app', 'left')).toBeNull()
  world.pass(1)
  two.note(sighting('left'))
  await two.flush()
  expect(await one.find(ada, 'app', 'left')).toMatchObject({ lastSyncAt: null, firstSeenAt: new Date(world.now()) })
})

test('nothing of a forgotten device is left an hour later', async () => {
  const devices = process()
  devices.note(sighting('erased', { name: 'Secret lair' }))
  await devices.flush()
  const { id = '' } = (await devices.find(ada, 'app', 'erased')) ?? {}
  await devices.forget(ada, id)
  const rows = async () => (await world.system.pool.query(`select * from system.devices where device = 'erased'`)).rows
  expect(JSON.stringify(await rows())).not.toContain('lair')
  world.pass(hour)
  await world.accounts.purgeCredentials()
  expect(await rows()).toEqual([])
})

test('an app that makes up a device at each start keeps the 200 last seen', async () => {
  const grace = await world.addUser('grace')
  const devices = process()
  for (let n = 0; n < 203; n++) devices.note(sighting(`made up ${n}`, { at: world.now() + n, user: grace }))
  await devices.flush()
  expect(await devices.list(grace)).toHaveLength(203)
  await devices.purge()
  const left = await devices.list(grace)
  expect(left).toHaveLength(200)
  expect(left[0]?.device).toBe('made up 202')
  expect(left.at(-1)?.device).toBe('made up 3')
})

test('a user who is gone is no obstacle to noting the devices of others', async () => {
  const gone = await world.addUser('gone')
  const devices = process()
  devices.note(sighting('of nobody', { user: gone }))
  devices.note(sighting('of somebody'))
  await world.system.pool.query('delete from system.users where id = $1', [gone])
  await devices.flush()
  expect(await devices.find(ada, 'app', 'of somebody')).not.toBeNull()
})

test('a device costs no write per request', async () => {
  const devices = process()
  const query = vi.spyOn(world.system.pool, 'query')
  for (let n = 0; n < 100; n++) devices.note(sighting('busy', { sync: true }))
  expect(query).not.toHaveBeenCalled()
  await devices.flush()
  expect(query).toHaveBeenCalledTimes(1)
  query.mockRestore()
})

test('a flush waits for the one before it, and what that could not write it writes', async () => {
  const written: string[] = []
  let fail: (error: Error) => void = () => {}
  const first = new Promise<void>((_, reject) => {
    fail = reject
  })
  const writes = [() => first]
  const notes = createNotes<string>({
    keyOf: (text) => text,
    both: (one) => one,
    write: async (texts) => {
      await writes.pop()?.()
      written.push(...texts)
    },
  })
  notes.note('b')
  notes.note('a')
  const flushing = notes.flush()
  const stopping = notes.flush()
  fail(new Error('no connection'))
  await expect(flushing).rejects.toThrow('no connection')
  await stopping
  expect(written).toEqual(['a', 'b'])
})
