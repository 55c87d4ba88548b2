import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { rows } from '../../src/database/store.ts'
import { hubCallback } from '../../src/feeds/index.ts'
import { decisionsAbout } from '../../src/feeds/queries.ts'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { refusedAddress } from '../../src/outbound/addresses.ts'
import { createOutbound } from '../../src/outbound/fetch.ts'
import { createResolver } from '../../src/outbound/names.ts'
import { startNameServer } from '../support/name-server.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type Asked, type Hub, startHub } from './hub.ts'
import { type FeedWorld, feedWorld, secret, start, writeFeed } from './world.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

let web: Server
let world: FeedWorld
let origin: Origin
let hub: Hub
let woken = 0
beforeAll(async () => {
  web = createServer().listen(0, '127.0.0.1')
  await once(web, 'listening')
  // As on the internet, but for one loopback address that plays it.
  const judge = (address: string) => (address === '127.0.0.1' ? null : refusedAddress(address))
  const names = await startNameServer(() => [])
  const outbound = createOutbound({
    userAgent: 'test',
    allowPrivate: false,
    resolve: createResolver([names.address]),
    judge,
  })
  await names.close()
  const publicUrl = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  world = await feedWorld(undefined, { outbound, publicUrl })
  const wake = async () => void woken++
  const router = hubCallback({ cache: world.fresh.stores.cache.pool, secret, wake, clock: () => world.now })
  web.on('request', new Koa().use(router.routes() as unknown as Koa.Middleware).callback())
  origin = await startOrigin((_, response) => void response.end())
  hub = await startHub()
})
afterAll(async () => {
  web.closeAllConnections()
  web.close()
  await world.close()
  await origin.close()
  await hub.close()
})
beforeEach(async () => {
  hub.answers = null
  woken = 0
  await world.fresh.stores.cache.pool.query('truncate cache.hub_leases, cache.feeds')
})

let seen = 0
const written = (self: string, extra = '') =>
  writeFeed({
    episodes: [90, 80],
    extra: `<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="${hub.url}"/>
      <atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="${self}"/>${extra}`,
  })

/** A feed that names the hub, read for the first time. */
async function feed(self = `https://feeds.example/${++seen}.xml`, extra = ''): Promise<PodcastId> {
  return world.firstLook(origin, written(self, extra), `${origin.url}/hub-${++seen}.xml`)
}

/** What the hub is asked when it is time to ask. */
async function tended(): Promise<readonly Asked[]> {
  const before = hub.asked.length
  await world.hubs.tend()
  return hub.asked.slice(before)
}

/** A feed whose hub tells of its changes. */
async function told(): Promise<{ podcast: PodcastId; asked: Asked }> {
  const podcast = await feed()
  const [asked] = (await tended()) as [Asked]
  expect((await hub.verify(asked)).status).toBe(200)
  return { podcast, asked }
}

const words = async (podcast: PodcastId) =>
  (await decisionsAbout(world.fresh.stores.cache.pool, podcast, 20)).map((decision) => decision.words)
const leases = () =>
  rows<{ id: string; due_at: Date }>(
    world.fresh.stores.cache.pool,
    { name: 'test-leases', text: 'select * from cache.hub_leases order by asked_at, id' },
    [],
  )
const dueIn = async (podcast: PodcastId) =>
  ((await world.state(podcast)).nextCheckAt?.getTime() ?? Number.NaN) - world.now

