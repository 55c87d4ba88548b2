import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAsking, forgetFeeds } from '../../src/feeds/index.ts'
import { hasWorkers } from '../../src/jobs/queue.ts'
import { createCatalog } from '../../src/podcast/catalog.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { writeFeed } from './world.ts'

let server: TestServer
let origin: Origin
let app: App
let seen = 0
beforeAll(async () => {
  server = await startServer()
  origin = await startOrigin((_, response) => response.end())
  app = await server.allow(await server.addUser(), { scopes: ['user.subscriptions.read'] })
})
afterAll(async () => {
  await server.close()
  await origin.close()
})

const extra = `<language>fr</language><itunes:author>Radio Nowhere</itunes:author>
  <itunes:image href="https://show.example/cover.jpg"/>`
/** A feed nobody has asked for yet. */
const fresh = () => `${origin.url}/${++seen}.xml`
const metadata = (url: string) => app.call('GET', `/subscriptions/${feedId(url)}/metadata`)
const asks = (url: string) => origin.requests.filter((request) => `${origin.url}${request.url}` === url).length
const stringContaining = (part: string) => expect.stringContaining(part)

describe('any feed can be asked for', () => {
  test('one that nobody follows is fetched, and told by its own words', async () => {
    origin.says((_, response) => response.end(writeFeed({ title: 'Night &amp; Day', episodes: [3, 2, 1], extra })))
    const url = fresh()
    const { status, body } = await metadata(url)
    expect([status, body]).toEqual([200, expect.anything()])
    const podcast = await server.instance.catalog.knownPodcast(url)
    const at = (size: number) => `${server.url}/covers/${podcast}?size=${size}`
    expect(body).toEqual({
      metadata: {
        title: 'Night & Day',
        description: 'About',
        author: 'Radio Nowhere',
        cover: { src: at(600), srcset: [64, 128, 300, 600, 1200].map((size) => `${at(size)} ${size}w`).join(', ') },
        language: 'fr',
        episodes_count: 3,
      },
    })
  })

  test('a second question is answered from what was read, under every spelling of its URL', async () => {
    const url = fresh()
    await metadata(url)
    expect((await metadata(`${url}/`)).body.metadata.title).toBe('Night & Day')
    expect((await metadata(`${url}#top`)).status).toBe(200)
    expect(asks(url)).toBe(1)
  })

  test('many who ask at once cost one fetch', async () => {
    origin.says((_, response) => void setTimeout(() => response.end(writeFeed({ episodes: [1] })), 300))
    const url = fresh()
    const replies = await Promise.all([1, 2, 3, 4, 5].map(() => metadata(url)))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(asks(url)).toBe(1)
  })

  test('what the feed does not say is null', async () => {
    origin.says((_, response) => response.end('<rss version="2.0"><channel></channel></rss>'))
    expect((await metadata(fresh())).body.metadata).toEqual({
      title: null,
      description: null,
      author: null,
      cover: null,
      language: null,
      episodes_count: 0,
    })
  })
})

describe('a feed that is not to be had', () => {
  const refused = async (url: string, why: string) => {
    const { status, body } = await metadata(url)
    expect([status, body]).toEqual([502, { error: stringContaining(why), error_code: 'UPSTREAM_ERROR' }])
    expect(body.error).not.toContain('127.0.0.1')
    expect(body.error).not.toContain('.xml')
  }

  test('is told in words without its URL: not there, no feed, locked', async () => {
    origin.says((_, response) => response.writeHead(404).end())
    await refused(fresh(), 'it is not there (404)')
    origin.says((_, response) => response.end('<!doctype html><title>Hi</title>'))
    await refused(fresh(), 'a web page')
    origin.says((_, response) => response.writeHead(401).end())
    await refused(fresh(), 'a name and a password')
  })

  test('is not asked again for each who wants it', async () => {
    origin.says((_, response) => response.writeHead(500).end())
    const url = fresh()
    await refused(url, 'in trouble')
    await refused(url, 'in trouble')
    expect(asks(url)).toBe(1)
  })

  test('and was read before is told as it was', async () => {
    origin.says((_, response) => response.end(writeFeed({ title: 'Before', episodes: [1] })))
    const url = fresh()
    await metadata(url)
    await server.fresh.stores.cache.pool.query(
      "update cache.feeds set checked_at = now() - interval '7 hours' where podcast_id = $1",
      [await server.instance.catalog.knownPodcast(url)],
    )
    origin.says((_, response) => response.writeHead(503).end())
    expect((await metadata(url)).body.metadata.title).toBe('Before')
    expect(asks(url)).toBe(2)
  })

  test('may not be asked for: it does not even get a name here', async () => {
    for (const [url, why] of [
      ['http://169.254.169.254/latest/meta-data', 'link-local'],
      ['http://feeds.example/a.xml', 'leads nowhere'],
      ['http://feeds.test.org:22/a.xml', 'port 22'],
    ] as const) {
      await refused(url, why)
      expect(await server.instance.catalog.knownPodcast(url)).toBeNull()
    }
  })

  test('asking takes a scope', async () => {
    const other = await server.allow(await server.addUser(), { scopes: ['user.plays'] })
    const { status, body } = await other.call('GET', `/subscriptions/${feedId(fresh())}/metadata`)
    expect([status, body.error]).toEqual([403, stringContaining('user.subscriptions.read')])
  })
})

