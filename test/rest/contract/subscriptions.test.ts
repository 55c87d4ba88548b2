import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type App, feedId, startServer, type TestServer } from '../../support/instance.ts'

let server: TestServer
let app: App
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  app = await server.allow(await server.addUser())
})

const feed = feedId('https://feeds.example/a.xml')
const listed = async () => (await app.call('GET', '/subscriptions')).body.subscriptions

describe('subscriptions', () => {
  test('GET /subscriptions → {subscriptions:[{id,user_id,rss_source_feed,…}]} active ones', async () => {
    const done = await app.call('POST', '/subscriptions', { rss_source_feed: feed, rss_source_id: 'my-label' })
    expect(done).toMatchObject({ status: 200, body: { status: 'success' } })
    const [row] = await listed()
    expect(Object.keys(row).sort()).toEqual([
      'id',
      'inserted_at',
      'rss_feed_title',
      'rss_source_feed',
      'rss_source_id',
      'subscribed_at',
      'unsubscribed_at',
      'updated_at',
      'user_id',
    ])
    expect(row).toMatchObject({
      rss_source_feed: feed,
      rss_source_id: 'my-label',
      unsubscribed_at: null,
      user_id: app.user,
    })
    expect(await app.call('DELETE', `/subscriptions/${feed}`)).toMatchObject({ status: 200 })
    expect(await listed()).toEqual([])
  })

  test('POST /subscriptions {rss_source_feed,rss_source_id?,subscribed_at?} → 200 {status:"success"}; idempotent', async () => {
    const once = await app.call('POST', '/subscriptions', { rss_source_feed: feed })
    expect(once).toMatchObject({ status: 200, body: { status: 'success' } })
    const before = await server.instance.journal.head(app.user)
    expect(await app.call('POST', '/subscriptions', { rss_source_feed: feed })).toMatchObject({
      status: 200,
      body: once.body,
    })
    expect(await server.instance.journal.head(app.user)).toEqual(before)
  })

  test('DELETE /subscriptions/:feed → 200 {status:"success"} even when not subscribed, without a trace', async () => {
    expect(await app.call('DELETE', `/subscriptions/${feed}`)).toMatchObject({
      status: 200,
      body: { status: 'success' },
    })
    expect((await server.instance.journal.head(app.user)).lastNumber).toBe(0)
  })

  test('one feed under several spellings is one podcast, shown as first named', async () => {
    const spellings = [
      'https://Feeds.Example/b.xml',
      'http://feeds.example:80/b.xml/',
      'feed://feeds.example/b.xml#top',
    ]
    for (const url of spellings) await app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
    expect(await listed()).toMatchObject([{ rss_source_feed: feedId('https://Feeds.Example/b.xml') }])
  })

  test('POST /subscriptions {subscribed_at}: an older one does not bring back what was left since', async () => {
    await app.call('POST', '/subscriptions', { rss_source_feed: feed })
    await app.call('DELETE', `/subscriptions/${feed}`)
    const yesterday = new Date(Date.now() - 86_400_000).toISOString()
    await app.call('POST', '/subscriptions', { rss_source_feed: feed, subscribed_at: yesterday })
    expect(await listed()).toEqual([])
  })

  test('what is not base64 of a URL is refused by name', async () => {
    for (const wrong of ['', '!!!', feedId('not a url'), feedId('javascript:alert(1)'), 7, null]) {
      const refused = await app.call('POST', '/subscriptions', { rss_source_feed: wrong })
      expect(refused).toMatchObject({
        status: 400,
        body: { error_code: 'VALIDATION_ERROR', details: [{ path: 'rss_source_feed' }] },
      })
    }
  })
})