describe('a feed that names a hub', () => {
  test('is asked for there by what it calls itself, at a callback that says nothing of it', async () => {
    const podcast = await feed('https://feeds.example/named.xml')
    const asked = await tended()
    expect(asked).toEqual([
      {
        'hub.mode': 'subscribe',
        'hub.topic': 'https://feeds.example/named.xml',
        'hub.callback': expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/websub\/[0-9a-f-]{36}$/),
        'hub.lease_seconds': '864000',
        'hub.secret': expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ])
    expect(asked[0]?.['hub.callback']).not.toContain(podcast)
    expect(await words(podcast)).toContain('Its hub is asked to tell of changes.')
    expect(await tended()).toEqual([])
  })

  test('may name it in its headers, which stand before the document', async () => {
    const links = [`<${hub.url}>; rel="hub"`, '<https://feeds.example/header.xml>; rel=self']
    await world.firstLook(
      origin,
      (_, response) =>
        void response.setHeader('Link', links.join(', ')).end(written('https://feeds.example/document.xml')),
    )
    expect(await tended()).toMatchObject([{ 'hub.topic': 'https://feeds.example/header.xml' }])
  })

  test('is believed to be told of once the hub has asked back for what it was asked', async () => {
    const podcast = await feed()
    const [asked] = (await tended()) as [Asked]
    for (const other of [
      { 'hub.topic': 'https://other.example/' },
      { 'hub.mode': 'unsubscribe' },
      { 'hub.mode': 'publish' },
      { 'hub.lease_seconds': 'soon' },
      { 'hub.challenge': '' },
    ])
      expect(await hub.verify(asked, other as Asked)).toMatchObject({ status: 404, body: '' })
    const elsewhere = { ...asked, 'hub.callback': asked['hub.callback']?.replace(/.{4}$/, 'ffff') as string }
    expect((await hub.verify(elsewhere)).status).toBe(404)
    expect((await leases())[0]).toMatchObject({ lease_until: null, waiting: true })
    const { status, body, challenge } = await hub.verify(asked)
    expect([status, body]).toEqual([200, challenge])
    expect((await leases())[0]).toMatchObject({ lease_until: new Date(world.now + 10 * day), waiting: false })
    expect((await words(podcast))[0]).toBe('Its hub tells of changes for 10 days.')
  })

  test('is looked at less often while its hub tells, and says so', async () => {
    const { podcast } = await told()
    const before = await dueIn(podcast)
    expect(await world.next(podcast)).toContain('its hub tells of changes')
    expect(await dueIn(podcast)).toBeGreaterThan(before)
    world.now += 11 * day
    await world.worker.refreshDue()
    expect(await world.said(podcast)).not.toContain('its hub tells')
  })

  test('is asked for again before the lease ends', async () => {
    const { asked } = await told()
    world.now += 7 * day
    expect(await tended()).toEqual([])
    world.now += 1 * day
    const [again] = await tended()
    expect(again).toEqual(asked)
    await hub.verify(again as Asked)
    expect((await leases())[0]).toMatchObject({ lease_until: new Date(world.now + 10 * day), failures: 0 })
  })

  test('is asked for under its new name, and no more under the old one, when it calls itself otherwise', async () => {
    const { podcast, asked } = await told()
    origin.says((_, response) => void response.end(written('https://feeds.example/renamed.xml')))
    await world.next(podcast)
    const said = await tended()
    expect(said.map((each) => [each['hub.mode'], each['hub.topic']]).toSorted()).toEqual([
      ['subscribe', 'https://feeds.example/renamed.xml'],
      ['unsubscribe', asked['hub.topic']],
    ])
    const farewell = said.find((each) => each['hub.mode'] === 'unsubscribe') as Asked
    expect((await hub.verify(farewell)).status).toBe(200)
    expect(await leases()).toHaveLength(1)
  })

  test('is asked for no more when nobody wants it', async () => {
    const { podcast, asked } = await told()
    await world.fresh.stores.cache.pool.query('update cache.feeds set wanted = false')
    await world.hubs.review()
    const [farewell] = (await tended()) as [Asked]
    expect(farewell).toMatchObject({ 'hub.mode': 'unsubscribe', 'hub.callback': asked['hub.callback'] })
    expect((await hub.verify(asked)).status).toBe(404)
    expect(await hub.distribute(asked, 'something')).toBe(410)
    const { body, challenge } = await hub.verify(farewell)
    expect(body).toBe(challenge)
    expect(await leases()).toEqual([])
    expect((await words(podcast))[0]).toBe('Its hub tells of changes no more.')
  })

  test('is asked for when it has come back to the list, though it has not changed', async () => {
    const podcast = await feed()
    await world.fresh.stores.cache.pool.query('truncate cache.hub_leases')
    await world.hubs.review()
    expect(await tended()).toHaveLength(1)
    expect(await words(podcast)).toContain('Its hub is asked to tell of changes.')
  })
})

