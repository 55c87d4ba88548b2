import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type Listener, type PublicWorld, publicWorld } from '../support/public-world.ts'

const minute = 60_000
const day = 1440 * minute

describe('the timeline', () => {
  let world: PublicWorld
  let ada: Listener
  let ben: Listener
  const now = Date.now()
  beforeAll(async () => {
    world = await publicWorld()
    ada = await world.listener()
    ben = await world.listener()
    for (const who of [ada, ben]) await world.choose(who, 'public')
    for (let n = 0; n < 3; n++)
      for (const [i, who] of [ada, ben].entries()) {
        await world.subscribe(who, n, now - (n * 10 + i) * minute)
        await world.mark(who, 'share', n, i, true, { comment: `${n}${i}`, now: now - (n * 10 + i + 5) * minute })
      }
    await world.mark(ada, 'save', 2, 2, true, { now: now - 46 * day })
    await world.follow()
  })
  afterAll(() => world.close())

  interface Told {
    readonly event_type: string
    readonly rss_source_feed: string
    readonly user: string
    readonly at: string
  }
  const ask = async (query: Record<string, string> = {}) =>
    (await world.get('/timeline', query)).body as { events: Told[]; next: string | null }

  test('is the newest first, whole, and reaches back 45 days', async () => {
    const { events, next } = await ask({ limit: '100' })
    expect(events).toHaveLength(12)
    expect(next).toBeNull()
    const times = events.map(({ at }) => at)
    expect(times).toEqual(times.toSorted().toReversed())
  })

  test.each([1, 2, 5, 12])('pages of %s, or the same by offset, miss nothing and repeat nothing', async (limit) => {
    const { events: all } = await ask({ limit: '100' })
    const paged: Told[] = []
    for (let before: string | null = ''; before !== null; ) {
      const page = await ask({ limit: `${limit}`, ...(before === '' ? {} : { before }) })
      const offset = `${paged.length}`
      expect((await ask({ limit: `${limit}`, offset })).events).toEqual(page.events)
      paged.push(...page.events)
      before = page.next
    }
    expect(paged).toEqual(all)
  })

  test('what comes in above moves no page below', async () => {
    const first = await ask({ limit: '5' })
    const second = await ask({ limit: '5', before: first.next ?? '' })
    await world.mark(ada, 'save', 0, 0, true)
    await world.follow()
    expect(await ask({ limit: '5', before: first.next ?? '' })).toEqual(second)
  })

  test('can be narrowed to a kind, a podcast and a listener, together too', async () => {
    const [feed = ''] = world.feeds
    const shares = await ask({ event_type: 'share' })
    expect(shares.events.map((e) => e.event_type)).toEqual(Array(6).fill('share'))
    const ofFeed = await ask({ feed })
    expect(new Set(ofFeed.events.map((e) => e.rss_source_feed))).toEqual(new Set([feed]))
    const bens = await ask({ user: `@${ben.handle.toUpperCase()}` })
    expect(bens.events).toHaveLength(6)
    const one = await ask({ user: ben.handle, feed, event_type: 'share' })
    expect(one.events).toMatchObject([{ event_type: 'share', user: ben.handle, rss_source_feed: feed, comment: '01' }])
    expect((await ask({ feed: feedId('https://nobody.example/') })).events).toEqual([])
  })

  test('a recommendation taken back is gone, and back with its new words', async () => {
    await world.mark(ben, 'share', 0, 1, false)
    await world.follow()
    const bens = () => ask({ user: ben.handle, feed: world.feeds[0] ?? '', event_type: 'share' })
    expect((await bens()).events).toEqual([])
    await world.mark(ben, 'share', 0, 1, true, { comment: 'again' })
    await world.follow()
    expect((await bens()).events).toMatchObject([{ comment: 'again', at: new Date(now - 6 * minute).toISOString() }])
  })
})

