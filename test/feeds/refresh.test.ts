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

const day = 86_400_000

/** A feed nobody has seen yet, after its first look. */
const feed = (says: RequestListener | string, url?: string) => world.firstLook(origin, says, url)

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
    expect(await world.next(podcast)).toMatch(/^Read 1 episode, 0 new/)
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