describe('no hub hears of a feed', () => {
  test.each([
    ['that calls itself by a secret', 'https://feeds.example/private/3f2a9c1e7b4d4f6a8e0c.xml', ''],
    ['that is for nobody’s directory', 'https://feeds.example/blocked.xml', '<itunes:block>Yes</itunes:block>'],
    ['that is a member’s', 'https://someone:pass@feeds.example/feed.xml', ''],
  ])('%s', async (_what, self, extra) => {
    await feed(self, extra)
    await world.hubs.review()
    expect(await leases()).toEqual([])
    expect(await tended()).toEqual([])
  })

  test('whose URL holds a password', async () => {
    const url = `${origin.url.replace('//', '//me:hunter2@')}/member.xml`
    await world.firstLook(origin, written('https://feeds.example/open.xml'), url)
    await world.hubs.review()
    expect(await leases()).toEqual([])
  })

  test('that asks for a password by now, and the hub that did is taken leave of', async () => {
    const { podcast, asked } = await told()
    origin.says((_, response) => void response.writeHead(401).end())
    await world.next(podcast)
    expect(await tended()).toMatchObject([{ 'hub.mode': 'unsubscribe', 'hub.topic': asked['hub.topic'] }])
    await world.hubs.review()
    expect(await tended()).toEqual([])
  })

  test('of a server that no hub could reach', async () => {
    const hidden = await feedWorld()
    await hidden.firstLook(origin, written('https://feeds.example/hidden.xml'))
    const { rows: found } = await hidden.fresh.stores.cache.pool.query('select * from cache.hub_leases')
    expect(found).toEqual([])
    await hidden.close()
  })
})

describe('what a hub tells', () => {
  test.each(['sha1', 'sha256', 'sha384', 'sha512'])('signed by %s, lets the feed be looked at now', async (method) => {
    const { podcast, asked } = await told()
    expect(await dueIn(podcast)).toBeGreaterThan(minute)
    expect(await hub.distribute(asked, written('x'), undefined, method)).toBe(202)
    expect(await dueIn(podcast)).toBe(0)
    expect(woken).toBe(1)
    const before = origin.requests.length
    await world.worker.refreshDue()
    expect(origin.requests.length).toBe(before + 1)
    expect((await words(podcast))[1]).toBe('Its hub tells of something new. Look now.')
  })

  test.each([
    ['no signature', null],
    ['one by somebody else', `sha256=${'0'.repeat(64)}`],
    ['one that is too short', 'sha256=00'],
    ['one of an unknown kind', 'md5=d41d8cd98f00b204e9800998ecf8427e'],
  ])('with %s is taken without a word, and comes to nothing', async (_what, signature) => {
    const { podcast, asked } = await told()
    const before = await dueIn(podcast)
    expect(await hub.distribute(asked, 'something', signature)).toBe(202)
    expect(await dueIn(podcast)).toBe(before)
    expect(woken).toBe(0)
    expect((await leases())[0]).toMatchObject({ ignored: 1 })
  })

  test('again and again brings one look a minute, and one at the end', async () => {
    const { podcast, asked } = await told()
    const requests = origin.requests.length
    for (let times = 0; times < 20; times++) {
      expect(await hub.distribute(asked, 'the same')).toBe(202)
      await world.worker.refreshDue()
    }
    expect(origin.requests.length).toBe(requests + 1)
    expect(await dueIn(podcast)).toBe(minute)
    expect((await words(podcast))[0]).toBe('Its hub tells of something new again. Look in a minute.')
    world.now += minute
    await world.worker.refreshDue()
    expect(origin.requests.length).toBe(requests + 2)
    expect(await dueIn(podcast)).toBeGreaterThan(minute)
  })

  test('while the feed is being looked at is not forgotten', async () => {
    const { podcast, asked } = await told()
    origin.says(async (_, response) => {
      await hub.distribute(asked, 'news')
      response.end(written(asked['hub.topic'] as string, '<copyright>changed</copyright>'))
    })
    expect(await world.worker.refresh(podcast)).toBe('changed')
    expect(await dueIn(podcast)).toBe(0)
  })

  test('is read from the feed alone, whatever it sends', async () => {
    const { podcast, asked } = await told()
    await hub.distribute(asked, writeFeed({ title: 'Poisoned', episodes: [1] }))
    await world.worker.refreshDue()
    expect(await world.state(podcast)).toMatchObject({ title: 'A show', episodes: 2 })
  })

  test('may be as large as a feed, and no larger', { timeout: 30_000 }, async () => {
    const { asked } = await told()
    expect(await hub.distribute(asked, Buffer.alloc(8_000_000, 'a'))).toBe(202)
    expect(woken).toBe(1)
    expect(await hub.distribute(asked, Buffer.alloc(31_000_000, 'a')).catch(() => 413)).toBe(413)
  })

  test('does not bring forward what fails', async () => {
    const { podcast, asked } = await told()
    origin.says((_, response) => void response.writeHead(429, { 'retry-after': '7200' }).end())
    await world.next(podcast)
    await hub.distribute(asked, 'news')
    expect(await dueIn(podcast)).toBe(2 * hour)
  })
})

