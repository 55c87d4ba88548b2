import type { RequestListener } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type FeedWorld, feedWorld, start, writeFeed } from './world.ts'

let world: FeedWorld
let origin: Origin
beforeAll(async () => {
  world = await feedWorld()
  origin = await startOrigin((_, response) => void response.end())
})
afterAll(async () => {
  await world.close()
  await origin.close()
})

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** A feed nobody has seen yet, after its first look. */
const feed = (says: RequestListener | string, url?: string) => world.firstLook(origin, says, url)

const gapOf = async (podcast: PodcastId) => ((await world.state(podcast)).nextCheckAt?.getTime() ?? 0) - world.now
/** Give or take the tenth by which feeds are spread. */
const about = (ms: number) => ({
  asymmetricMatch: (found: unknown) => typeof found === 'number' && found >= ms * 0.9 - 2 && found <= ms * 1.1 + 2,
})

describe('a feed that fails', () => {
  test('keeps what it said, is tried again ever later, and is well at once when it works', async () => {
    const podcast = await feed(writeFeed({ title: 'Steady', episodes: [2, 1] }))
    origin.says((_, response) => void response.writeHead(500).end('oops'))
    const gaps: number[] = []
    for (let i = 0; i < 5; i++) {
      expect(await world.next(podcast)).toMatch(/^No success: its server is in trouble \(500\)\./)
      gaps.push(await gapOf(podcast))
    }
    expect(gaps).toEqual([10, 20, 40, 80, 160].map((minutes) => about(minutes * minute)))
    expect(await world.state(podcast)).toMatchObject({ status: 'failing', title: 'Steady', episodes: 2 })
    origin.says((_, response) => void response.end(writeFeed({ title: 'Steady', episodes: [2, 1] })))
    expect(await world.next(podcast)).toMatch(/^The same bytes as last time/)
    expect(await world.state(podcast)).toMatchObject({ status: 'fine', lastError: null })
  })

  test.each<[string, RequestListener, RegExp]>([
    ['404', (_, r) => void r.writeHead(404).end(), /it is not there \(404\)/],
    ['a page instead of a feed', (_, r) => void r.end('<!doctype html><html><body>Hello</body></html>'), /is no feed/],
    ['nothing', (_, r) => void r.end(), /answers with nothing/],
    [
      'a connection that is cut',
      (_, r) => void r.writeHead(200, { 'content-length': 9 }).write('a', () => r.destroy()),
      /cut/,
    ],
    ['redirects in a circle', (q, r) => void r.writeHead(302, { location: q.url }).end(), /back to itself/],
    ['304 that nobody asked for', (_, r) => void r.writeHead(304).end(), /oddly \(304\)/],
  ])('%s is told in words', async (_, says, words) => {
    const podcast = await feed(says)
    expect(await world.said(podcast)).toMatch(words)
    expect(await world.state(podcast)).toMatchObject({ status: 'failing' })
    expect(await gapOf(podcast)).toEqual(about(10 * minute))
  })

  test('because it is gone is looked at the next day, then once a week', async () => {
    const podcast = await feed((_, response) => void response.writeHead(410).end())
    expect(await gapOf(podcast)).toEqual(about(day))
    expect(await world.state(podcast)).toMatchObject({ status: 'failing' })
    await world.next(podcast)
    expect(await gapOf(podcast)).toEqual(about(7 * day))
    expect(await world.state(podcast)).toMatchObject({ status: 'gone' })
  })

  test('because its server wants to be left alone holds back every feed of that host, and of no other', async () => {
    const neighbour = await feed(writeFeed({ episodes: [1] }))
    const podcast = await feed((_, response) => void response.writeHead(429, { 'retry-after': '7200' }).end())
    expect(await gapOf(podcast)).toBe(2 * hour)
    const other = await world.want('http://127.0.0.2:8080/elsewhere.xml')
    const inAMinute = world.now + 2 * hour + minute
    await world.fresh.stores.cache.pool.query(
      'update cache.feeds set next_check_at = to_timestamp($1::float8 / 1000) where podcast_id = any($2)',
      [inAMinute, [neighbour, other]],
    )
    origin.says((_, response) => {
      const time = new Date(world.now + 3 * hour).toUTCString()
      response.writeHead(503, { 'retry-after': time }).end()
    })
    await world.next(podcast)
    // HTTP's dates know no milliseconds.
    expect((await world.state(neighbour)).nextCheckAt?.getTime()).toBeGreaterThan(world.now + 3 * hour - 1_001)
    expect((await world.state(other)).nextCheckAt?.getTime()).toBe(inAMinute)
  })
})

describe('a feed that moves', () => {
  const moves = async (podcast: PodcastId) =>
    (
      await world.fresh.stores.system.pool.query(
        'select from_url, to_url, why, applied_at from system.feed_moves where podcast_id = $1',
        [podcast],
      )
    ).rows

  test('by permanent redirect is read where it leads, and the move is a fact when it was said for two days', async () => {
    const body = writeFeed({ episodes: [1] })
    const podcast = await feed((request, response) => {
      if (request.url === '/new.xml') response.end(body)
      else response.writeHead(301, { location: '/new.xml' }).end()
    }, `${origin.url}/old.xml`)
    expect(await world.said(podcast)).toMatch(
      /It was redirected \(301\).*permanent redirect, 1 time in a row\): not believed yet/,
    )
    for (let looks = 0; looks < 20 && (await moves(podcast)).length === 0; looks++) await world.next(podcast)
    expect(world.now - start).toBeGreaterThanOrEqual(2 * day)
    expect(await moves(podcast)).toEqual([
      {
        from_url: `${origin.url}/old.xml`,
        to_url: `${origin.url}/new.xml`,
        why: 'permanent redirect',
        applied_at: expect.anything(),
      },
    ])
    expect(await world.said(podcast)).toMatch(/believed from now on/)
    const entries = await world.catalog.podcastEntries([podcast])
    expect(entries.get(podcast)?.feedUrl).toBe(`${origin.url}/new.xml`)
    await world.next(podcast)
    expect(await world.said(podcast)).not.toMatch(/redirected|moved/)
  })

  test('by itunes:new-feed-url likewise', async () => {
    const to = 'https://moved.example/feed'
    const extra = `<itunes:new-feed-url>${to}</itunes:new-feed-url>`
    const podcast = await feed(writeFeed({ episodes: [1], extra }))
    for (let looks = 0; looks < 20 && (await moves(podcast)).length === 0; looks++) await world.next(podcast)
    expect(await moves(podcast)).toMatchObject([{ to_url: to, why: 'itunes:new-feed-url' }])
  })

  test('by a temporary redirect, or a permanent one after it, does not', async () => {
    const podcast = await feed((request, response) => {
      if (request.url === '/there') response.writeHead(301, { location: '/end' }).end()
      else if (request.url === '/end') response.end(writeFeed({ episodes: [1] }))
      else response.writeHead(302, { location: '/there' }).end()
    })
    expect(await world.said(podcast)).toMatch(/redirected \(302, 301\)\. Look/)
  })
})

test('a feed that asks for a password is looked at once a day', async () => {
  const podcast = await feed((_, response) => void response.writeHead(401).end())
  expect(await gapOf(podcast)).toEqual(about(day))
})
