import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { byName, shortName } from '../../src/gpodder/list-names.ts'
import { feedId, startServer, type TestServer } from '../support/instance.ts'
import { type Client, startClient } from './client.ts'

const feed = (n: number | string) => `https://feeds.example/${n}.xml`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const create = (client: Client, title: string, urls: readonly string[], format = 'json') =>
  client.basic(
    'POST',
    `/api/2/lists/${client.u}/create.${format}?title=${encodeURIComponent(title)}`,
    format === 'json' ? urls : urls.join('\n'),
  )
const list = (client: Client, name: string, format = 'json', owner = client.u) =>
  `/api/2/lists/${owner}/list/${encodeURIComponent(name)}.${format}`
const lists = async (client: Client, owner = client.u) => (await client.basic('GET', `/api/2/lists/${owner}.json`)).body
const urlsOf = async (client: Client, name: string, owner = client.u) =>
  (await client.basic('GET', list(client, name, 'txt', owner))).text.split('\n').filter((line) => line !== '')

describe('a podcast list', () => {
  test('is made under a name made of its title, said where it is, and read in every format', async () => {
    const client = await startClient(server)
    expect(await lists(client)).toEqual([])
    const made = await create(client, ' My Python Podcasts! ', [feed(1), feed('a&b')])
    expect(made).toMatchObject({ status: 201, text: '' })
    const place = made.headers.get('location') ?? ''
    expect(place).toBe(server.url + list(client, 'my-python-podcasts'))
    expect(await lists(client)).toEqual([{ title: 'My Python Podcasts!', name: 'my-python-podcasts', web: '' }])
    const { body } = await client.basic('GET', place.slice(server.url.length))
    expect(body).toMatchObject([{ url: feed(1), title: 'feeds.example' }, { url: feed('a&b') }])
    expect(await urlsOf(client, 'my-python-podcasts')).toEqual([feed(1), feed('a&b')])
    const opml = await client.basic('GET', list(client, 'my-python-podcasts', 'opml'))
    expect(opml.text).toContain(`<title>My Python Podcasts! by ${client.u}</title>`)
    expect(opml.text).toContain('xmlUrl="https://feeds.example/a&amp;b.xml"')
    expect((await client.basic('GET', list(client, 'my-python-podcasts', 'xml'))).text).toContain('<podcasts>')
    expect((await client.basic('GET', list(client, 'my-python-podcasts', 'csv'))).status).toBe(400)
  })

  test('subscribes nobody to anything', async () => {
    const client = await startClient(server)
    await create(client, 'Later', [feed(1)])
    expect((await client.basic('GET', `/subscriptions/${client.u}.json`)).body).toEqual([])
  })

  test('is not made twice under one name, without a title, with one that gives no name, or of what are no feeds', async () => {
    const client = await startClient(server)
    await create(client, 'Été à Paris', [feed(1)])
    expect((await create(client, 'ete a paris', [feed(2)], 'txt')).status).toBe(409)
    expect(await urlsOf(client, 'ete-a-paris')).toEqual([feed(1)])
    for (const title of ['', '   ', '!?', 'x'.repeat(501)])
      expect(await create(client, title, [])).toMatchObject({
        status: 400,
        body: { details: [{ path: 'query.title' }] },
      })
    expect((await client.basic('POST', `/api/2/lists/${client.u}/create.json`, [])).status).toBe(400)
    const strange = await create(client, 'Strange', [feed(1), 'no feed'])
    expect(strange).toMatchObject({ status: 400, body: { details: [{ path: 'body.1' }] } })
    expect((await create(client, 'Strange', [], 'xml')).status).toBe(400)
    expect((await lists(client)).map(({ name }: { name: string }) => name)).toEqual(['ete-a-paris'])
  })

  test('made by two at once is made once', async () => {
    const client = await startClient(server)
    const said = await Promise.all([1, 2, 3, 4].map((n) => create(client, 'One', [feed(n)])))
    expect(said.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409])
    expect(await urlsOf(client, 'one')).toHaveLength(1)
  })

  test('is replaced and deleted without a word, and not found before and afterwards', async () => {
    const client = await startClient(server)
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await client.basic(method, list(client, 'mine'), method === 'PUT' ? [] : undefined)).status).toBe(404)
    await create(client, 'Mine', [feed(1), feed(2)])
    const again = [feed(3), feed(1), `${feed(3)}/`]
    expect(await client.basic('PUT', list(client, 'mine'), again)).toMatchObject({ status: 204, text: '' })
    expect(await urlsOf(client, 'mine')).toEqual([feed(3), feed(1)])
    const opml = `<opml><body><outline text="folder"><outline xmlurl="${feed(4)}"/></outline></body></opml>`
    expect((await client.basic('PUT', list(client, 'mine', 'opml'), opml)).status).toBe(204)
    expect(await urlsOf(client, 'mine')).toEqual([feed(4)])
    expect((await client.basic('PUT', list(client, 'mine', 'txt'), '')).status).toBe(204)
    expect(await urlsOf(client, 'mine')).toEqual([])
    expect(await client.basic('DELETE', list(client, 'mine'))).toMatchObject({ status: 204, text: '' })
    expect((await client.basic('GET', list(client, 'mine'))).status).toBe(404)
    expect(await lists(client)).toEqual([])
    expect((await create(client, 'Mine', [feed(5)])).status).toBe(201)
    expect(await urlsOf(client, 'mine')).toEqual([feed(5)])
  })

  test('is a collection like any other: what apps of the REST API do to one shows here, and the other way round', async () => {
    const client = await startClient(server)
    const rest = await server.allow(client.user)
    await client.basic('POST', `/api/2/subscriptions/${client.u}/phone.json`, { add: [feed(1)], remove: [] })
    expect(await lists(client)).toEqual([{ title: 'Subscriptions', name: 'subscriptions', web: '' }])
    expect((await client.basic('DELETE', list(client, 'subscriptions'))).status).toBe(403)
    await create(client, 'Shared', [feed(1), feed(2)])
    const { body } = await rest.call('GET', '/collections')
    const { id } = body.collections.find(({ title }: { title: string }) => title === 'Shared')
    await rest.call('DELETE', `/collections/${id}/feeds/${feedId(feed(2))}`)
    expect(await urlsOf(client, 'shared')).toEqual([feed(1)])
    await rest.call('PATCH', `/collections/${id}`, { title: 'Renamed' })
    expect(await urlsOf(client, 'renamed')).toEqual([feed(1)])
    await client.basic('DELETE', list(client, 'renamed'))
    expect((await rest.call('GET', `/collections/${id}`)).status).toBe(404)
  })
})