describe('without a worker in time', () => {
  let stores: FreshStores
  beforeAll(async () => {
    stores = await freshStores()
  })
  afterAll(() => stores.close())
  const asking = (order: () => Promise<void> = async () => {}) =>
    createAsking({
      cache: stores.stores.cache.pool,
      catalog: createCatalog(stores.stores.system),
      refusedTarget: () => null,
      order,
      hasWorkers: () => hasWorkers(stores.stores.system),
      clock: Date.now,
      patience: 300,
    })

  test('the caller hears that none runs, or that it takes long', async () => {
    const ask = asking()
    expect(await ask('https://slow.example/1.xml')).toMatchObject({
      refused: 'upstream',
      message: stringContaining('no worker runs'),
    })
    await stores.stores.system.pool.query("insert into system.job_workers (id, seen_at) values ('one', now())")
    expect(await ask('https://slow.example/1.xml')).toMatchObject({ message: stringContaining('in time') })
  })

  test('a worker is asked once for all who wait', async () => {
    let orders = 0
    const ask = asking(async () => {
      orders++
    })
    const urls = ['https://slow.example/3.xml', 'http://slow.example/3.xml/', 'https://slow.example/3.xml']
    await Promise.all(urls.map(ask))
    expect(orders).toBe(1)
  })

  test('nobody waits for ever when the database can’t be asked', async () => {
    const ask = asking(async () => {
      throw new Error('no queue')
    })
    await expect(ask('https://slow.example/2.xml')).rejects.toThrow('no queue')
    await expect(ask('https://slow.example/2.xml')).rejects.toThrow('no queue')
  })
})

describe('feeds that somebody once asked for', () => {
  test('are forgotten after 30 days, unless a listener has anything of them', async () => {
    origin.says((_, response) => response.end(writeFeed({ episodes: [2, 1] })))
    const [strange, played, young] = [fresh(), fresh(), fresh()]
    for (const url of [strange, played, young]) expect((await metadata(url)).status).toBe(200)
    const listener = await server.allow(await server.addUser())
    const item = itemId('guid-1', 'https://media.example/1.mp3')
    const play = { rss_source_feed: feedId(played), rss_source_item: item, position: 5, played: false }
    expect((await listener.call('POST', '/play', play)).status).toBe(200)
    const { pool } = server.fresh.stores.cache
    const idOf = async (url: string) => (await server.instance.catalog.knownPodcast(url)) ?? ''
    const ids = await Promise.all([strange, played, young].map(idOf))
    for (let n = 0; n < 100; n++) {
      const { rows } = await server.fresh.stores.projections.pool.query(
        'select 1 from projections.listeners where podcast_id = $1',
        [ids[1]],
      )
      if (rows.length > 0) break
      await sleep(50)
    }
    await pool.query(
      "update cache.feeds set wanted = false, next_check_at = null, checked_at = now() - interval '31 days' where podcast_id = any($1)",
      [ids.slice(0, 2)],
    )
    await forgetFeeds(server.fresh.stores, Date.now())
    const left = async (table: string) =>
      (await pool.query(`select distinct podcast_id as id from cache.${table} where podcast_id = any($1)`, [ids])).rows
        .map((row) => row.id)
        .toSorted()
    for (const table of ['feeds', 'feed_episodes', 'feed_decisions'])
      expect([table, await left(table)]).toEqual([table, ids.slice(1).toSorted()])
    // It can be asked for again, like any other.
    expect((await metadata(strange)).body.metadata.episodes_count).toBe(2)
  })
})
