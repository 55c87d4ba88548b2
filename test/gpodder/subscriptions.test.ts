import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, feedId, startServer, type TestServer } from '../support/instance.ts'
import { type Client, startClient } from './client.ts'

const feed = (n: number | string) => `https://feeds.example/${n}.xml`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const changes = (client: Client, device = 'phone') => `/api/2/subscriptions/${client.u}/${device}.json`
const since = (client: Client, stamp: number, device = 'phone') =>
  client.basic('GET', `${changes(client, device)}?since=${stamp}`)
const upload = (client: Client, add: string[], remove: string[] = [], device = 'phone') =>
  client.basic('POST', changes(client, device), { add, remove })
const events = async ({ user }: Client) => (await server.instance.journal.head(user.id)).lastNumber

describe('changes of subscriptions', () => {
  test('as AntennaPod makes them: log in, cookie from then on, all there is, upload, and back with T or T+1', async () => {
    const desktop = await startClient(server)
    await upload(desktop, [feed(1)], [], 'desktop')
    const phone = await startClient(server, desktop)
    expect((await phone.basic('POST', `/api/2/auth/${phone.u}/login.json`)).status).toBe(200)
    await phone.call('POST', `/api/2/devices/${phone.u}/antennapod.json`, { caption: 'AntennaPod', type: 'mobile' })
    const path = changes(phone, 'antennapod')
    const first = await phone.call('GET', `${path}?since=0`)
    expect(first.body).toMatchObject({ add: [feed(1)], remove: [] })
    const sent = await phone.call('POST', path, { add: [feed(2)], remove: [] }, { 'content-type': 'plain/text' })
    expect(sent.status).toBe(200)
    expect(sent.body.update_urls).toEqual([])
    const { timestamp } = sent.body
    expect(timestamp).toBeGreaterThan(first.body.timestamp)
    expect((await phone.call('GET', `${path}?since=${timestamp + 1}`)).body).toMatchObject({ add: [], remove: [] })
    await upload(desktop, [], [feed(1)], 'desktop')
    for (const cursor of [timestamp, timestamp + 1]) {
      const { body } = await phone.call('GET', `${path}?since=${cursor}`)
      expect(body.remove).toEqual([feed(1)])
      expect(body.timestamp).toBeGreaterThan(timestamp)
    }
  })

  test('are told by when the server got them: an upload’s answer does not skip what another device wrote', async () => {
    const client = await startClient(server)
    await upload(client, [feed(1)])
    const { timestamp: told } = (await since(client, 0)).body
    await upload(client, [feed(2)], [], 'tablet')
    const { timestamp } = (await upload(client, [feed(3)])).body
    const { body } = await since(client, timestamp + 1)
    expect(timestamp).toBe(told)
    expect(body.add).toContain(feed(2))
    // Told now, so that the next upload's answer moves on.
    const after = (await upload(client, [feed(4)])).body.timestamp
    expect(after).toBeGreaterThan(body.timestamp)
    expect((await since(client, after + 1)).body.add).toEqual([])
  })

  test('reach apps of the REST API, and theirs reach gPodder’s', async () => {
    const client = await startClient(server)
    const rest: App = await server.allow(client.user)
    await upload(client, [feed('both')])
    const listed = await rest.call('GET', '/subscriptions')
    expect(listed.body.subscriptions).toMatchObject([{ rss_source_feed: feedId(feed('both')) }])
    const { timestamp } = (await since(client, 0)).body
    await rest.call('DELETE', `/subscriptions/${feedId(feed('both'))}`)
    expect((await since(client, timestamp + 1)).body.remove).toEqual([feed('both')])
  })

  test('that repeat what is so already write nothing', async () => {
    const client = await startClient(server)
    await upload(client, [feed(1), feed(2)], [feed(3)])
    const before = await events(client)
    expect((await upload(client, [feed(1), feed(2)], [feed(3)])).status).toBe(200)
    expect(await events(client)).toBe(before)
  })

  test('are answered with what the server calls feeds: canonical, one for each podcast, and "" for what is none', async () => {
    const client = await startClient(server)
    await upload(client, [feed('one')])
    const { body } = await upload(client, [
      ` ${feed('two')}`,
      'no feed',
      'http://FEEDS.example/one.xml/',
      '',
      'half \ud800',
    ])
    expect(body.update_urls).toEqual([
      [` ${feed('two')}`, feed('two')],
      ['no feed', ''],
      ['http://FEEDS.example/one.xml/', feed('one')],
      ['', ''],
      ['half \ud800', ''],
    ])
    const { add } = (await since(client, 0)).body
    expect(add.toSorted()).toEqual([feed('one'), feed('two')])
  })

  test('are refused with one feed in both lists, with no list, and without since; unknown devices are not found', async () => {
    const client = await startClient(server)
    expect((await upload(client, [feed(1)], [feed(1)])).status).toBe(400)
    expect((await upload(client, [feed(1)], [`${feed(1)}/`])).status).toBe(400)
    expect((await client.basic('POST', changes(client), { add: 'all' })).status).toBe(400)
    expect((await since(client, 0)).status).toBe(404)
    await upload(client, [feed(1)])
    expect((await client.basic('GET', changes(client))).status).toBe(400)
    expect((await client.basic('GET', `${changes(client)}?since=soon`)).status).toBe(400)
    expect((await since(client, 0)).status).toBe(200)
  })

  test('tell who begins nothing of podcasts that were left before', async () => {
    const client = await startClient(server)
    await upload(client, [feed(1), feed(2)])
    await upload(client, [], [feed(1)])
    expect((await since(client, 0)).body).toMatchObject({ add: [feed(2)], remove: [] })
  })

  test('come packed too', async () => {
    const client = await startClient(server)
    const packed = await new Response(
      new Blob([JSON.stringify({ add: [feed('packed')] })]).stream().pipeThrough(new CompressionStream('gzip')),
    ).blob()
    await client.basic('POST', `/api/2/auth/${client.u}/login.json`)
    const said = await fetch(server.url + changes(client), {
      method: 'POST',
      headers: { cookie: client.cookie(), 'content-encoding': 'gzip' },
      body: packed,
    })
    expect(said.status).toBe(200)
    expect((await since(client, 0)).body.add).toEqual([feed('packed')])
  })
})

