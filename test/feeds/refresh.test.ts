import type { RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { feedId } from '../support/instance.ts'
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

let feeds = 0
/** A feed nobody has seen yet, which says what the test wants, after its first look. */
async function feed(says: RequestListener | string, url = `${origin.url}/${++feeds}.xml`): Promise<PodcastId> {
  origin.says(typeof says === 'string' ? (_, response) => void response.end(says) : says)
  const podcast = await world.want(url)
  await world.worker.refreshDue()
  return podcast
}

const gapOf = async (podcast: PodcastId) => ((await world.state(podcast)).nextCheckAt?.getTime() ?? 0) - world.now
/** Give or take the tenth by which feeds are spread. */
const about = (ms: number) => ({
  asymmetricMatch: (found: unknown) => typeof found === 'number' && found >= ms * 0.9 - 2 && found <= ms * 1.1 + 2,
})

const episodesOf = async (podcast: PodcastId) =>
  (
    await world.fresh.stores.cache.pool.query(
      'select title, listed, place, xmin::text from cache.feed_episodes where podcast_id = $1 order by place desc',
      [podcast],
    )
  ).rows

describe('a feed that is fetched for the first time', () => {
  test('is kept with its episodes, each under the id that listeners know it by', async () => {
    const url = `${origin.url}/first.xml`
    const known = (await world.catalog.podcasts([url])).get(url) as PodcastId
    const [played] = await world.catalog.episodes([
      { podcast: known, guid: 'guid-2', enclosure: 'https://media.example/2.mp3?source=app' },
    ])
    const podcast = await feed(writeFeed({ title: 'First', episodes: [3, 2, 1] }), url)
    expect(podcast).toBe(known)
    expect(await world.state(podcast)).toMatchObject({ status: 'fine', title: 'First', episodes: 3, lastError: null })
    expect(await world.said(podcast)).toMatch(/^Read 3 episodes, 3 new, 0 changed\. Look again in /)
    const { rows } = await world.fresh.stores.cache.pool.query(
      'select title, enclosure_url, extract(epoch from published_at)::int as published, details from cache.feed_episodes where episode_id = $1',
      [played],
    )
    expect(rows).toEqual([
      {
        title: 'Episode 2',
        enclosure_url: 'https://media.example/2.mp3',
        published: (start - 98 * day) / 1000,
        details: expect.objectContaining({ guid: 'guid-2' }),
      },
    ])
  })

  test('becomes public when it was read without credentials', async () => {
    const podcast = await feed(writeFeed({ episodes: [1] }))
    expect((await world.catalog.podcastEntries([podcast])).get(podcast)).toMatchObject({
      fetched: true,
      privateReason: null,
    })
  })

  test('stays private when its URL carries a password, which its server gets', async () => {
    const podcast = await feed(
      writeFeed({ episodes: [1] }),
      origin.url.replace('//', '//me:hunter2@').concat('/member.xml'),
    )
    expect(origin.requests.at(-1)?.headers.authorization).toBe(`Basic ${btoa('me:hunter2')}`)
    expect(await world.state(podcast)).toMatchObject({ status: 'fine' })
    expect((await world.catalog.podcastEntries([podcast])).get(podcast)).toMatchObject({
      fetched: false,
      privateReason: 'user info',
    })
  })

  test('stays private when it says itunes:block, as long as it does', async () => {
    const podcast = await feed(writeFeed({ episodes: [1], extra: '<itunes:block>Yes</itunes:block>' }))
    const reason = async () => (await world.catalog.podcastEntries([podcast])).get(podcast)?.privateReason
    expect(await reason()).toBe('itunes:block')
    origin.says((_, response) => void response.end(writeFeed({ episodes: [1] })))
    await world.next(podcast)
    expect(await reason()).toBe(null)
  })

  test('is private while it asks for a password', async () => {
    const podcast = await feed((_, response) => void response.writeHead(401).end())
    expect(await world.state(podcast)).toMatchObject({ status: 'locked' })
    expect(await world.said(podcast)).toMatch(/^No success: it asks for a name and a password \(401\)\. Try again in/)
    expect((await world.catalog.podcastEntries([podcast])).get(podcast)).toMatchObject({
      fetched: false,
      privateReason: 'authentication',
    })
    expect(await gapOf(podcast)).toEqual(about(day))
  })

  test('is known by its podcast:guid from then on', async () => {
    const guid = '917393e3-1b1e-5cef-ace4-edaa54e1f810'
    const podcast = await feed(writeFeed({ episodes: [1], extra: `<podcast:guid>${guid}</podcast:guid>` }))
    expect(await world.guids.podcast(guid)).toBe(podcast)
  })

  test('may name an episode twice, hold no file in an item, and bytes that PostgreSQL can not', async () => {
    const odd = writeFeed({ title: 'Odd\0&#0; one', episodes: [2, 2, 1] }).replace(
      '</channel>',
      '<item><title>News</title><guid>news</guid></item></channel>',
    )
    const podcast = await feed(odd)
    expect(await world.state(podcast)).toMatchObject({ status: 'fine', episodes: 2 })
    expect(world.logged).toEqual([])
  })
})

describe('a feed that has not changed', () => {
  test('is asked for on condition, and costs nothing when its server says so', async () => {
    const podcast = await feed((request, response) => {
      const etag = 'W/"v1"'
      if (request.headers['if-none-match'] === etag) response.writeHead(304).end()
      else
        response
          .writeHead(200, { etag, 'last-modified': 'Sun, 22 Nov 2026 10:00:00 GMT' })
          .end(writeFeed({ episodes: [1] }))
    })
    const before = await episodesOf(podcast)
    expect(await world.next(podcast)).toMatch(/^Its server says that nothing has changed\. Look again in/)
    expect(origin.requests.at(-1)?.headers).toMatchObject({
      'if-none-match': 'W/"v1"',
      'if-modified-since': 'Sun, 22 Nov 2026 10:00:00 GMT',
    })
    expect(await episodesOf(podcast)).toEqual(before)
    const { fetchedAt, changedAt, checkedAt } = await world.state(podcast)
    expect(fetchedAt).toEqual(checkedAt)
    expect(changedAt?.getTime()).toBeLessThan(fetchedAt?.getTime() ?? 0)
  })

  test('is recognised by its bytes when its server knows no conditions, however they are packed', async () => {
    let packed = false
    const podcast = await feed((_, response) => {
      const body = writeFeed({ episodes: [2, 1] })
      if (packed) response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))
      else response.end(body)
      packed = !packed
    })
    const before = await episodesOf(podcast)
    expect(await world.next(podcast)).toMatch(/^The same bytes as last time\./)
    expect(await episodesOf(podcast)).toEqual(before)
  })
})

