import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import { historyOf } from '../../src/main/seed/history.ts'
import { listeners } from '../../src/main/seed/listeners.ts'
import type { SyncRequest } from '../../src/main/seed/requests.ts'
import { slices } from '../../src/main/slices.ts'
import { createBrowser } from '../accounts/browser.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { freePort, signed } from '../support/instance.ts'
import { readModelTables } from '../support/journal-tables.ts'
import { balados, dataFolder, type Server, startProcess } from '../support/process.ts'

const password = 'correct horse battery'
const days = 40
const seedFor = (people: number) => ['seed', '--listeners', String(people), '--days', String(days), '--seed', '7']

// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
type Said = any

/** What a listener's devices said last of everything, were the seed made at `until`. */
function lastSaid(name: string, until: number) {
  const listener = listeners(20).find((l) => l.name === name)
  if (!listener) throw new Error(`nobody is called ${name}`)
  const requests = historyOf(listener, { seed: 7, days, until })
  const syncs = requests.filter((r): r is SyncRequest => r.what === 'sync')
  const last = (lane: keyof SyncRequest['changes'], key: (entry: Said) => string): Said[] => {
    const entries = syncs.flatMap((r) => r.changes[lane] ?? [])
    return [...new Map(entries.map((entry) => [key(entry), entry])).values()]
  }
  const lists = last('playlists', (e) => e.id ?? e.kind)
  return {
    feeds: last('subscriptions', (e) => e.rss_source_feed)
      .filter((e) => (e.unsubscribed_at ?? '') < e.subscribed_at)
      .map((e) => [e.rss_source_feed, e.subscribed_at])
      .sort(),
    plays: last('plays', (e) => e.rss_source_item)
      .map((e) => [e.rss_source_item, e.position, e.played, e.updated_at])
      .sort(),
    queue: lists.filter((e) => e.kind === 'queue').map((e) => e.items.map((i: Said) => i.rss_source_item)),
    playlists: lists
      .filter((e) => e.kind !== 'queue' && !e.deleted_at)
      .map((e) => [e.id, e.name, e.is_public, e.items.map((i: Said) => i.rss_source_item)])
      .sort(),
    collections: last('collections', (e) => e.id)
      .map((e) => [e.id, e.title, e.color])
      .sort(),
    privacy: last('privacy', (e) => `${e.feed} ${e.item}`)
      .map((e) => [e.feed ?? null, e.item ?? null, e.privacy])
      .sort(),
    saves: last('saves', (e) => e.rss_source_item).length,
    shares: requests.filter((r) => r.what === 'share').length,
  }
}

