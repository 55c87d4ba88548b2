import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, startServer, type TestServer } from '../support/instance.ts'
import { bring, ended, followed, opml, send, shelves } from './opml-app.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const listener = async (scopes: readonly string[] = ['*']): Promise<App> =>
  server.allow(await server.addUser(), { scopes })

const rss = (n: number | string, more = '') =>
  `<outline type="rss" text="Podcast ${n}" xmlUrl="http://localhost:1/feeds/${n}.xml"${more}/>`
const feed = (n: number | string) => `http://localhost:1/feeds/${n}.xml`

describe('an OPML file that is brought', () => {
  test('is taken over by and by: its podcasts are followed, its folders are collections', async () => {
    const app = await listener()
    const file = opml(`${rss(1)}
<outline text="News"><outline text="Local">${rss(2)}${rss(3)}</outline>${rss(4)}</outline>
<outline text="Science">${rss(4)}</outline>`)
    const said = await send(app, file)
    expect(said).toMatchObject({ status: 202, body: { import: { state: 'waiting', total: 5, done: 0, failed: [] } } })
    expect(await ended(app, said.body.import.id)).toMatchObject({
      state: 'done',
      total: 5,
      done: 5,
      subscribed: 4,
      already: 1,
      failed: [],
    })
    expect(await followed(app)).toEqual([1, 2, 3, 4].map(feed))
    expect(await shelves(app)).toEqual([
      { title: 'Subscriptions', isDefault: true, feeds: [feed(1)] },
      { title: 'News', isDefault: false, feeds: [feed(4)] },
      { title: 'News / Local', isDefault: false, feeds: [feed(2), feed(3)] },
      { title: 'Science', isDefault: false, feeds: [feed(4)] },
    ])
    const { body } = await app.call('GET', '/history')
    expect(body.history.map((row: { app: string }) => row.app)).toContain(app.id)
  })

  test('a second time changes nothing', async () => {
    const app = await listener()
    const file = opml(`${rss(1)}<outline text="News">${rss(2)}${rss(1)}</outline>`)
    await bring(app, file)
    const [before, head] = [await shelves(app), await server.instance.journal.head(app.user)]
    expect(await bring(app, file)).toMatchObject({ subscribed: 0, already: 3, failed: [] })
    expect(await shelves(app)).toEqual(before)
    expect((await server.instance.journal.head(app.user)).lastNumber).toBe(head.lastNumber)
  })

  test('adds to the collection that has a folder’s name, and leaves its order alone', async () => {
    const app = await listener()
    await bring(app, opml(`<outline text="News">${rss('b')}${rss('a')}</outline>`))
    await bring(app, opml(`<outline text=" News ">${rss('a')}${rss('c')}${rss('b')}</outline>`))
    expect((await shelves(app))[1]).toEqual({ title: 'News', isDefault: false, feeds: ['b', 'a', 'c'].map(feed) })
  })

  test('says what it could not take over, where it stands and why, and takes over the rest', async () => {
    const app = await listener()
    const long = `https://a.example/${'x'.repeat(9_000)}`
    const file = opml(`<outline type="rss" text="A script" xmlUrl="javascript:alert(1)"/>
${rss(1)}
<outline type="rss" text="A path" xmlUrl="/feed.xml"/>
<outline text="Folder"><outline type="rss" title="Nowhere" xmlUrl=""/></outline>
<outline type="rss" text="Long" xmlUrl="${long}"/>
<outline type="rss" text="FTP" xmlUrl="ftp://a.example/feed.xml"/>
<outline type="link" text="A page" url="https://a.example/"/>
${rss(2)}`)
    expect(await bring(app, file)).toMatchObject({
      state: 'done',
      total: 7,
      done: 7,
      subscribed: 2,
      already: 0,
      failed: [
        { line: 3, url: 'javascript:alert(1)', title: 'A script', reason: 'not_a_feed_url' },
        { line: 5, url: '/feed.xml', title: 'A path', reason: 'not_a_url' },
        { line: 6, url: '', title: 'Nowhere', reason: 'no_url' },
        { line: 7, url: long.slice(0, 500), title: 'Long', reason: 'too_long' },
        { line: 8, url: 'ftp://a.example/feed.xml', title: 'FTP', reason: 'not_a_feed_url' },
      ],
    })
    expect(await followed(app)).toEqual([1, 2].map(feed))
  })

  test('is refused when it is no OPML, with the line in which reading failed', async () => {
    const app = await listener()
    for (const [file, why] of [
      ['<opml>\n<body>\n<outline text="a">\n</body></opml>', /line 4: /],
      ['hello', /line 1: /],
      ['<rss><channel/></rss>', /no <opml>/],
      ['<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', /declares entities/],
      ['', /line 1/],
    ] as const) {
      const said = await send(app, file)
      expect(said).toMatchObject({ status: 400, body: { error_code: 'VALIDATION_ERROR' } })
      expect(said.body.error).toMatch(why)
    }
    expect((await send(app, `<opml>${' '.repeat(4_200_000)}</opml>`)).status).toBe(413)
    expect((await send(app, opml(rss(1).repeat(20_001)))).status).toBe(413)
    expect((await app.call('GET', '/subscriptions/import')).body).toEqual({ imports: [] })
  })

  test('is read in the encoding it says it has', async () => {
    const app = await listener()
    const text = `<opml version="2.0"><body><outline text="Été">${rss(1)}</outline></body></opml>`
    const latin = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${text}`, 'latin1')
    const wide = Buffer.from(`\uFEFF<?xml version="1.0" encoding="UTF-16"?>${text}`, 'utf16le')
    for (const body of [latin, wide]) {
      const answer = await fetch(`${server.url}/api/v1/subscriptions/import`, {
        method: 'POST',
        headers: { authorization: app.bearer(), 'content-type': 'application/xml' },
        body: new Uint8Array(body),
      })
      expect(answer.status).toBe(202)
      await ended(app, ((await answer.json()) as { import: { id: string } }).import.id)
    }
    expect((await shelves(app)).map(({ title }) => title)).toEqual(['Subscriptions', 'Été'])
  })

  test('of Overcast or Pocket Casts makes no collection called “feeds”', async () => {
    const app = await listener()
    const episodes = `<outline type="podcast-episode" url="https://overcast.fm/+a" title="Episode"/>`
    const feeds = `<outline text="feeds"><outline type="rss" text="1" xmlUrl="${feed(1)}">${episodes}</outline></outline>`
    expect(await bring(app, opml(feeds, 'Overcast Podcast Subscriptions'))).toMatchObject({ total: 1, subscribed: 1 })
    expect((await shelves(app)).map(({ title }) => title)).toEqual(['Subscriptions'])
    await bring(app, opml(`<outline text="feeds">${rss(2)}</outline>`))
    expect((await shelves(app)).map(({ title }) => title)).toEqual(['Subscriptions', 'feeds'])
  })

  test('with a full collection follows what does not fit into it, and says so', async () => {
    const app = await listener()
    const many = Array.from({ length: 10_001 }, (_, n) => rss(`full/${n}`)).join('\n')
    const said = await bring(app, opml(`<outline text="Full">${many}</outline>`))
    expect(said).toMatchObject({ state: 'done', total: 10_001, done: 10_001 })
    expect(said.failed.every((each: { reason: string }) => each.reason === 'collection_full')).toBe(true)
    expect(said.failed).toHaveLength(10_001 - said.subscribed)
    expect(await followed(app)).toHaveLength(10_001)
  }, 120_000)
})

describe('who may bring what', () => {
  test('goes by scopes: folders need that of collections too', async () => {
    const reader = await listener(['user.subscriptions.read'])
    expect((await send(reader, opml(rss(1)))).status).toBe(403)
    const writer = await listener(['user.subscriptions.write'])
    const refused = await send(writer, opml(`<outline text="News">${rss(1)}</outline>`))
    expect(refused).toMatchObject({ status: 403, body: { error: expect.stringContaining('user.collections.write') } })
    expect(await bring(writer, opml(rss(1)))).toMatchObject({ subscribed: 1 })
  })

  test('an import is nobody else’s to see', async () => {
    const [mine, other] = [await listener(), await listener()]
    const { id } = await bring(mine, opml(rss(1)))
    expect((await other.call('GET', `/subscriptions/import/${id}`)).status).toBe(404)
    expect((await other.call('GET', '/subscriptions/import')).body.imports).toEqual([])
    expect((await mine.call('GET', '/subscriptions/import')).body.imports).toMatchObject([{ id, state: 'done' }])
  })

  test('an Idempotency-Key brings a file once', async () => {
    const app = await listener()
    const headers = { 'idempotency-key': 'once' }
    const [first, second] = [await send(app, opml(rss(1)), headers), await send(app, opml(rss(1)), headers)]
    expect(second.body).toEqual(first.body)
    expect((await app.call('GET', '/subscriptions/import')).body.imports).toHaveLength(1)
  })
})
