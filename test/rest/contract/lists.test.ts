import { randomUUID } from 'node:crypto'
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

const feed = feedId('https://feeds.example/lists.xml')
const item = (n: number) => itemId(`guid-${n}`, `https://media.example/${n}.mp3`)
const ref = (n: number) => ({ rss_source_feed: feed, rss_source_item: item(n) })
const items = async (path: string) =>
  (await app.call('GET', path)).body.items.map((i: { rss_source_item: string }) => i.rss_source_item)

describe('GET /playlists, /playlists/:id · POST · PATCH · DELETE · PUT, POST /playlists/:id/items · DELETE /playlists/:id/items/:item', () => {
  test('{id,name,description,is_public,items:[{…,position}],updated_at,deleted_at}, contents and order', async () => {
    const id = randomUUID()
    const made = await app.call('POST', '/playlists', { id, name: 'Road', items: [ref(1), ref(2)] })
    expect(made).toMatchObject({ status: 201, body: { id } })
    expect((await app.call('POST', '/playlists', { id, name: 'Again' })).status).toBe(409)
    expect((await app.call('PATCH', `/playlists/${id}`, { description: 'Long', is_public: true })).status).toBe(200)
    await app.call('POST', `/playlists/${id}/items`, ref(3))
    expect(await items(`/playlists/${id}`)).toEqual([item(1), item(2), item(3)])
    await app.call('PUT', `/playlists/${id}/items`, { items: [ref(3), ref(1)] })
    expect(await items(`/playlists/${id}`)).toEqual([item(3), item(1)])
    await app.call('DELETE', `/playlists/${id}/items/${item(3)}`)
    const { body } = await app.call('GET', `/playlists/${id}`)
    expect(Object.keys(body)).toEqual(
      expect.arrayContaining(['id', 'name', 'description', 'is_public', 'items', 'updated_at', 'deleted_at']),
    )
    expect(body).toMatchObject({ name: 'Road', description: 'Long', is_public: true, deleted_at: null })
    expect(body.items).toEqual([{ ...ref(1), item_title: null, feed_title: null, position: 0 }])
    expect((await app.call('DELETE', `/playlists/${id}`)).status).toBe(200)
    expect((await app.call('GET', `/playlists/${id}`)).status).toBe(404)
    expect((await app.call('PATCH', `/playlists/${id}`, { name: 'Gone' })).status).toBe(404)
    expect((await app.call('GET', '/playlists')).body.playlists).toEqual([])
  })
})

describe('GET /queue · PUT {items:[…]}', () => {
  test('the "up next" list, there from the start, in order', async () => {
    expect((await app.call('GET', '/queue')).body).toMatchObject({ kind: 'queue', items: [] })
    await app.call('PUT', '/queue', { items: [ref(2), ref(1)] })
    expect(await items('/queue')).toEqual([item(2), item(1)])
    const { id } = (await app.call('GET', '/queue')).body
    expect(await app.call('DELETE', `/playlists/${id}`)).toMatchObject({
      status: 403,
      body: { error_code: 'cannot_delete_queue' },
    })
  })
})