describe.each(['one', 'three'] as const)('balados seed, with %s database(s)', { timeout: 120_000 }, (layout) => {
  let fresh: FreshStores
  let folder: Awaited<ReturnType<typeof dataFolder>>
  let env: Record<string, string>
  let server: Server
  let madeBetween: readonly [number, number]

  const run = (args: readonly string[], input = '') => balados(env, args, input)
  const tables = async () => {
    const { rows } = await fresh.stores.system.pool.query<{ id: UserId }>('select id from system.users order by id')
    const names = slices.map((slice) => slice.readModel.name)
    return Promise.all(rows.map(({ id }) => readModelTables(fresh.stores, names, id)))
  }
  const count = async (what: string): Promise<number> =>
    Number((await fresh.stores.events.pool.query(`select count(*) as n from events.${what}`)).rows[0].n)

  /** Calls the API as an app that the listener has allowed. */
  async function appOf(username: string) {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    await fresh.stores.system.pool.query(
      `insert into system.app_tokens (user_id, app_id, name, public_key, scopes, authorized_at)
       select id, 'seed.test', 'Seed test', $2, '{*}', now() from system.users where username = $1`,
      [username, publicKey.export({ type: 'spki', format: 'pem' })],
    )
    const now = Math.floor(Date.now() / 1000)
    const bearer = signed({ iss: 'seed.test', sub: username, iat: now, exp: now + 3600 }, privateKey)
    return async (path: string): Promise<Said> => {
      const answer = await fetch(`${server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${bearer}` } })
      expect(answer.status).toBe(200)
      return answer.json()
    }
  }

  async function logsIn(username: string, typed: string): Promise<boolean> {
    const browser = createBrowser(server.url)
    const answer = await browser.submit(await browser.go('/users/log_in'), '/users/log_in', {
      username,
      password: typed,
    })
    return answer.status === 303
  }

  beforeAll(async () => {
    fresh = await freshStores(layout)
    folder = await dataFolder()
    const { projections, system, events } = fresh.urls
    const port = String(await freePort())
    env = { DATA_DIR: folder.path, LOG_LEVEL: 'warn', PORT: port, DATABASE_URL: projections }
    if (layout === 'three') Object.assign(env, { SYSTEM_DATABASE_URL: system, EVENT_STORE_URL: events })
    server = await startProcess(env)
  })
  afterAll(async () => {
    await server?.kill('SIGTERM')
    await fresh?.close()
    await folder?.remove()
  })

  test('makes listeners beside a running server, and tells how to log in without telling the password', () => {
    const begun = Date.now()
    const done = run(seedFor(3), `${password}\n`)
    madeBetween = [begun, Date.now()]
    expect(done.err).toBe('')
    expect(done.status).toBe(0)
    for (const told of [
      'amelie',
      'bruno',
      'chloe',
      '3 in all',
      `${server.url.replace('127.0.0.1', 'localhost')}/users/log_in`,
    ])
      expect(done.out).toContain(told)
    expect(done.out).not.toContain(password)
  })

  test('lets them log in; none is an administrator', async () => {
    expect(await logsIn('bruno', password)).toBe(true)
    expect(await logsIn('bruno', `${password}!`)).toBe(false)
    expect((await fresh.stores.system.pool.query('select from system.users where is_admin')).rowCount).toBe(0)
  })

  test.each(['amelie', 'bruno', 'chloe'])('leaves the last word of each device of %s over HTTP', async (name) => {
    const get = await appOf(name)
    const statuses: Said[] = []
    for (let offset = 0; ; offset += 100) {
      const { play_statuses, pagination } = await get(`/play?limit=100&offset=${offset}`)
      statuses.push(...play_statuses)
      if (statuses.length >= pagination.total) break
    }
    const { subscriptions } = await get('/subscriptions')
    const queue = await get('/queue')
    const { playlists } = await get('/playlists')
    const { collections } = await get('/collections')
    const { privacy_settings } = await get('/privacy')
    const kept = async (what: string) =>
      (
        await fresh.stores.projections.pool.query(`select from projections.${what} where user_id = $1`, [
          subscriptions[0].user_id,
        ])
      ).rowCount
    const shown = {
      feeds: subscriptions.map((s: Said) => [s.rss_source_feed, s.subscribed_at]).sort(),
      plays: statuses.map((p) => [p.rss_source_item, p.position, p.played, p.updated_at]).sort(),
      queue: [queue.items.map((i: Said) => i.rss_source_item)],
      playlists: playlists
        .filter((p: Said) => p.id !== queue.id)
        .map((p: Said) => [p.id, p.name, p.is_public, p.items.map((i: Said) => i.rss_source_item)])
        .sort(),
      collections: collections
        .filter((c: Said) => !c.is_default)
        .map((c: Said) => [c.id, c.title, c.color])
        .sort(),
      privacy: privacy_settings.map((s: Said) => [s.rss_source_feed, s.rss_source_item, s.privacy]).sort(),
      saves: await kept('saves'),
      shares: await kept('shares'),
    }
    expect(shown.plays.length).toBeGreaterThan(20)
    expect(madeBetween.map((until) => lastSaid(name, until))).toContainEqual(shown)
    const followed = subscriptions.map((s: Said) => s.rss_source_feed)
    for (const { feeds } of collections)
      for (const { rss_source_feed } of feeds) expect(followed).toContain(rss_source_feed)
  })

  test('leaves nothing for the doctor but what tests switch off', () => {
    const wrong = run(['doctor'])
      .out.split('\n')
      .filter((line) => line.startsWith('WRONG'))
    expect(wrong).toEqual([expect.stringContaining('fsync')])
  })

  test('leaves read models as a rebuild makes them', async () => {
    const live = await tables()
    expect(run(['projections', 'rebuild']).out).toContain('of 3 users')
    expect(await tables()).toEqual(live)
  })

  // What follows has nothing to do with where the databases are.
  if (layout === 'three') return

  test('refuses an instance that has users, unless told to', async () => {
    const before = await count('events')
    const done = run(seedFor(3), `${password}\n`)
    expect(done).toMatchObject({ status: 1, out: '' })
    expect(done.err).toBe('Nothing was made: this instance has users already (3). --yes makes the demo beside them.\n')
    expect(await count('events')).toBe(before)
  })

  test('adds nothing to those who are there, and makes up a password where none is given', async () => {
    const before = await tables()
    const again = run([...seedFor(3), '--yes'])
    expect(again).toMatchObject({ status: 0, err: '' })
    expect(again.out).toContain('Left as they are, since these users exist: amelie, bruno, chloe.')
    expect(again.out).toContain('Nothing was made')
    expect(await tables()).toEqual(before)

    const one = run([...seedFor(4), '--yes'])
    expect(one).toMatchObject({ status: 0, err: '' })
    const made = /with the password (\S+)\.\n/.exec(one.out)?.[1] ?? ''
    expect(made).toMatch(/^[\w-]{16}$/)
    expect(await logsIn('dario', made)).toBe(true)
    expect(await logsIn('amelie', password)).toBe(true)
    const after = await tables()
    for (const rows of before) expect(after).toContainEqual(rows)
    expect(after).toHaveLength(before.length + 1)
  })

  test('leaves out a name that was somebody’s once', async () => {
    await fresh.stores.system.pool.query("insert into system.handles (name, kind) values ('elise', 'user')")
    const done = run([...seedFor(6), '--yes'], `${password}\n`)
    expect(done).toMatchObject({ status: 0, err: '' })
    expect(done.out).toContain('Left out: The name elise is taken, or was once.')
    expect(done.out).toContain('1 in all')
    expect(await logsIn('farid', password)).toBe(true)
  })

  test('says in a sentence that a password is too short, and makes nobody', async () => {
    const before = await tables()
    const done = run([...seedFor(20), '--yes'], 'short\n')
    expect(done).toMatchObject({ status: 1, err: 'password: at least 8 characters\n' })
    expect(await tables()).toEqual(before)
  })
})

test.each([
  [['--listeners', '0'], '1 to 1000'],
  [['--days', 'x'], '7 to 3650'],
  [['--seed', '-1'], '0 to 4294967295'],
])('balados seed says what %s should be', (options, told) => {
  const done = balados({}, ['seed', ...options])
  expect(done.status).toBe(1)
  expect(done.err).toContain(told)
  expect(done.err).not.toContain('    at ')
})
