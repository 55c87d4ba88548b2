import { randomUUID } from 'node:crypto'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { defaultCollectionOf, queueOf } from '../../../src/podcast/fixed-ids.ts'
import { type App, feedId, itemId, startServer } from '../../support/instance.ts'

const server = await startServer()
afterAll(() => server.close())
let app: App
beforeEach(async () => {
  app = await server.allow(await server.addUser())
})

const url = 'https://feeds.example/?a=>>>???'
const feed = feedId(url)
const urlSafe = (text: string) => Buffer.from(text).toString('base64url')
const standard = (text: string) => Buffer.from(text).toString('base64')

const record = (rss_source_item: string, rest: object = {}) =>
  app.call('POST', '/play', { rss_source_feed: feed, rss_source_item, position: 1, played: false, ...rest })
const plays = async () => (await app.call('GET', '/play')).body.play_statuses
const follow = (rss_source_feed: string, rest: object = {}) =>
  app.call('POST', '/subscriptions', { rss_source_feed, ...rest })
const followed = async () => (await app.call('GET', '/subscriptions')).body.subscriptions

test('rss_source_feed = base64url(feed URL), unpadded', async () => {
  await follow(urlSafe(url))
  expect(await followed()).toMatchObject([{ rss_source_feed: urlSafe(url) }])
})

test.each([
  ['guid,https://media.example/1.mp3', 'https://media.example/1.mp3'],
  ['tag:host,2005:7,http://media.example/2.mp3', 'http://media.example/2.mp3'],
  ['guid,https://a.example/x,https://media.example/3.mp3', 'https://media.example/3.mp3'],
  ['other,ftp://media.example/4,5.mp3', 'ftp://media.example/4,5.mp3'],
])(
  'rss_source_item %s is split at the last comma followed by http(s)://, else at the first',
  async (text, enclosure) => {
    await record(urlSafe(text))
    expect(await plays()).toMatchObject([{ rss_source_item: urlSafe(text), rss_enclosure: enclosure }])
  },
)

test('on input, standard and url-safe alphabets, padded or not; always answered url-safe unpadded', async () => {
  const item = 'gu?d>>,https://media.example/?>.mp3'
  for (const encode of [standard, urlSafe]) {
    for (const padding of [true, false]) {
      const spelled = (text: string) => {
        const bare = encode(text).replace(/=+$/, '')
        return padding ? bare.padEnd(Math.ceil(bare.length / 4) * 4, '=') : bare
      }
      expect((await follow(spelled(url))).status).toBe(200)
      expect((await record(spelled(item), { rss_source_feed: spelled(url) })).status).toBe(200)
      const inPath = `${encodeURIComponent(spelled(item))}?feed=${encodeURIComponent(spelled(url))}`
      expect((await app.call('GET', `/play/${inPath}`)).status).toBe(200)
    }
  }
  expect(await followed()).toMatchObject([{ rss_source_feed: urlSafe(url) }])
  expect(await plays()).toMatchObject([{ rss_source_feed: urlSafe(url), rss_source_item: urlSafe(item) }])
})

test.each(['!!!', 'YQ', urlSafe('not a URL'), '%%%'])('undecodable → 400 VALIDATION_ERROR: %s', async (wrong) => {
  const refused = (path: string) => ({ status: 400, body: { error_code: 'VALIDATION_ERROR', details: [{ path }] } })
  expect(await follow(wrong)).toMatchObject(refused('rss_source_feed'))
  expect(await record(wrong)).toMatchObject(refused('rss_source_item'))
  expect(await app.call('DELETE', `/subscriptions/${encodeURIComponent(wrong)}`)).toMatchObject(refused('path.feed'))
  expect(await app.call('GET', `/play/${encodeURIComponent(wrong)}`)).toMatchObject(refused('path.item'))
  expect(await app.call('GET', `/play?feed=${encodeURIComponent(wrong)}`)).toMatchObject(refused('query.feed'))
})