describe('GET /collections, /:id · POST · PATCH/DELETE /:id · POST /:id/feeds · DELETE /:id/feeds/:feed · PUT /:id/feeds (order)', () => {
  const follow = (url: string) => app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
  const feeds = async (id: string) =>
    (await app.call('GET', `/collections/${id}`)).body.collection.feeds.map(
      (f: { rss_source_feed: string }) => f.rss_source_feed,
    )

  test('{id,user_id,title,description,color,is_default,is_public,feeds:[{…}],…}: the default one takes in what is followed', async () => {
    const [home] = (await app.call('GET', '/collections')).body.collections
    expect(home).toMatchObject({ is_default: true, feeds: [] })
    await follow('https://feeds.example/1.xml')
    expect(await feeds(home.id)).toEqual([feedId('https://feeds.example/1.xml')])
    const [listed] = (await app.call('GET', '/collections')).body.collections
    expect(Object.keys(listed)).toEqual(
      expect.arrayContaining([
        ...['id', 'user_id', 'title', 'description', 'color', 'is_default', 'is_public', 'feeds'],
        ...['inserted_at', 'updated_at'],
      ]),
    )
    expect(Object.keys(listed.feeds[0]).toSorted()).toEqual([
      'id',
      'rss_feed_title',
      'rss_source_feed',
      'subscribed_at',
    ])
    expect(listed.feeds[0].subscribed_at).not.toBeNull()
    await app.call('DELETE', `/subscriptions/${feedId('https://feeds.example/1.xml')}`)
    expect(await feeds(home.id)).toEqual([])
    expect(await app.call('DELETE', `/collections/${home.id}`)).toMatchObject({
      status: 403,
      body: { error_code: 'cannot_delete_default_collection' },
    })
  })

  test('201 on create; feed not subscribed: 422 feed_not_subscribed; order as put', async () => {
    const { status, body } = await app.call('POST', '/collections', { title: 'News', color: '#a1b2c3' })
    expect(status).toBe(201)
    const add = (url: string) => app.call('POST', `/collections/${body.id}/feeds`, { rss_source_feed: feedId(url) })
    expect(await add('https://feeds.example/2.xml')).toMatchObject({
      status: 422,
      body: { error_code: 'feed_not_subscribed' },
    })
    for (const n of [2, 3]) {
      await follow(`https://feeds.example/${n}.xml`)
      expect((await add(`https://feeds.example/${n}.xml`)).status).toBe(200)
    }
    const [two, three] = [2, 3].map((n) => feedId(`https://feeds.example/${n}.xml`))
    expect((await app.call('PUT', `/collections/${body.id}/feeds`, { feeds: [three, two] })).status).toBe(200)
    expect(await feeds(body.id)).toEqual([three, two])
    expect((await app.call('PUT', `/collections/${body.id}/feeds`, { feeds: [three, feed] })).status).toBe(422)
    await app.call('DELETE', `/collections/${body.id}/feeds/${three}`)
    expect(await feeds(body.id)).toEqual([two])
    expect((await app.call('PATCH', `/collections/${body.id}`, { title: 'Views', description: null })).status).toBe(200)
    expect((await app.call('GET', `/collections/${body.id}`)).body.collection).toMatchObject({
      title: 'Views',
      color: '#a1b2c3',
    })
    expect((await app.call('DELETE', `/collections/${body.id}`)).status).toBe(200)
    expect((await app.call('GET', `/collections/${body.id}`)).status).toBe(404)
  })
})

describe('saves, shares and privacy', () => {
  test('POST, DELETE /episodes/:item/save?feed= · POST /episodes/:item/share?feed= {comment?}, DELETE the same → success', async () => {
    const fresh = itemId(`fresh-${randomUUID()}`, `https://media.example/${randomUUID()}.mp3`)
    expect((await app.call('POST', `/episodes/${fresh}/save`)).status).toBe(404)
    expect((await app.call('POST', `/episodes/${fresh}/save?feed=${feed}`)).status).toBe(200)
    expect((await app.call('POST', `/episodes/${fresh}/share`, { comment: 'Listen!' })).status).toBe(200)
    const synced = (await app.call('POST', '/sync', { changes: {} })).body.changes
    expect(synced.saves).toMatchObject([{ rss_source_item: fresh, saved: true }])
    expect((await app.call('DELETE', `/episodes/${fresh}/save`)).status).toBe(200)
    expect((await app.call('DELETE', `/episodes/${fresh}/share`)).status).toBe(200)
    expect((await app.call('POST', '/sync', { changes: {} })).body.changes.saves).toMatchObject([{ saved: false }])
  })

  test('GET /privacy?feed&item · PUT /privacy → {privacy_settings:[…],effective}, the rows in scope and what holds for it', async () => {
    const effective = async (query = '') => (await app.call('GET', `/privacy${query}`)).body.effective
    expect(await effective()).toBe('private')
    await app.call('PUT', '/privacy', { privacy: 'public' })
    await app.call('PUT', '/privacy', { privacy: 'anonymous', feed })
    await app.call('PUT', '/privacy', { privacy: 'private', feed, item: item(1) })
    expect(await effective()).toBe('public')
    expect(await effective(`?feed=${feed}`)).toBe('private')
    await server.fresh.stores.system.pool.query('update system.podcasts set fetched_at = now()')
    const { body } = await (await server.allow({ id: app.user })).call('GET', `/privacy?feed=${feed}`)
    for (const row of body.privacy_settings)
      expect(Object.keys(row).toSorted()).toEqual(['privacy', 'rss_source_feed', 'rss_source_item', 'updated_at'])
    expect(body.privacy_settings.map((s: { privacy: string }) => s.privacy).sort()).toEqual(['anonymous', 'private'])
    expect((await app.call('GET', `/privacy?feed=${feed}&item=${item(1)}`)).body.privacy_settings).toHaveLength(1)
    expect((await app.call('GET', `/privacy?item=${item(1)}`)).body.privacy_settings).toHaveLength(1)
  })
})
