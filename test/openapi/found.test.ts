import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { purgeMemory } from '../../src/journal/purge.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'

// What the fuzz test, or thinking about what it should find, brought to light: each as small as it gets.

let server: TestServer
let app: App
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const feed = feedId('https://feeds.example/a.xml')
const item = itemId('guid-1', 'https://media.example/1.mp3')
const at = new Date(Date.now() - 60_000).toISOString()
const fresh = async () => {
  app = await server.allow(await server.addUser())
  return app
}

describe('a sync that says one thing, another, and the first again, all at one time', () => {
  const id = '0b7a4f8e-6c1d-4f5e-9a3b-1c2d3e4f5a6b'
  const play = { rss_source_feed: feed, rss_source_item: item, played: false, updated_at: at }
  const undecided: Record<string, object[]> = {
    plays: [1, 2, 1].map((position) => ({ ...play, position })),
    playlists: ['a', 'b', 'a'].map((name) => ({ id, name, updated_at: at })),
    collections: ['a', 'b', 'a'].map((title) => ({ id, title, updated_at: at })),
    privacy: ['public', 'private', 'public'].map((privacy) => ({ privacy, updated_at: at })),
    saves: [true, false, true].map((saved) => ({
      rss_source_feed: feed,
      rss_source_item: item,
      saved,
      updated_at: at,
    })),
  }
  test.each(Object.entries(undecided))('is carried out: %s', async (lane, entries) => {
    const { status, body } = await (await fresh()).call('POST', '/sync', { changes: { [lane]: entries } })
    expect([status, body.rejected]).toEqual([200, []])
  })
})

test('an Idempotency-Key whose answer is forgotten does not swallow another request', async () => {
  await fresh()
  const play = { rss_source_feed: feed, rss_source_item: item, played: false }
  const headers = { 'idempotency-key': 'one' }
  expect((await app.call('POST', '/play', { ...play, position: 1 }, { headers })).status).toBe(200)
  await purgeMemory(server.fresh.stores.events, Date.now() + 25 * 3_600_000)
  const later = await app.call('POST', '/play', { ...play, position: 2 }, { headers })
  const shown = await app.call('GET', `/play/${item}?feed=${feed}`)
  // Either it is carried out, or it is refused: a 200 for what is not kept is a lie.
  expect([later.status, shown.body.play_status.position]).toEqual(later.status === 200 ? [200, 2] : [409, 1])
})

test('revoking an app honours the Idempotency-Key', async () => {
  await fresh()
  const other = await server.allow({ id: app.user })
  const headers = { 'idempotency-key': 'one' }
  const revoke = () => app.call('DELETE', `/apps/${other.id}`, undefined, { headers })
  expect([(await revoke()).status, (await revoke()).status]).toEqual([200, 200])
  const unlike = await app.call('DELETE', '/apps/another.app', undefined, { headers })
  expect(unlike.status).toBe(409)
})

test('a collection made under the id of a deleted one begins empty', async () => {
  await fresh()
  await app.call('POST', '/subscriptions', { rss_source_feed: feed })
  const { body } = await app.call('POST', '/collections', { title: 'Old' })
  await app.call('POST', `/collections/${body.id}/feeds`, { rss_source_feed: feed })
  await app.call('DELETE', `/collections/${body.id}`)
  await app.call('DELETE', `/subscriptions/${feed}`)
  expect((await app.call('POST', '/collections', { id: body.id, title: 'New' })).status).toBe(201)
  const { body: shown } = await app.call('GET', `/collections/${body.id}`)
  expect(shown.collection.feeds).toEqual([])
})

test('a page may read why its malformed request was refused', async () => {
  await fresh()
  const headers = { authorization: app.bearer(), origin: 'https://app.example' }
  const answer = await fetch(`${server.url}/api/v1/subscriptions?x=%00`, { headers })
  expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([400, '*'])
})

test('a podcast that is not followed is named by its place in the list', async () => {
  await fresh()
  const { body } = await app.call('POST', '/collections', { title: 'News' })
  const refused = await app.call('PUT', `/collections/${body.id}/feeds`, { feeds: [feed] })
  expect(refused.body.details).toMatchObject([{ path: 'feeds.0' }])
})
