import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { purgeMemory } from '../../src/journal/purge.ts'
import { type App, feedId, itemId, type Reply, type TestServer } from '../support/instance.ts'
import { startTwoServers, type TwoServers } from '../support/two-servers.ts'

let servers: TwoServers
let here: TestServer
beforeAll(async () => {
  servers = await startTwoServers()
  here = servers.here
})
afterAll(() => servers.close())

const episode = {
  rss_source_feed: feedId('https://feeds.example/keys.xml'),
  rss_source_item: itemId('guid', 'https://media.example/keys.mp3'),
}
const play = (position: number) => ({ ...episode, position, played: false })

const allowed = async () => here.allow(await here.addUser())

const keyed = (app: App, key: string, method: string, path: string, body?: unknown): Promise<Reply> =>
  app.call(method, path, body, { headers: { 'idempotency-key': key } })

/** The same request at the other server. */
const keyedThere = (app: App, key: string, method: string, path: string, body?: unknown): Promise<Reply> =>
  servers.there(app, method, path, body, { 'idempotency-key': key })

const lastNumber = async (app: App) => (await here.instance.journal.head(app.user)).lastNumber
const position = async (app: App) => (await app.call('GET', '/play')).body.play_statuses[0]?.position

test('a key with another body, path or query is a conflict and changes nothing', async () => {
  const app = await allowed()
  await keyed(app, 'k', 'POST', '/play', play(1))
  const others = [
    keyed(app, 'k', 'POST', '/play', play(2)),
    keyed(app, 'k', 'PUT', `/play/${episode.rss_source_item}/position`, { position: 3 }),
    keyed(app, 'k', 'PUT', `/play/${episode.rss_source_item}/position?feed=${episode.rss_source_feed}`, {
      position: 3,
    }),
    keyedThere(app, 'k', 'POST', '/play', play(4)),
  ]
  for (const { status, body } of await Promise.all(others)) {
    expect(status).toBe(409)
    expect(body.error_code).toBe('CONFLICT')
  }
  expect(await position(app)).toBe(1)
  expect((await keyed(app, 'k', 'POST', '/play', play(1))).status).toBe(200)
})

test('the first answer is given again although the state has changed since', async () => {
  const app = await allowed()
  const first = await keyed(app, 'make', 'POST', '/playlists', { name: 'Road' })
  expect(first.status).toBe(201)
  await app.call('DELETE', `/playlists/${first.body.id}`)
  const again = await keyed(app, 'make', 'POST', '/playlists', { name: 'Road' })
  expect(again).toMatchObject({ status: 201, body: first.body })
  expect((await app.call('GET', '/playlists')).body.playlists).toEqual([])

  await keyed(app, 'move', 'POST', '/play', play(10))
  await app.call('POST', '/play', play(20))
  expect((await keyed(app, 'move', 'POST', '/play', play(10))).status).toBe(200)
  expect(await position(app)).toBe(20)
})

test('a refusal is an answer too: it is given again although the order would be carried out now', async () => {
  const app = await allowed()
  const id = randomUUID()
  const rename = (key: string) => keyed(app, key, 'PATCH', `/playlists/${id}`, { name: 'Rail' })
  const refused = await rename('r')
  expect(refused.status).toBe(404)
  await app.call('POST', '/playlists', { id, name: 'Road' })
  expect(await rename('r')).toMatchObject({ status: 404, body: refused.body })
  expect((await app.call('GET', `/playlists/${id}`)).body.name).toBe('Road')
  expect((await rename('another')).status).toBe(200)
})

test('an order with effects beside the journal is carried out once, and all repeats get that one answer', async () => {
  for (let round = 0; round < 10; round++) {
    const app = await allowed()
    const other = await here.allow({ id: app.user })
    const calls = Array.from({ length: 6 }, (_, n) =>
      (n % 2 ? keyed : keyedThere)(app, 'once', 'DELETE', `/apps/${other.id}`, undefined),
    )
    expect((await Promise.all(calls)).map((reply) => reply.status)).toEqual(Array(6).fill(200))
  }
})

test('what a request got wrong is told each time and uses up no key', async () => {
  const app = await allowed()
  expect((await keyed(app, 'v', 'POST', '/play', { ...play(1), position: -1 })).status).toBe(400)
  expect((await keyed(app, 'v', 'POST', '/play', play(1))).status).toBe(200)
})

test('a key belongs to one user and one app', async () => {
  const [alice, bob] = [await here.addUser(), await here.addUser()]
  const [one, other] = [await here.allow(alice), await here.allow(alice)]
  const same = await here.allow(bob, { id: one.id })
  const ids = new Set<string>()
  for (const app of [one, other, same]) {
    const { status, body } = await keyed(app, 'shared', 'POST', '/playlists', { name: app.id })
    expect(status).toBe(201)
    ids.add(body.id)
  }
  expect(ids.size).toBe(3)
  // Devices of one app share its keys: a restored backup of a phone repeats what the phone has sent.
  const again = await keyed(one.on('tablet'), 'shared', 'POST', '/playlists', { name: one.id })
  expect(ids).toContain(again.body.id)
})

test('a request repeated after its answer was forgotten adds nothing and is no fault', async () => {
  const app = await allowed()
  const orders = [
    ['a', 'POST', '/play', play(10)],
    ['b', 'POST', '/playlists', { name: 'Road' }],
    ['c', 'POST', '/sync', { changes: { saves: [{ ...episode, saved: true, updated_at: '2026-01-01T00:00:00Z' }] } }],
    ['d', 'POST', '/subscriptions', { rss_source_feed: episode.rss_source_feed }],
    ['e', 'DELETE', `/subscriptions/${episode.rss_source_feed}`, undefined],
  ] as const
  for (const [key, method, path, body] of orders) {
    expect((await keyed(app, key, method, path, body)).status).toBeLessThan(300)
  }
  await app.call('POST', '/play', play(20))
  const before = await lastNumber(app)
  await purgeMemory(here.fresh.stores.events, Date.now() + 25 * 3_600_000)
  for (const [key, method, path, body] of orders) {
    expect((await keyed(app, key, method, path, body)).status).toBeLessThan(300)
  }
  expect(await lastNumber(app)).toBe(before)
  expect(await position(app)).toBe(20)
})
