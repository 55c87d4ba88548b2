import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createApps } from '../../src/accounts/apps.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { createWorld, jws, makeKeys, type World } from './world.ts'

const appId = 'org.example.player'
const keys = makeKeys('ed25519')

let world: World
let ada: UserId
beforeAll(async () => {
  world = await createWorld()
  ada = await world.addUser('ada')
  const key = { pem: keys.pem.trim(), algorithms: ['EdDSA'] } as const
  const asked = { appId, name: 'Player', url: null, image: null, key, scopes: ['user'], redirect: null, state: null }
  await createApps(world.system, world.now).allow(ada, asked)
})
afterAll(() => world.close())

function call({ privateKey } = keys) {
  const claims = { iss: appId, sub: 'ada', iat: world.seconds(), exp: world.seconds() + 60 }
  return world.accounts.authenticate(`Bearer ${jws(claims, privateKey, 'EdDSA')}`)
}

const lastUse = async () => (await createApps(world.system, world.now).find(ada, appId))?.lastUsedAt?.getTime()

test('last_used_at is kept without a write per request: written after a while, once for many, not for refused ones', async () => {
  await call()
  await call()
  const used = world.now()
  expect(await lastUse()).toBeUndefined()
  await world.accounts.stop()
  expect(await lastUse()).toBe(used)
  world.pass(120)
  await call(makeKeys('ed25519'))
  await world.accounts.stop()
  expect(await lastUse()).toBe(used)
})

test('the last use of an app is written by itself once a minute while the server runs', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    world.pass(120)
    world.accounts.start()
    await call()
    vi.advanceTimersByTime(59_000)
    expect(await lastUse()).not.toBe(world.now())
    vi.advanceTimersByTime(1_000)
    await expect.poll(lastUse).toBe(world.now())
  } finally {
    await world.accounts.stop()
    vi.useRealTimers()
  }
})

test('what could not be written is written the next time', async () => {
  world.pass(120)
  await call()
  const pool = vi.spyOn(world.system.pool, 'query').mockRejectedValueOnce(new Error('no connection') as never)
  await world.accounts.stop()
  pool.mockRestore()
  expect(await lastUse()).not.toBe(world.now())
  await world.accounts.stop()
  expect(await lastUse()).toBe(world.now())
})