describe('a hub', () => {
  test.each([
    [500, 'Its hub is in trouble (500). Ask it again in 60 minutes.', hour],
    [403, 'Its hub does not take it (403). Ask it again in 60 minutes.', hour],
    [410, 'Its hub is gone for good (410). Ask it again in 7 days.', 7 * day],
  ])('that answers %i is asked again later', async (status, said, wait) => {
    const podcast = await feed()
    hub.answers = (_, response) => void response.writeHead(status).end('some words')
    await tended()
    expect((await words(podcast))[0]).toBe(said)
    world.now += wait - 1
    expect(await tended()).toEqual([])
    world.now += 1
    expect(await tended()).toHaveLength(1)
  })

  test('that keeps failing is asked ever less, down to once a week', async () => {
    await feed()
    hub.answers = (_, response) => void response.writeHead(503).end()
    const pauses = []
    for (let times = 0; times < 10; times++) {
      await world.hubs.tend()
      const due = (await leases())[0]?.due_at.getTime() ?? Number.NaN
      pauses.push((due - world.now) / hour)
      world.now = due
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 168, 168])
  })

  test('that never asks back is asked again later', async () => {
    const podcast = await feed()
    await tended()
    world.now += hour
    expect(await tended()).toEqual([])
    expect((await words(podcast))[0]).toBe('Its hub was asked and did not ask back. Ask it again in 60 minutes.')
    world.now += hour
    expect(await tended()).toHaveLength(1)
  })

  test('that says no is left alone for a week', async () => {
    const { podcast, asked } = await told()
    expect(await hub.deny({ ...asked, 'hub.topic': 'https://other.example/' })).toBe(404)
    expect(await hub.deny(asked)).toBe(200)
    expect((await words(podcast))[0]).toBe('Its hub does not want to tell of changes. Ask it again in 7 days.')
    expect((await leases())[0]).toMatchObject({ lease_until: null })
    world.now += 7 * day - 1
    expect(await tended()).toEqual([])
    world.now += 1
    expect(await tended()).toHaveLength(1)
  })

  test('that leads on to another is followed, but not to where this server does not go', async () => {
    const podcast = await feed()
    const other = await startHub()
    hub.answers = (_, response) => void response.writeHead(307, { location: other.url }).end()
    await tended()
    expect(other.asked).toHaveLength(1)
    await other.close()
    await world.fresh.stores.cache.pool.query('update cache.hub_leases set due_at = $1, waiting = false', [
      new Date(world.now),
    ])
    const inside = await startOrigin((_, response) => void response.end(), '127.0.0.2')
    hub.answers = (_, response) => void response.writeHead(308, { location: inside.url }).end()
    await tended()
    expect(inside.requests).toEqual([])
    expect((await words(podcast))[0]).toMatch(/^Its hub can’t be asked: it leads on, and .*loopback/)
    await inside.close()
  })

  test('that confirms before it answers has confirmed, whatever it answers then', async () => {
    await feed()
    hub.answers = async (_, response) => {
      await hub.verify(hub.asked.at(-1) as Asked)
      response.writeHead(500).end()
    }
    await tended()
    expect((await leases())[0]).toMatchObject({ failures: 0, lease_until: new Date(world.now + 10 * day) })
  })

  test('that does not let go is asked three times, and then forgotten', async () => {
    const { podcast } = await told()
    await world.fresh.stores.cache.pool.query('update cache.feeds set wanted = false')
    await world.hubs.review()
    hub.answers = (_, response) => void response.writeHead(500).end()
    let asked = 0
    for (let hours = 0; hours < 40; hours++) {
      asked += (await tended()).length
      world.now += hour
    }
    expect(asked).toBe(3)
    expect(await leases()).toEqual([])
    expect(await words(podcast)).toContain('Its hub is in trouble (500). Ask it again in 60 minutes.')
  })
})

test('nothing that was said of hubs holds an address or a secret', async () => {
  const { rows: found } = await world.fresh.stores.cache.pool.query('select words from cache.feed_decisions')
  expect(found.length).toBeGreaterThan(50)
  for (const { words: said } of found) expect(said).not.toMatch(/:\/\/|feeds\.example|websub|[0-9a-f]{16}/)
  expect(world.now).toBeGreaterThan(start)
})
