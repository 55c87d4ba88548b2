import { afterAll, beforeAll, expect, test } from 'vitest'
import { createWorld, password, type World } from './world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

const add = (username: string) => world.accounts.addUser({ username, password })
const take = (name: string, kind: string) =>
  world.system.pool.query('insert into system.handles (name, kind) values ($1, $2)', [name, kind])

test('a name in another case is the same name', async () => {
  await add('Grace_Hopper')
  for (const same of ['grace_hopper', 'GRACE_HOPPER', ' Grace_Hopper '])
    expect(await add(same)).toMatchObject({ refused: 'conflict' })
})

test('a podcast’s handle, which has a hyphen, is no user name, in whatever case', async () => {
  await take('radio-lab-x7k2', 'podcast')
  for (const name of ['radio-lab-x7k2', 'Radio-Lab-X7K2', 'any-other'])
    expect(await add(name)).toMatchObject({ refused: 'validation', message: expect.stringContaining('a-z, 0-9 and _') })
})

test('users, podcasts and reserved names share one namespace: what one has no other gets', async () => {
  await add('linus')
  for (const kind of ['podcast', 'reserved', 'user']) await expect(take('linus', kind)).rejects.toThrow('handles_pkey')
  await take('houseband', 'reserved')
  expect(await add('HouseBand')).toMatchObject({ refused: 'conflict' })
  expect(await world.accounts.findUser('houseband')).toBeNull()
})

test('a name whose account is gone stays taken, and nobody has it', async () => {
  const added = await add('mallory')
  await world.system.pool.query('delete from system.users where username = $1', ['mallory'])
  expect(await add('Mallory')).toMatchObject({ refused: 'conflict', message: expect.stringContaining('or was once') })
  const { rows } = await world.system.pool.query(`select * from system.handles where name = 'mallory'`)
  expect(rows).toMatchObject([{ kind: 'user', user_id: null }])
  expect(added).toHaveProperty('id')
})

test('a refused user leaves no handle behind', async () => {
  expect(await world.accounts.addUser({ username: 'half_done', password: 'short' })).toHaveProperty('refused')
  await take('blocked', 'reserved')
  expect(await add('blocked')).toHaveProperty('refused')
  const { rows } = await world.system.pool.query(
    `select username from system.users where username in ('half_done', 'blocked')`,
  )
  expect(rows).toEqual([])
  expect(await add('half_done')).toHaveProperty('id')
})
