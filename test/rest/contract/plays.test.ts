import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type App, feedId, itemId, startServer, type TestServer } from '../../support/instance.ts'

let server: TestServer
let app: App
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  app = await server.allow(await server.addUser())
})

const feed = feedId('https://feeds.example/plays.xml')
const other = feedId('https://feeds.example/other.xml')
const item = (n: number) => itemId(`guid-${n}`, `https://media.example/${n}.mp3`)
const record = (n: number, rest: object, of = feed) =>
  app.call('POST', '/play', { rss_source_feed: of, rss_source_item: item(n), position: 0, played: false, ...rest })
const one = async (n: number, query = '') => (await app.call('GET', `/play/${item(n)}${query}`)).body.play_status

describe('GET /play?played&feed&limit≤100&offset', () => {
  test('{play_statuses:[{…}],pagination:{limit,offset,total}} newest first', async () => {
    for (const n of [1, 2, 3]) await record(n, { position: n * 10, played: n === 2, duration: 100 })
    const all = (await app.call('GET', '/play?limit=2')).body
    expect(all.pagination).toEqual({ limit: 2, offset: 0, total: 3 })
    expect(all.play_statuses.map((p: { position: number }) => p.position)).toEqual([30, 20])
    expect(Object.keys(all.play_statuses[0])).toEqual(
      expect.arrayContaining([
        ...['id', 'user_id', 'rss_source_feed', 'rss_source_item', 'rss_feed_title', 'rss_item_title'],
        ...['played', 'position', 'rss_enclosure', 'updated_at'],
      ]),
    )
    expect(all.play_statuses[0]).toMatchObject({
      user_id: app.user,
      rss_source_feed: feed,
      rss_source_item: item(3),
      rss_feed_title: null,
      rss_item_title: null,
      played: false,
      rss_enclosure: 'https://media.example/3.mp3',
    })
    expect((await app.call('GET', '/play?limit=2&offset=2')).body.play_statuses).toHaveLength(1)
    expect((await app.call('GET', '/play?played=true')).body.play_statuses).toMatchObject([{ position: 20 }])
    expect((await app.call('GET', '/play?played=false')).body.pagination.total).toBe(2)
    expect((await app.call('GET', `/play?feed=${other}`)).body.pagination.total).toBe(0)
    expect((await app.call('GET', '/play?limit=101')).status).toBe(400)
  })
})

describe('POST /play · PUT /play/:item/position · GET /play/:item', () => {
  test('POST /play {…,position,played} → success: rewinding and un-playing on purpose work', async () => {
    await record(1, { position: 900, played: true })
    await record(1, { position: 5, played: false })
    expect(await one(1)).toMatchObject({ position: 5, played: false })
  })

  test('POST /play {…,at?}: the newer edit stands, and an older one takes no played mark away', async () => {
    const ago = (s: number) => new Date(Date.now() - s * 1000).toISOString()
    await record(1, { position: 500, played: true, at: ago(60) })
    await record(1, { position: 100, at: ago(120) })
    expect(await one(1)).toMatchObject({ position: 500, played: true })
    await record(1, { position: 20, at: ago(30) })
    expect(await one(1)).toMatchObject({ position: 20, played: false })
  })

  test('PUT /play/:item/position {position,at?} → success, and leaves the played mark alone', async () => {
    await record(1, { position: 900, played: true })
    expect(await app.call('PUT', `/play/${item(1)}/position`, { position: 30 })).toMatchObject({ status: 200 })
    expect(await one(1)).toMatchObject({ position: 30, played: true })
  })

  test('an item known under two feeds needs its feed, unless only one of them is the listener’s own', async () => {
    const stranger = await server.allow(await server.addUser())
    const body = { rss_source_feed: other, rss_source_item: item(77), position: 1, played: false }
    await stranger.call('POST', '/play', body)
    await record(77, { position: 2 })
    expect(await app.call('PUT', `/play/${item(77)}/position`, { position: 3 })).toMatchObject({ status: 200 })
    await record(77, { position: 4 }, other)
    expect(await app.call('PUT', `/play/${item(77)}/position`, { position: 5 })).toMatchObject({
      status: 409,
      body: { error_code: 'CONFLICT' },
    })
    expect(await app.call('GET', `/play/${item(77)}`)).toMatchObject({ status: 409 })
    expect(await app.call('PUT', `/play/${item(77)}/position?feed=${other}`, { position: 6 })).toMatchObject({
      status: 200,
    })
    expect(await one(77, `?feed=${other}`)).toMatchObject({ position: 6 })
    expect(await one(77, `?feed=${feed}`)).toMatchObject({ position: 3 })
  })

  test('an item nobody ever named is not found', async () => {
    expect(
      await app.call('PUT', `/play/${itemId('never', 'https://x.example/never.mp3')}/position`, { position: 1 }),
    ).toMatchObject({
      status: 404,
      body: { error_code: 'NOT_FOUND' },
    })
  })

  test('GET /play/:item → one play, of the listener’s own', async () => {
    await record(5, { position: 50 })
    const stranger = await server.allow(await server.addUser())
    expect((await stranger.call('GET', `/play/${item(5)}`)).status).toBe(404)
    await stranger.call('PUT', `/play/${item(5)}/position`, { position: 1 })
    expect(await one(5)).toMatchObject({ position: 50 })
  })
})