describe('a feed that has changed', () => {
  test('has only those episodes written that did; those it no longer names are kept apart', async () => {
    const podcast = await feed(writeFeed({ episodes: [3, 2, 1] }))
    const before = await episodesOf(podcast)
    origin.says((_, response) => {
      response.end(writeFeed({ episodes: [4, 3, 2, 1] }).replace('Episode 2<', 'Episode two<'))
    })
    expect(await world.next(podcast)).toMatch(/^Read 4 episodes, 1 new, 1 changed\./)
    const after = await episodesOf(podcast)
    expect(after.map(({ title }) => title)).toEqual(['Episode 4', 'Episode 3', 'Episode two', 'Episode 1'])
    const untouched = (found: typeof after, title: string) => found.find((row) => row.title === title)?.xmin
    expect(untouched(after, 'Episode 3')).toBe(untouched(before, 'Episode 3'))
    expect(untouched(after, 'Episode 1')).toBe(untouched(before, 'Episode 1'))

    origin.says((_, response) => void response.end(writeFeed({ episodes: [4] })))
    await world.next(podcast)
    const listed = (await episodesOf(podcast)).filter((row) => row.listed)
    expect(listed.map(({ title }) => title)).toEqual(['Episode 4'])
    expect(await episodesOf(podcast)).toHaveLength(4)

    origin.says((_, response) => void response.end(writeFeed({ episodes: [4, 3] })))
    await world.next(podcast)
    expect((await world.state(podcast)).episodes).toBe(2)
  })

  test('and ends before its end loses no episode', async () => {
    const whole = writeFeed({ episodes: [3, 2, 1] })
    const podcast = await feed(whole)
    origin.says((_, response) => void response.end(whole.slice(0, whole.indexOf('<title>Episode 1'))))
    expect(await world.next(podcast)).toMatch(/but the feed ends before its end/)
    expect((await world.state(podcast)).episodes).toBe(3)
  })
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

  test('because its server wants to be left alone holds back every feed of that host', async () => {
    const neighbour = await feed(writeFeed({ episodes: [1] }))
    const podcast = await feed((_, response) => void response.writeHead(429, { 'retry-after': '7200' }).end())
    expect(await gapOf(podcast)).toBe(2 * hour)
    const elsewhere = await startOrigin((_, response) => void response.end(writeFeed({ episodes: [1] })), '127.0.0.2')
    const other = await world.want(`${elsewhere.url}/feed`)
    const { pool } = world.fresh.stores.cache
    await pool.query('update cache.feeds set next_check_at = to_timestamp($1) where podcast_id = any($2)', [
      world.now / 1000,
      [neighbour, other],
    ])
    origin.says(
      (_, response) =>
        void response.writeHead(503, { 'retry-after': new Date(world.now + 3 * hour).toUTCString() }).end(),
    )
    await world.next(podcast)
    await elsewhere.close()
    expect((await world.state(neighbour)).nextCheckAt?.getTime()).toBeGreaterThanOrEqual(world.now + 2 * hour)
    expect((await world.state(other)).status).toBe('fine')
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
        applied_at: null,
      },
    ])
    expect(await world.said(podcast)).toMatch(/believed from now on/)
    await world.next(podcast)
    expect(await world.said(podcast)).toMatch(/: known/)
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

test('no log and no decision holds a private URL', async () => {
  const secrets = ['hunter2', 'tok-3f9a']
  const url = origin.url.replace('//', `//me:${secrets[0]}@`).concat(`/private.xml?token=${secrets[1]}`)
  const podcast = await feed(
    (_, response) => void response.writeHead(302, { location: '/private.xml?token=tok-3f9a' }).end(),
    url,
  )
  origin.says((_, response) => void response.end('<html>'))
  await world.next(podcast)
  origin.says((_, response) => void response.writeHead(301, { location: '/x?token=tok-3f9a' }).end())
  await world.next(podcast)
  const { rows } = await world.fresh.stores.cache.pool.query(
    'select * from cache.feed_decisions where podcast_id = $1',
    [podcast],
  )
  expect(rows).toHaveLength(3)
  const kept = JSON.stringify([rows, world.logged, await world.state(podcast)])
  for (const secret of [...secrets, feedId(url)]) expect(kept).not.toContain(secret)
})