describe('another user’s lists', () => {
  const publish = async (client: Client, title: string) => {
    const rest = await server.allow(client.user)
    const { body } = await rest.call('GET', '/collections')
    const { id } = body.collections.find((one: { title: string }) => one.title === title)
    await rest.call('PATCH', `/collections/${id}`, { is_public: true })
    return rest
  }
  /** Feeds that the catalog knows as fetched from the start. */
  const fetched = async (urls: readonly string[]) => {
    await server.instance.catalog.podcasts(urls)
    const { pool } = server.fresh.stores.system
    await pool.query('update system.podcasts set fetched_at = now() where feed_url = any($1)', [urls])
  }

  test('are not there unless they are public, and neither are users who have none', async () => {
    const [owner, reader] = [await startClient(server), await startClient(server)]
    await create(owner, 'Secret', [feed(1)])
    const path = (name: string) => `/api/2/lists/${name}.json`
    const hidden = await reader.basic('GET', path(owner.u))
    expect(hidden.status).toBe(404)
    expect((await reader.basic('GET', path('nobody'))).body).toEqual(hidden.body)
    expect((await reader.basic('GET', list(reader, 'secret', 'json', owner.u))).status).toBe(404)
    await publish(owner, 'Secret')
    expect(await lists(reader, owner.u)).toEqual([{ title: 'Secret', name: 'secret', web: '' }])
    expect((await reader.basic('GET', list(reader, 'secret', 'json', owner.u))).status).toBe(200)
    await server.instance.accounts.suspend(owner.u)
    expect((await reader.basic('GET', path(owner.u))).status).toBe(404)
  })

  test('tell no podcast that others may not learn of', async () => {
    const [owner, reader] = [await startClient(server), await startClient(server)]
    const [open, kept, silent, unfetched] = [feed('open'), feed('kept'), feed('silent'), feed('unfetched')]
    const paid = 'https://www.patreon.com/rss/show?auth=0123456789abcdef0123'
    await fetched([open, kept, silent, paid])
    await create(owner, 'Published', [open, kept, silent, unfetched, paid])
    const rest = await publish(owner, 'Published')
    expect(await urlsOf(reader, 'published', owner.u)).toEqual([])
    await rest.call('PUT', '/privacy', { privacy: 'public' })
    await rest.call('PUT', '/privacy', { privacy: 'anonymous', feed: feedId(kept) })
    await rest.call('PUT', '/privacy', { privacy: 'private', feed: feedId(silent) })
    expect(await urlsOf(reader, 'published', owner.u)).toEqual([open])
    expect(await urlsOf(owner, 'published')).toHaveLength(5)
  })

  test('are nobody else’s to write', async () => {
    const [owner, other] = [await startClient(server), await startClient(server)]
    await create(owner, 'Published', [feed(1)])
    await publish(owner, 'Published')
    const path = list(other, 'published', 'json', owner.u)
    expect((await other.basic('PUT', path, [])).status).toBe(400)
    expect((await other.basic('DELETE', path)).status).toBe(400)
    expect((await other.basic('POST', `/api/2/lists/${owner.u}/create.json?title=x`, [])).status).toBe(400)
    expect(await urlsOf(owner, 'published')).toEqual([feed(1)])
  })
})

describe('names of lists', () => {
  test.each([
    ['My Python Podcasts', 'my-python-podcasts'],
    ['  Café & Crème — №1  ', 'cafe-creme-no1'],
    ['Подкасты', 'подкасты'],
    ['???', ''],
  ])('of %s is %s', (title, name) => {
    expect(shortName(title)).toBe(name)
  })

  test('tell lists of one title apart, the oldest first, whatever the others are called', () => {
    const named = byName([
      { id: 'c', title: 'A!', madeAt: 3 },
      { id: 'b', title: 'a', madeAt: 2 },
      { id: 'a', title: 'A 2', madeAt: 1 },
      { id: 'd', title: '!', madeAt: 4 },
    ])
    expect([...named].map(([name, { id }]) => [name, id])).toEqual([
      ['a-2', 'a'],
      ['a', 'b'],
      ['a-3', 'c'],
      ['list', 'd'],
    ])
  })
})