test('rss_source_id is an app’s own label for a podcast: kept, never relied on', async () => {
  const other = feedId('https://feeds.example/other.xml')
  await follow(feed, { rss_source_id: 'my label' })
  await follow(other, { rss_source_id: 'my label' })
  const rows = (await followed()).map((row: { rss_source_feed: string; rss_source_id: string }) => [
    row.rss_source_feed,
    row.rss_source_id,
  ])
  expect(new Map(rows)).toEqual(
    new Map([
      [feed, 'my label'],
      [other, 'my label'],
    ]),
  )
})

test('times are RFC 3339 UTC with milliseconds', async () => {
  await follow(feed, { subscribed_at: '2026-01-02T03:04:05+02:00' })
  await record(itemId('g', 'https://media.example/1.mp3'))
  const [row] = await followed()
  expect(row.subscribed_at).toBe('2026-01-02T01:04:05.000Z')
  const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
  for (const time of [row.inserted_at, row.updated_at, (await plays())[0].updated_at]) expect(time).toMatch(form)
})

test.each([-1, 1.5, '3', null])('positions are whole seconds ≥ 0: not %j', async (position) => {
  expect(await record(itemId('g', 'https://media.example/1.mp3'), { position })).toMatchObject({
    status: 400,
    body: { error_code: 'VALIDATION_ERROR', details: [{ path: 'position' }] },
  })
})

describe('routes by :item take an optional ?feed=', () => {
  const item = itemId('twice', 'https://media.example/twice.mp3')
  const other = feedId('https://feeds.example/also.xml')

  test('an item known under two feeds without it → 409 CONFLICT', async () => {
    await record(item)
    await record(item, { rss_source_feed: other })
    const routes = [
      ['GET', `/play/${item}`],
      ['PUT', `/play/${item}/position`, { position: 2 }],
      ['POST', `/episodes/${item}/save`],
      ['DELETE', `/episodes/${item}/save`],
      ['POST', `/episodes/${item}/share`, {}],
      ['DELETE', `/episodes/${item}/share`],
    ] as const
    for (const [method, path, body] of routes) {
      expect(await app.call(method, path, body), path).toMatchObject({ status: 409, body: { error_code: 'CONFLICT' } })
      expect((await app.call(method, `${path}?feed=${other}`, body)).status, path).toBe(200)
    }
  })
})

test('DELETE /playlists/:id/items/:item is told which by ?feed= too', async () => {
  const item = itemId('listed', 'https://media.example/listed.mp3')
  const feeds = [feed, feedId('https://feeds.example/also.xml')]
  const items = feeds.map((rss_source_feed) => ({ rss_source_feed, rss_source_item: item }))
  const { id } = (await app.call('POST', '/playlists', { name: 'Twice', items })).body
  const path = `/playlists/${id}/items/${item}`
  expect(await app.call('DELETE', path)).toMatchObject({ status: 409, body: { error_code: 'CONFLICT' } })
  expect((await app.call('DELETE', `${path}?feed=${feed}`)).status).toBe(200)
  expect((await app.call('GET', `/playlists/${id}`)).body.items).toMatchObject([{ rss_source_feed: feeds[1] }])
})

test('playlist ids are UUIDs that the client may mint', async () => {
  const id = randomUUID()
  expect(await app.call('POST', '/playlists', { id, name: 'Mine' })).toMatchObject({ status: 201, body: { id } })
  expect((await app.call('POST', '/playlists', { name: 'Yours' })).body.id).toMatch(/^[0-9a-f-]{36}$/)
  expect((await app.call('POST', '/playlists', { id: 'mine', name: 'Mine' })).status).toBe(400)
})

test('the queue and the default collection have fixed ids per user', async () => {
  const ids = async (of: App) => [
    (await of.call('GET', '/queue')).body.id,
    (await of.call('GET', '/collections')).body.collections[0].id,
  ]
  const expected = [queueOf(app.user), defaultCollectionOf(app.user)]
  expect(await ids(app)).toEqual(expected)
  await app.call('PUT', '/queue', { items: [] })
  await follow(feed)
  expect(await ids(app)).toEqual(expected)
  expect(await ids(await server.allow(await server.addUser()))).not.toEqual(expected)
})