describe('the whole list', () => {
  const list = (client: Client, format: string) => `/subscriptions/${client.u}/phone.${format}`

  test.each([
    ['txt', `${feed(1)}\n${feed('a&b')}\n`],
    ['json', JSON.stringify([feed(1), { url: feed('a&b') }])],
    [
      'opml',
      `<?xml version="1.0"?><opml version="2.0"><body><outline text="x" xmlUrl="${feed(1)}"/><outline text="y">
        <outline type='rss' xmlUrl='${feed('a&amp;b')}'/></outline></body></opml>`,
    ],
  ])('is replaced by one as %s, and read again as any', async (format, body) => {
    const client = await startClient(server)
    await upload(client, [feed('old'), feed(1)])
    expect(await client.basic('PUT', list(client, format), body)).toMatchObject({ status: 200, text: '' })
    const both = [feed(1), feed('a&b')]
    expect((await client.basic('GET', list(client, 'json'))).body.toSorted()).toEqual(both)
    const text = (await client.basic('GET', list(client, 'txt'))).text
    expect(text.trim().split('\n').toSorted()).toEqual(both)
    const opml = await client.basic('GET', `/subscriptions/${client.u}.opml`)
    expect(opml.headers.get('content-type')).toContain('opml')
    expect(opml.text).toContain('xmlUrl="https://feeds.example/a&amp;b.xml"')
    expect((await client.basic('PUT', `/subscriptions/${client.u}/again.opml`, opml.text)).status).toBe(200)
    const xml = await client.basic('GET', list(client, 'xml'))
    expect(xml.headers.get('content-type')).toContain('xml')
    expect(xml.text).toContain('<title>feeds.example</title>')
    expect(xml.text).toContain('<url>https://feeds.example/a&amp;b.xml</url>')
    expect((await client.basic('GET', list(client, 'json'))).body.toSorted()).toEqual(both)
  })

  test('is emptied only when asked twice within a minute', async () => {
    const client = await startClient(server)
    await upload(client, [feed(1)])
    expect((await client.basic('PUT', list(client, 'json'), [])).status).toBe(409)
    expect((await client.basic('GET', list(client, 'json'))).body).toEqual([feed(1)])
    await server.fresh.stores.system.pool.query(
      `update system.door_stamps set stamp = stamp - 61 where kind = 'emptying'`,
    )
    expect((await client.basic('PUT', list(client, 'json'), [])).status).toBe(409)
    expect((await client.basic('PUT', list(client, 'json'), [])).status).toBe(200)
    expect((await client.basic('GET', list(client, 'json'))).body).toEqual([])
    expect((await client.basic('PUT', list(client, 'json'), [])).status).toBe(200)
  })

  test.each([
    ['txt', ''],
    ['txt', '\n \n'],
    ['json', '[]'],
    ['json', '["no feed"]'],
    ['opml', '<opml version="2.0"><body/></opml>'],
    ['opml', '<opml><body><outline text="an empty folder"></outline></body></opml>'],
  ])('is not emptied by a new, empty client that sends it as %s: %j', async (format, body) => {
    const client = await startClient(server)
    await upload(client, [feed(1), feed(2)])
    const said = await client.basic('PUT', list(client, format), body)
    expect(said).toMatchObject({ status: 409, body: { error_code: 'CONFLICT' } })
    // Another client that is as empty does not confirm what the first one sent.
    expect((await client.basic('PUT', `/subscriptions/${client.u}/other.${format}`, body)).status).toBe(409)
    expect((await client.basic('GET', list(client, 'json'))).body).toHaveLength(2)
    expect((await client.basic('PUT', list(client, format), body)).status).toBe(200)
    expect((await client.basic('GET', list(client, 'json'))).body).toEqual([])
  })

  test('is not emptied by what comes to nothing, but by a client that names every podcast it leaves', async () => {
    const client = await startClient(server)
    await upload(client, [feed(1), feed(2)])
    for (const body of [undefined, {}, { add: [], remove: [] }, { add: null }])
      expect((await client.basic('POST', changes(client), body)).status).toBe(200)
    expect((await client.basic('PUT', list(client, 'json'))).status).toBe(400)
    expect((await client.basic('GET', list(client, 'json'))).body).toHaveLength(2)
    expect((await upload(client, [], [feed(1), feed(2)])).status).toBe(200)
    expect((await client.basic('GET', list(client, 'json'))).body).toEqual([])
  })

  test('is refused in no known format, and asks for a log-in like the rest', async () => {
    const client = await startClient(server)
    expect((await client.basic('GET', list(client, 'csv'))).status).toBe(400)
    for (const [format, body] of [
      ['json', '{}'],
      ['json', '[7]'],
      ['json', '['],
      ['opml', 'hello'],
      ['xml', '<podcasts/>'],
    ] as const)
      expect((await client.basic('PUT', list(client, format), body)).status).toBe(400)
    const said = await fetch(server.url + list(client, 'txt'))
    expect(said.status).toBe(401)
    expect(said.headers.get('www-authenticate')).toMatch(/^Basic/)
    expect(said.headers.get('access-control-allow-origin')).toBe('*')
  })
})
