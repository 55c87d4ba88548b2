import { readdir, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { dropDatabase } from '../support/database.ts'
import { feedId, itemId } from '../support/instance.ts'
import { balados, dataFolder } from '../support/process.ts'

const password = 'correct horse battery\n'
let folder: Awaited<ReturnType<typeof dataFolder>>
let base: Record<string, string>

const urlOf = (name: string) => {
  const url = new URL(inject('postgres'))
  url.pathname = `/${name}`
  return url.toString()
}

beforeAll(async () => {
  folder = await dataFolder()
  base = { DATA_DIR: folder.path, LOG_LEVEL: 'warn' }
})
afterAll(() => folder.remove())

const playOf = (position: number) =>
  JSON.stringify({
    user: 'alice',
    method: 'POST',
    path: '/play',
    body: {
      rss_source_feed: feedId('https://feeds.example/a.xml'),
      rss_source_item: itemId('g', 'https://media.example/a.mp3'),
      position,
      played: false,
    },
  })

describe.each([
  ['one database', ['all']],
  ['three databases', ['main', 'system', 'events']],
] as const)('the command line on %s', { timeout: 120_000 }, (layout, databases) => {
  const names = databases.map((name) => `cli_${process.pid}_${layout.slice(0, 3)}_${name}`)
  let env: Record<string, string>
  const ok = (args: readonly string[], input = '') => {
    const done = balados(env, args, input)
    expect(done.err).toBe('')
    expect(done.status).toBe(0)
    return done.out
  }

  beforeAll(() => {
    const [main = '', system, events] = names.map(urlOf)
    env = { ...base, DATABASE_URL: main }
    if (system && events) Object.assign(env, { SYSTEM_DATABASE_URL: system, EVENT_STORE_URL: events })
  })
  afterAll(async () => {
    for (const name of names) await dropDatabase(urlOf(name))
  })

  test('says in a sentence that the database is not there yet, then makes and migrates it', () => {
    const early = balados(env, ['user', 'list'])
    expect(early.status).toBe(1)
    expect(early.err).not.toContain('    at ')
    expect(early.err).not.toMatch(/postgres:\/\//)
    expect(ok(['db', 'create'])).toContain(`Created the database ${names[0]}.`)
    const unmigrated = balados(env, ['user', 'list'])
    expect(unmigrated.err).toContain('balados db migrate')
    expect(ok(['db', 'init'])).toContain('Applied events/')
    expect(ok(['db', 'migrate', '--store', 'system'])).toContain('Up to date.')
    expect(ok(['db', 'status']).match(/none/g)).toHaveLength(4)
  })

  test('adds users, lists them, and sets passwords', () => {
    expect(ok(['user', 'add', 'alice', '--admin'], password)).toContain('Added alice')
    expect(ok(['user', 'list'])).toMatch(/alice .* yes/)
    expect(ok(['user', 'password', 'alice'], 'another horse battery\n')).toBe(
      'alice has a new password. Nobody was logged in.\n',
    )
    for (const wrong of [
      ['user', 'add', 'x'],
      ['user', 'add', 'admin'],
      ['user', 'add', 'ALICE'],
      ['user', 'add', 'al-ice'],
      ['user', 'password', 'nobody'],
      ['user', 'suspend', 'nobody'],
      ['user', 'unsuspend', 'nobody'],
      ['user', 'totp-off', 'nobody'],
    ]) {
      const done = balados(env, wrong, password)
      expect(done.status).toBe(1)
      expect(done.err.split('\n')).toHaveLength(2)
    }
  })

  test('suspends people and lets them back in, and helps who lost their authenticator', () => {
    expect(ok(['user', 'suspend', 'ALICE'])).toBe('alice is suspended. Nobody was logged in.\n')
    expect(ok(['user', 'list'])).toMatch(/alice .* yes +\d{4}-\d\d-\d\d +yes/)
    expect(ok(['user', 'unsuspend', 'alice'])).toBe('alice is no longer suspended.\n')
    expect(ok(['user', 'unsuspend', 'alice'])).toBe('alice is not suspended.\n')
    expect(ok(['user', 'list'])).not.toMatch(/alice .* yes +\d{4}-\d\d-\d\d +yes/)
    expect(ok(['user', 'totp-off', 'alice'])).toBe('alice logged in by password alone already.\n')
  })

  test('gives orders as a user would, and shows streams and states', () => {
    expect(JSON.parse(ok(['dispatch', playOf(10)]))).toMatchObject({ status: 200 })
    expect(JSON.parse(ok(['dispatch', playOf(20)]))).toMatchObject({ status: 200 })
    const events = ok(['stream', 'alice'])
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.map((e) => [e.number, e.fact.type, e.fact.data.position])).toEqual([
      [1, 'PositionMoved', 10],
      [2, 'PositionMoved', 20],
    ])
    const stream = events[0].stream as string
    expect(ok(['stream', stream]).trim().split('\n')).toHaveLength(2)
    expect(JSON.parse(ok(['state', 'alice', stream]))[stream]).toMatchObject({ position: 20, played: false })
    expect(balados(env, ['dispatch', '{"user":"alice","method":"POST","path":"/play","body":{}}']).err).toContain(
      'rss_source_feed',
    )
    expect(balados(env, ['dispatch', 'nonsense']).err).toContain('not JSON')
  })

  test('lists every route with its scope', () => {
    expect(ok(['routes'])).toMatch(/POST +\/api\/v1\/sync +user\.sync or user/)
  })

  test('rebuilds read models, whole or one by name, and tells how followers stand', async () => {
    const client = new pg.Client(env.DATABASE_URL ?? '')
    await client.connect()
    await client.query('delete from projections.plays')
    expect(ok(['projections', 'rebuild'])).toContain('of 1 users from 2 events')
    expect((await client.query('select position from projections.plays')).rows).toEqual([{ position: 20 }])
    await client.end()
    expect(ok(['projections', 'rebuild', 'plays'])).toContain('Rebuilt plays')
    expect(balados(env, ['projections', 'rebuild', 'nonsense']).err).toContain('There is no projection nonsense')
    expect(ok(['projections', 'status'])).toContain('plays')
  })

  test('opens a console with the instance at hand', () => {
    const done = balados(env, ['console'], "(await events('alice')).length\n.exit\n")
    expect(done.status).toBe(0)
    expect(done.out).toContain('2')
  })

  test('resets read models after a yes, and anything else only for its typed name', () => {
    expect(balados(env, ['db', 'reset', '--projections'], 'no\n')).toMatchObject({ status: 1 })
    expect(ok(['db', 'reset', '--projections'], 'yes\n')).toContain('Rebuilt')
    expect(
      JSON.parse(ok(['dispatch', JSON.stringify({ user: 'alice', method: 'GET', path: '/play' })])).body.pagination
        .total,
    ).toBe(1)
    for (const what of ['--system', '--events', '--all']) {
      expect(balados(env, ['db', 'reset', what], 'yes\n').err).toContain('Nothing was changed')
    }
    expect(balados(env, ['db', 'reset', '--events', '--yes-i-lose', 'system']).err).toContain('Nothing was changed')
    expect(ok(['db', 'reset', '--events', '--yes-i-lose', 'events'])).toContain('Reset events')
    expect(ok(['stream', 'alice'])).toBe('')
    expect(JSON.parse(ok(['dispatch', playOf(30)]))).toMatchObject({ status: 200 })
    expect(ok(['db', 'reset', '--all'], 'all\n')).toContain('Reset all')
    expect(ok(['user', 'list'])).not.toContain('alice')
  })

  test('says how to use it when it is used wrongly', () => {
    for (const wrong of [['nonsense'], ['db', 'reset'], ['db', 'migrate', '--store', 'nonsense'], ['user', 'add']]) {
      const done = balados(env, wrong)
      expect(done.status).toBe(1)
      expect(done.err).not.toContain('    at ')
    }
  })
})

test('the doctor finds nothing on a sound database, except what tests switch off', () => {
  const env = { ...base, DATABASE_URL: urlOf(`cli_${process.pid}_doctor`) }
  balados(env, ['db', 'init'])
  const done = balados(env, ['doctor'])
  expect(done.out.split('\n').filter((line) => line.startsWith('WRONG'))).toEqual([
    'WRONG  acknowledged writes survive a crash (fsync, synchronous_commit): fsync is off, synchronous_commit is off',
  ])
  return dropDatabase(env.DATABASE_URL)
})

test('a migration is written in its place, ready to be finished', async () => {
  const env = { ...base, DATABASE_URL: urlOf(`cli_${process.pid}_migration`) }
  const home = fileURLToPath(new URL('../../migrations/cache/', import.meta.url))
  balados(env, ['db', 'init'])
  try {
    const done = balados(env, ['migration', 'create', 'add-some-thing', '--store', 'cache'])
    expect(done).toMatchObject({ status: 0, err: '' })
    const [file = ''] = (await readdir(home)).filter((name) => name.endsWith('add-some-thing.ts'))
    const text = await readFile(`${home}${file}`, 'utf8')
    expect(text).toContain('export class AddSomeThing extends Migration')
    expect(balados(env, ['migration', 'create', 'Bad Name', '--store', 'cache']).status).toBe(1)
    expect(balados(env, ['migration', 'create', 'no-store']).status).toBe(1)
  } finally {
    for (const name of await readdir(home)) if (name.endsWith('add-some-thing.ts')) await rm(`${home}${name}`)
    await dropDatabase(env.DATABASE_URL)
  }
})
