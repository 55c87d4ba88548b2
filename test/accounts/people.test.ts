import * as argon2 from '@node-rs/argon2'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hashPassword, passwordMatches, passwordRefusal } from '../../src/accounts/passwords.ts'
import { createPeople } from '../../src/accounts/people.ts'
import { createWorld, password, type World } from './world.ts'

// Looked at, not replaced: how often a hash is worked out, and with which parameters, is what takes the time.
vi.mock('@node-rs/argon2', { spy: true })

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.close())

describe('passwords', () => {
  test('a password is stored as argon2id with OWASP’s parameters, and never twice alike', async () => {
    const [one, two] = await Promise.all([hashPassword(password), hashPassword(password)])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(one).not.toBe(two)
  })

  test('only the same password matches, however its accents were typed', async () => {
    const stored = await hashPassword('caf\u00e9 au lait')
    expect(await passwordMatches(stored, 'cafe\u0301 au lait')).toBe(true)
    expect(await passwordMatches(stored, 'cafe au lait')).toBe(false)
  })

  test('an unknown user costs a hash too, and never matches', async () => {
    const stored = await hashPassword(password)
    await passwordMatches(null, password)
    vi.mocked(argon2.verify).mockClear()
    expect(await passwordMatches(stored, 'wrong password')).toBe(false)
    expect(await passwordMatches(null, 'wrong password')).toBe(false)
    const [known, unknown] = vi.mocked(argon2.verify).mock.calls.map(([hash]) => String(hash).split('$').slice(0, 4))
    expect(unknown).toEqual(known)
    expect(await passwordMatches(null, password)).toBe(false)
  })

  test('seven characters are too few, 1,025 too many', () => {
    expect(passwordRefusal('1234567')?.refused).toBe('validation')
    expect(passwordRefusal('12345678')).toBeNull()
    expect(passwordRefusal('x'.repeat(1024))).toBeNull()
    expect(passwordRefusal('x'.repeat(1025))?.refused).toBe('validation')
  })
})

describe('people', () => {
  test('a new user is found by name in any case and by id, and takes the handle', async () => {
    const id = await world.addUser('Ada_1')
    expect(await world.accounts.findUser('ADA_1')).toMatchObject({ id, username: 'ada_1', isAdmin: false })
    expect(await world.accounts.findUser(id)).toMatchObject({ username: 'ada_1' })
    expect(await world.accounts.findUser('nobody_here')).toBeNull()
    const handles = await world.system.pool.query(`select * from system.handles where name = 'ada_1'`)
    expect(handles.rows).toMatchObject([{ kind: 'user', user_id: id, retired_at: null }])
  })

  test('nobody learns a password hash from a person', async () => {
    await world.addUser('grace')
    expect(JSON.stringify(await world.accounts.listUsers())).not.toContain('argon2')
  })

  test.each(['a', 'x'.repeat(31), 'with-hyphen', 'with space', 'émile', 'a@b', '', 'nul\0'])(
    'the name %j is refused',
    async (username) => {
      expect(await world.accounts.addUser({ username, password })).toMatchObject({ refused: 'validation' })
    },
  )

  test.each([
    'instance',
    'timeline',
    'trending',
    'Admin',
    'export',
    'new',
    'import',
    'api',
    'about',
    'setup',
    'settings',
  ])('the reserved name %s is refused', async (username) => {
    expect(await world.accounts.addUser({ username, password })).toMatchObject({
      refused: 'validation',
      message: expect.stringContaining('reserved'),
    })
  })

  test('a weak password and a wrong e-mail address are refused', async () => {
    expect(await world.accounts.addUser({ username: 'weak', password: 'short' })).toMatchObject({
      details: [{ path: 'password' }],
    })
    expect(await world.accounts.addUser({ username: 'weak', password, email: 'no address' })).toMatchObject({
      details: [{ path: 'email' }],
    })
    expect(await world.accounts.findUser('weak')).toBeNull()
  })

  test('of many who want one name at once, one gets it', async () => {
    const results = await Promise.all(
      Array.from({ length: 5 }, () => world.accounts.addUser({ username: 'highlander', password })),
    )
    expect(results.filter((result) => 'id' in result)).toHaveLength(1)
    expect(results.filter((result) => 'refused' in result && result.refused === 'conflict')).toHaveLength(4)
  })

  test('a name that was ever used is given to nobody else, even when its user is gone', async () => {
    const id = await world.addUser('gone')
    await world.system.pool.query('delete from system.users where id = $1', [id])
    expect(await world.accounts.addUser({ username: 'gone', password })).toMatchObject({ refused: 'conflict' })
    await world.system.pool.query(`insert into system.handles (name, kind) values ('retired', 'reserved')`)
    expect(await world.accounts.addUser({ username: 'retired', password })).toMatchObject({ refused: 'conflict' })
  })

  test('log-in knows the right name and password only, and says the same to every other', async () => {
    const people = createPeople(world.system, world.now)
    const id = await world.addUser('linus')
    expect(await people.logIn(' Linus ', password)).toMatchObject({ id })
    expect(await people.logIn('linus', 'another password')).toBeNull()
    expect(await people.logIn('nobody_here', password)).toBeNull()
    expect(await people.logIn('nul\0', password)).toBeNull()
  })

  test('a new password replaces the old one', async () => {
    const people = createPeople(world.system, world.now)
    const id = await world.addUser('barbara')
    expect(await world.accounts.setPassword('Barbara', 'short')).toMatchObject({ refused: 'validation' })
    expect(await world.accounts.setPassword('Barbara', 'another password')).toEqual({ id, sessions: 0 })
    expect(await people.logIn('barbara', password)).toBeNull()
    expect(await people.logIn('barbara', 'another password')).toMatchObject({ id })
    expect(await world.accounts.setPassword('nobody_here', password)).toMatchObject({ refused: 'not_found' })
  })
})