describe('what people say and how many they are', () => {
  let world: PublicWorld
  beforeAll(async () => {
    world = await publicWorld()
  })
  afterAll(() => world.close())
  const events = async () => {
    await world.follow()
    return (await world.get('/timeline')).body.events
  }

  test('other words in a recommendation take the place of the first', async () => {
    const who = await world.listener()
    await world.choose(who, 'public')
    await world.mark(who, 'share', 0, 0, true, { comment: 'first' })
    expect(await events()).toMatchObject([{ comment: 'first' }])
    await world.mark(who, 'share', 0, 0, true, { comment: 'second' })
    expect(await events()).toMatchObject([{ comment: 'second' }])
    await world.choose(who, 'private')
  })

  test('a group stands on the day of its newest who is in it still', async () => {
    const now = Date.now()
    const group: Listener[] = []
    for (let n = 0; n < 4; n++) {
      const who = await world.listener()
      await world.choose(who, 'anonymous')
      await world.subscribe(who, 1, now - (4 - n) * day)
      group.push(who)
    }
    const dayOf = (ago: number) => `${new Date(now - ago * day).toISOString().slice(0, 10)}T00:00:00.000Z`
    expect(await events()).toMatchObject([{ people: 4, user: null, at: dayOf(1) }])
    const [first, , , last] = group as [Listener, Listener, Listener, Listener]
    await world.choose(last, 'private')
    expect(await events()).toMatchObject([{ people: 3, user: null, at: dayOf(2) }])
    await world.choose(first, 'public')
    expect(await events()).toMatchObject([{ people: 1, user: first.handle }])
    await world.choose(last, 'anonymous')
    expect(await events()).toMatchObject([{ people: 3, user: null, at: dayOf(1) }, { people: 1 }])
  })
})

describe('the public endpoints', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ rateLimits: true })
  })
  afterAll(() => server.close())
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}/api/v1/public${path}`, { headers })

  test('need no token, and may be read by every page', async () => {
    const response = await get('/timeline', { authorization: 'Bearer nonsense', origin: 'https://app.example' })
    expect(response.status).toBe(200)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({ events: [], next: null })
  })

  test('say for how long an answer holds, and that it still does', async () => {
    const first = await get('/trending/podcasts')
    expect(first.headers.get('cache-control')).toBe('public, max-age=1')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/)
    const again = await get('/trending/podcasts', { 'if-none-match': etag })
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag])
    expect((await get('/trending/podcasts', { 'if-none-match': '"other"' })).status).toBe(200)
  })

  test('refuse what makes no sense, and keep no answer of it', async () => {
    for (const path of [
      '/trending/podcasts?limit=101',
      '/trending/episodes?window=year',
      '/timeline?before=nonsense',
      '/timeline?event_type=sneeze',
      '/timeline?offset=-1',
      '/feed/%25/popularity',
      `/episode/${feedId('no-comma')}/popularity`,
    ]) {
      const response = await get(path)
      const { error_code } = (await response.json()) as { error_code: string }
      expect([path, response.status, error_code]).toEqual([path, 400, 'VALIDATION_ERROR'])
      expect(response.headers.get('cache-control')).toBe('no-store')
    }
    expect((await get('/trending/podcasts?scope=federated&window=month')).status).toBe(200)
  })

  test('what nobody knows and what nobody may know are told of alike', async () => {
    const feed = feedId('https://private.example/feed.xml')
    const item = itemId('guid', 'https://private.example/1.mp3')
    const said = async () => [
      await (await get(`/feed/${feed}/popularity`)).json(),
      await (await get(`/episode/${item}/popularity`)).json(),
      await (await get(`/feed/${feed}/related`)).json(),
    ]
    const before = await said()
    const app = await server.allow(await server.addUser())
    await app.call('PUT', '/privacy', { privacy: 'public' })
    await app.call('POST', '/play', { rss_source_feed: feed, rss_source_item: item, position: 1, played: true })
    expect(await said()).toEqual(before)
    const [{ podcast }] = before as [{ podcast: object }]
    expect(podcast).toMatchObject({ score: 0, rss_source_feed: null })
  })

  test('answer an address sixty times a minute each', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 62; n++) statuses.push((await get('/trending/episodes')).status)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
    const response = await get('/trending/episodes')
    expect(response.headers.get('ratelimit-limit')).toBe('60')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await get('/timeline')).status).toBe(200)
    const { rows } = await server.fresh.stores.system.pool.query('select key from system.rate_limits')
    expect(JSON.stringify(rows)).not.toContain('127.0.0.1')
  })
})
