import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rememberedTitles } from '../../src/feeds/titles.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { writeFeed } from './world.ts'

let server: TestServer
let origin: Origin
let app: App
let login: { username: string; password: string }
let feed: string
const item = itemId('guid-1', 'https://media.example/1.mp3')
const called = { rss_feed_title: 'Night & Day', rss_item_title: 'Episode 1' }

beforeAll(async () => {
  server = await startServer()
  origin = await startOrigin((_, response) =>
    response.end(writeFeed({ title: 'Night &amp; Day', episodes: [3, 2, 1] })),
  )
  feed = feedId(`${origin.url}/night.xml`)
  const user = await server.addUser()
  login = { username: user.username, password: 'correct horse battery' }
  app = await server.allow(user)
  await app.call('POST', '/subscriptions', { rss_source_feed: feed })
  const { pool } = server.fresh.stores.cache
  for (let i = 0; i < 200; i++) {
    const { rows } = await pool.query("select 1 from cache.feeds where status = 'fine'")
    if (rows.length > 0) break
    await sleep(50)
  }
})
afterAll(async () => {
  await server.close()
  await origin.close()
})

const ok = async (method: string, path: string, body?: unknown) => {
  const reply = await app.call(method, path, body)
  expect([method, path, reply.status, reply.status < 300 ? '' : reply.body]).toEqual([
    method,
    path,
    expect.toSatisfy((status: number) => status < 300),
    '',
  ])
  return reply.body
}

describe('once a feed was read, every answer says what it is called', () => {
  const ref = () => ({ rss_source_feed: feed, rss_source_item: item })
  beforeAll(async () => {
    await ok('POST', '/play', { ...ref(), position: 60, played: false })
    await ok('PUT', '/queue', { items: [ref()] })
    const { id } = await ok('POST', '/playlists', { name: 'Nights', items: [ref()] })
    expect(id).toBeTruthy()
    const collection = await ok('POST', '/collections', { title: 'Best' })
    await ok('POST', `/collections/${collection.id}/feeds`, { rss_source_feed: feed })
    await ok('POST', `/episodes/${item}/save?feed=${feed}`)
  })

  test('subscriptions and plays', async () => {
    expect((await ok('GET', '/subscriptions')).subscriptions).toMatchObject([{ rss_feed_title: 'Night & Day' }])
    expect((await ok('GET', '/play')).play_statuses).toMatchObject([called])
    expect((await ok('GET', `/play/${item}`)).play_status).toMatchObject(called)
  })

  test('the queue, playlists and collections', async () => {
    const items = [{ feed_title: 'Night & Day', item_title: 'Episode 1' }]
    expect(await ok('GET', '/queue')).toMatchObject({ items })
    expect((await ok('GET', '/playlists')).playlists).toMatchObject([{ items }, { items }])
    const { collections } = await ok('GET', '/collections')
    const named = collections.find((each: { title: string }) => each.title === 'Best')
    expect(named.feeds).toMatchObject([{ rss_feed_title: 'Night & Day' }])
  })

  test('the sync, in every lane', async () => {
    const { changes } = await ok('POST', '/sync', { changes: {} })
    expect(changes.subscriptions).toMatchObject([{ rss_feed_title: 'Night & Day' }])
    expect(changes.plays).toMatchObject([called])
    for (const { items } of changes.playlists) {
      expect(items).toMatchObject([{ feed_title: 'Night & Day', item_title: 'Episode 1' }])
    }
  })

  test('the history, in its words too', async () => {
    const { history } = await ok('GET', '/history')
    const played = history.find((entry: { type: string }) => entry.type === 'PositionMoved')
    expect(played).toMatchObject({ ...called, words: expect.stringContaining('Night & Day') })
    const collected = history.find((entry: { type: string }) => entry.type === 'CollectionCreated')
    expect(collected).toMatchObject({ rss_feed_title: null, rss_item_title: null })
  })

  test('what a gPodder client hears of', async () => {
    const authorization = `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`
    const gpodder = async (path: string, body?: unknown) => {
      const response = await fetch(`${server.url}/api/2/${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      expect([path, response.status]).toEqual([path, 200])
      const text = await response.text()
      return text === '' ? null : JSON.parse(text)
    }
    await gpodder(`devices/${login.username}/phone.json`, { caption: 'Phone' })
    const updates = (await gpodder(`updates/${login.username}/phone.json?since=0`)) as Record<string, unknown>
    expect(updates.add).toMatchObject([{ title: 'Night & Day' }])
    expect(updates.updates).toMatchObject([{ title: 'Episode 1', podcast_title: 'Night & Day' }])
    expect(await gpodder(`favorites/${login.username}.json`)).toMatchObject([
      { title: 'Episode 1', podcast_title: 'Night & Day' },
    ])
    expect(await gpodder(`lists/${login.username}/list/best.json`)).toMatchObject([{ title: 'Night & Day' }])
  })
})

test('a podcast that was not read yet has no title, and its host stands for it', async () => {
  const other = feedId('https://feeds.example/never.xml')
  await ok('POST', '/play', { rss_source_feed: other, rss_source_item: item, position: 5, played: false })
  const { play_statuses } = await ok('GET', `/play?feed=${other}`)
  expect(play_statuses).toMatchObject([{ rss_feed_title: null, rss_item_title: null }])
  const { history } = await ok('GET', `/history?feed=${other}`)
  expect(history[0].words).toContain('feeds.example')
})

test('a process remembers titles for a while, and those of whole histories not', async () => {
  const { cache } = server.fresh.stores
  const [hasty, thorough] = [rememberedTitles(cache.pool), rememberedTitles(cache.pool)]
  const podcast = (await server.instance.catalog.knownPodcast(`${origin.url}/night.xml`)) ?? ''
  const many = Array.from({ length: 600 }, () => randomUUID())
  expect((await hasty([podcast], [])).feed(podcast)).toBe('Night & Day')
  expect((await thorough([podcast], many)).feed(podcast)).toBe('Night & Day')
  await cache.pool.query(`update cache.feeds set metadata = jsonb_set(metadata, '{title}', '"Day & Night"')`)
  expect((await hasty([podcast], [])).feed(podcast)).toBe('Night & Day')
  expect((await thorough([podcast], [])).feed(podcast)).toBe('Day & Night')
})
