import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCredentials } from '../../src/accounts/credentials.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { createWorld, password, type World } from './world.ts'

let world: World
let ada: UserId
let appPassword: string
let id: string
beforeAll(async () => {
  world = await createWorld()
  ada = await world.addUser('ada')
  appPassword = await make(ada, 'Phone')
  id = (await credentials().list(ada))[0]?.id ?? ''
})
afterAll(() => world.close())

const credentials = () => createCredentials(world.system, world.now, { note: () => {}, flush: async () => {} })

async function make(user: UserId, name: string): Promise<string> {
  const made = await credentials().make(user, 'app_password', name)
  if (isRefusal(made)) throw new Error(made.message)
  return made.secret
}

const basic = (username: string, secret: string) => world.accounts.basic({ username, password: secret }, '192.0.2.1')

describe('an app password', () => {
  test('is long, easily typed, may stand at the end of a gPodder user name, and is stored hashed', async () => {
    expect(appPassword).toMatch(/^[a-km-np-z2-9]{24}$/)
    const { rows } = await world.system.pool.query('select c::text as row from system.credentials c')
    expect(JSON.stringify(rows)).not.toContain(appPassword)
  })

  test('logs its user in, by name in any case', async () => {
    const caller = { user: ada, username: 'ada', appPassword: { id, name: 'Phone' } }
    expect(await basic('ada', appPassword)).toEqual(caller)
    expect(await basic(' Ada ', appPassword.toUpperCase())).toEqual(caller)
  })

  test('stands behind the name where gPodder sends no password, whatever the name', async () => {
    const names = fc.stringMatching(/^[a-z0-9_]{2,30}$/).filter((name) => name !== 'ada')
    await fc.assert(
      fc.asyncProperty(names, async (name) => {
        const added = await world.accounts.addUser({ username: name, password })
        if (isRefusal(added)) return
        const secret = await make(added.id, 'Desktop')
        expect(await basic(`${name}__${secret}`, '')).toMatchObject({ user: added.id, username: name })
      }),
      { numRuns: 15, examples: [['bob_'], ['__'], ['a__b'], ['_'.repeat(30)], ['x'.repeat(30)]] },
    )
    expect(await basic(`ADA__${appPassword}`, '')).toMatchObject({ user: ada })
  })

  test('logs nobody else in, and is none with a character more, less or other', async () => {
    await world.addUser('grace')
    for (const name of ['grace', 'nobody_here', '', 'nul\0', 'ada__', ada]) {
      expect(await basic(name, appPassword)).toBeNull()
      expect(await basic(`${name}__${appPassword}`, '')).toBeNull()
    }
    for (const wrong of [`${appPassword}a`, appPassword.slice(1), `a${appPassword.slice(1)}`.replace(/^aa/, 'ab')]) {
      expect(await basic('ada', wrong)).toBeNull()
      expect(await basic(`ada__${wrong}`, '')).toBeNull()
    }
    expect(await basic(`ada__${appPassword}`, password)).toBeNull()
    expect(await basic('ada', '')).toBeNull()
    expect(await basic('', '')).toBeNull()
  })

  test('costs no slow hash, where the account’s password costs one', async () => {
    const time = async (secret: string) => {
      const start = performance.now()
      for (let n = 0; n < 6; n++) await basic('ada', secret)
      return performance.now() - start
    }
    await time(appPassword)
    expect(await time(appPassword)).toBeLessThan((await time(password)) / 2)
  })

  test('ends when it is revoked, and tells when it was last used', async () => {
    const secret = await make(ada, 'Tablet')
    const tablet = async () => (await credentials().list(ada)).find(({ name }) => name === 'Tablet')
    world.pass(60)
    await basic('ada', secret)
    await world.accounts.stop()
    expect((await tablet())?.lastUsedAt).toEqual(new Date(world.now()))
    await credentials().revoke(ada, (await tablet())?.id ?? '')
    expect(await basic('ada', secret)).toBeNull()
    expect(await basic(`ada__${secret}`, '')).toBeNull()
    expect(await basic('ada', appPassword)).toMatchObject({ user: ada })
  })
})

describe('the account’s password', () => {
  test('logs in too, also when it looks like an app password', async () => {
    expect(await basic('ada', password)).toEqual({ user: ada, username: 'ada', appPassword: null })
    const lookalike = 'abcdefghijkmnpqrstuvwxyz'
    await world.accounts.addUser({ username: 'lookalike', password: lookalike })
    expect(await basic('lookalike', lookalike)).toMatchObject({ username: 'lookalike', appPassword: null })
    expect(await basic('ada', 'wrong password')).toBeNull()
  })

  test('is asked for as long for an unknown name as for a known one', async () => {
    await basic('nobody_here', 'wrong password')
    const time = async (name: string) => {
      const start = performance.now()
      for (let n = 0; n < 8; n++) await basic(name, 'wrong password')
      return performance.now() - start
    }
    const [known, unknown] = [await time('ada'), await time('nobody_here')]
    expect(unknown / known).toBeGreaterThan(0.4)
    expect(unknown / known).toBeLessThan(2.5)
  })
})

test('a suspended user is let in by neither', async () => {
  const linus = await world.addUser('linus')
  const secret = await make(linus, 'Phone')
  await world.system.pool.query('update system.users set suspended_at = now() where id = $1', [linus])
  expect(await basic('linus', secret)).toBeNull()
  expect(await basic(`linus__${secret}`, '')).toBeNull()
  expect(await basic('linus', password)).toBeNull()
})
