import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCredentials } from '../../src/accounts/credentials.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { createWorld, password, type World } from './world.ts'

let world: World
let appPassword: string
beforeAll(async () => {
  world = await createWorld(undefined, { throttled: true })
  const ada = await world.addUser('ada')
  const credentials = createCredentials(world.system, world.now, { note: () => {}, flush: async () => {} })
  const made = await credentials.make(ada, 'app_password', 'Phone')
  if (isRefusal(made)) throw new Error(made.message)
  appPassword = made.secret
})
afterAll(() => world.close())

const basic = (username: string, secret: string, address: string) =>
  world.accounts.basic({ username, password: secret }, address)

describe('guessing by Basic', () => {
  test('is slowed at one address, where the app password goes on passing, and elsewhere the password too', async () => {
    const guesses = []
    for (let n = 0; n < 11; n++) guesses.push(await basic('ada', `wrong password ${n}`, '192.0.2.1'))
    expect(guesses.slice(0, 10)).toEqual(Array(10).fill(null))
    expect(guesses[10]).toMatchObject({ refused: 'rate_limited' })
    expect(await basic('ada', password, '192.0.2.1')).toMatchObject({ refused: 'rate_limited' })
    expect(await basic('ada', appPassword, '192.0.2.1')).toMatchObject({ username: 'ada' })
    expect(await basic(`ada__${appPassword}`, '', '192.0.2.1')).toMatchObject({ username: 'ada' })
    expect(await basic('ada', password, '192.0.2.2')).toMatchObject({ username: 'ada', appPassword: null })
  })

  test('is slowed from many addresses too, for names that exist and names that do not alike', async () => {
    for (const name of ['ada', 'nobody']) {
      let slowed = 0
      for (let n = 0; n < 55; n++) if (isRefusal(await basic(name, 'wrong password', `198.51.100.${n}`))) slowed++
      expect(slowed).toBeGreaterThanOrEqual(4)
    }
    expect(await basic('ada', appPassword, '198.51.100.200')).toMatchObject({ username: 'ada' })
  })

  test('app passwords in the name are counted as bad credentials of their address', async () => {
    const tries = []
    for (let n = 0; n < 31; n++) tries.push(await basic(`ada__${'a'.repeat(24)}`, '', '203.0.113.9'))
    expect(tries.slice(0, 30)).toEqual(Array(30).fill(null))
    expect(tries[30]).toMatchObject({ refused: 'rate_limited' })
    expect(await basic(`ada__${appPassword}`, '', '203.0.113.9')).toMatchObject({ username: 'ada' })
  })
})

test('who logs in in two steps needs an app password', async () => {
  const eve = await world.addUser('eve')
  expect(await basic('eve', password, '192.0.2.7')).toMatchObject({ user: eve })
  await world.system.pool.query(
    'insert into system.second_factors (user_id, secret, last_step, created_at) values ($1, $2, 0, now())',
    [eve, 'sealed'],
  )
  expect(await basic('eve', password, '192.0.2.7')).toBeNull()
})
