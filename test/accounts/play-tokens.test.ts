import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CredentialKind, createCredentials } from '../../src/accounts/credentials.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { createWorld, type World } from './world.ts'

const day = 24 * 3600

let world: World
let ada: UserId
beforeAll(async () => {
  world = await createWorld()
  ada = await world.addUser('ada')
})
afterAll(() => world.close())

const credentials = () => createCredentials(world.system, world.now, { note: () => {}, flush: async () => {} })

async function make(kind: CredentialKind, name = 'Reader', user = ada): Promise<string> {
  const made = await credentials().make(user, kind, name)
  if (isRefusal(made)) throw new Error(made.message)
  return made.secret
}

const known = async (name: string, user = ada) => (await credentials().list(user)).find((one) => one.name === name)
const stored = async (name: string) =>
  (await world.system.pool.query('select * from system.credentials where name = $1', [name])).rows

test('a play token is 32 random bytes, of which only a hash is stored', async () => {
  const secret = await make('feeds', 'Hashed')
  expect(secret).toMatch(/^[\w-]{43}$/)
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  const rows = await stored('Hashed')
  expect(rows).toMatchObject([{ hash: createHash('sha256').update(secret).digest('base64url') }])
  expect(JSON.stringify(rows)).not.toContain(secret)
  expect(await make('feeds', 'Hashed')).not.toBe(secret)
})

test('a play token speaks for its user, for the one thing it was made for', async () => {
  const feeds = await make('feeds', 'Feeds')
  const live = await make('live', 'Live')
  expect(await world.accounts.playToken(feeds, 'feeds')).toEqual({
    user: ada,
    username: 'ada',
    credential: { id: (await known('Feeds'))?.id, name: 'Feeds' },
  })
  expect(await world.accounts.playToken(live, 'live')).toMatchObject({ user: ada })
  expect(await world.accounts.playToken(feeds, 'live')).toBeNull()
  expect(await world.accounts.playToken(live, 'feeds')).toBeNull()
})

test('an app password, an unknown secret, a hash and nothing are no play tokens', async () => {
  const [row] = await stored('Feeds')
  for (const secret of [await make('app_password'), 'x'.repeat(43), row.hash, '', 'nul\0'])
    expect(await world.accounts.playToken(secret, 'feeds')).toBeNull()
})

test('a play token ends 365 days after it was made, and is purged 30 days later, while app passwords live on', async () => {
  const secret = await make('feeds', 'Ending')
  const password = await make('app_password', 'Lasting')
  world.pass(365 * day - 1)
  expect(await world.accounts.playToken(secret, 'feeds')).toMatchObject({ user: ada })
  world.pass(1)
  expect(await world.accounts.playToken(secret, 'feeds')).toBeNull()
  expect(await known('Ending')).toMatchObject({ expiresAt: new Date(world.now()) })
  world.pass(30 * day - 1)
  await world.accounts.purgeCredentials()
  expect(await stored('Ending')).toHaveLength(1)
  world.pass(1)
  await world.accounts.purgeCredentials()
  expect(await stored('Ending')).toEqual([])
  expect(await world.accounts.basic({ username: 'ada', password }, '192.0.2.1')).toMatchObject({ user: ada })
})

test('a revoked one ends at once, cannot be revoked again or by others, and is purged 30 days later', async () => {
  const secret = await make('live', 'Revoked')
  const id = (await known('Revoked'))?.id ?? ''
  expect(await credentials().revoke(await world.addUser('grace'), id)).toBe(false)
  expect(await world.accounts.playToken(secret, 'live')).toMatchObject({ user: ada })
  expect(await credentials().revoke(ada, id)).toBe(true)
  expect(await world.accounts.playToken(secret, 'live')).toBeNull()
  expect(await known('Revoked')).toBeUndefined()
  expect(await credentials().revoke(ada, id)).toBe(false)
  world.pass(30 * day - 1)
  await world.accounts.purgeCredentials()
  expect(await stored('Revoked')).toHaveLength(1)
  world.pass(1)
  expect(await world.accounts.purgeCredentials()).toBeGreaterThan(0)
  expect(await stored('Revoked')).toEqual([])
})

test('a suspended user’s play tokens open nothing, until the suspension ends', async () => {
  const linus = await world.addUser('linus')
  const secret = await make('feeds', 'Suspended', linus)
  await world.system.pool.query('update system.users set suspended_at = now() where id = $1', [linus])
  expect(await world.accounts.playToken(secret, 'feeds')).toBeNull()
  await world.system.pool.query('update system.users set suspended_at = null where id = $1', [linus])
  expect(await world.accounts.playToken(secret, 'feeds')).toMatchObject({ user: linus })
})

test('the last use is written after a while, not at each request, and not for a wrong kind', async () => {
  const secret = await make('feeds', 'Used')
  await world.accounts.playToken(secret, 'live')
  await world.accounts.stop()
  expect((await known('Used'))?.lastUsedAt).toBeNull()
  await world.accounts.playToken(secret, 'feeds')
  world.pass(10)
  await world.accounts.playToken(secret, 'feeds')
  expect((await known('Used'))?.lastUsedAt).toBeNull()
  await world.accounts.stop()
  expect((await known('Used'))?.lastUsedAt).toEqual(new Date(world.now()))
})

test('a name is 1 to 100 plain characters', async () => {
  for (const name of ['', '   ', 'x'.repeat(101), 'two\nlines', 'nul\0', '\u202edrowssap'])
    expect(await credentials().make(ada, 'feeds', name)).toMatchObject({ details: [{ path: 'name' }] })
  await make('feeds', ` ${'é'.repeat(100)} `)
  expect(await known('é'.repeat(100))).toBeDefined()
})
