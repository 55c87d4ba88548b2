import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mintGuid } from '../../src/podcast/guids.ts'
import { feedId, startServer, type TestServer } from '../support/instance.ts'
import { follow, freshFeed, listener } from './door.ts'

describe.each(['one', 'three'] as const)('in %s databases', (layout) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ layout })
  })
  afterAll(() => server.close())

  describe('following', () => {
    test('makes the guid that the podcast namespace makes of the feed URL', async () => {
      // The example of the specification of podcast:guid.
      expect(mintGuid('https://mp3s.nashownotes.com/pc20rss.xml')).toBe('917393e3-1b1e-5cef-ace4-edaa54e1f810')
      expect(mintGuid('feed:http://mp3s.nashownotes.com/pc20rss.xml/')).toBe('917393e3-1b1e-5cef-ace4-edaa54e1f810')
      const { door } = await listener(server)
      expect(await follow(door, 'https://mp3s.nashownotes.com/pc20rss.xml')).toEqual([
        '917393e3-1b1e-5cef-ace4-edaa54e1f810',
      ])
    })

    test('answers each feed, and tells of each that is none', async () => {
      const { door } = await listener(server)
      const [one, two] = [freshFeed(), freshFeed()]
      const { status, body } = await door.call('POST', '/subscriptions', {
        subscriptions: [
          { feed_url: one },
          { feed_url: 'feeds.example/rss4', guid: '2d8bb39b-8d34-48d4-b223-a0d01eb27d71' },
          { feed_url: two, guid: '2d8bb39b-8d34-48d4-b223-a0d01eb27d71' },
        ],
      })
      expect(status).toBe(200)
      const subscription_changed = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
      expect(body).toEqual({
        success: [
          { feed_url: one, guid: mintGuid(one), is_subscribed: true, subscription_changed },
          { feed_url: two, guid: mintGuid(two), is_subscribed: true, subscription_changed },
        ],
        failure: [{ feed_url: 'feeds.example/rss4', message: expect.stringContaining('feed') }],
      })
    })

    test('twice changes nothing, and two spellings of one feed are one subscription', async () => {
      const { door } = await listener(server)
      const url = freshFeed()
      const [guid] = await follow(door, url)
      const [again, spelled] = await follow(door, url, url.replace('https://feeds', 'http://FEEDS'))
      expect([again, spelled]).toEqual([guid, guid])
      expect((await door.call('GET', '/subscriptions')).body.total).toBe(1)
    })

    test('of thousands of feeds at once is one answer', async () => {
      const { door } = await listener(server)
      expect(new Set(await follow(door, ...Array.from({ length: 3000 }, freshFeed))).size).toBe(3000)
      expect((await door.call('GET', '/subscriptions?per_page=1000&page=3')).body.subscriptions).toHaveLength(1000)
    })

    test('repeated with its Idempotency-Key answers the first answer', async () => {
      const { door } = await listener(server)
      const body = { subscriptions: [{ feed_url: freshFeed() }] }
      const headers = { 'idempotency-key': randomUUID() }
      const first = await door.call('POST', '/subscriptions', body, headers)
      await door.call('PATCH', `/subscriptions/${first.body.success[0].guid}`, { is_subscribed: false })
      const again = await door.call('POST', '/subscriptions', body, headers)
      expect([again.status, again.body]).toEqual([first.status, first.body])
      expect(again.headers.get('idempotent-replayed')).toBe('true')
      expect((await door.call('GET', '/subscriptions')).body.subscriptions).toMatchObject([{ is_subscribed: false }])
    })

    test('of whatever is no address of a feed is told as a failure, and nothing is followed', async () => {
      const { door } = await listener(server)
      const odd = [
        '',
        ' ',
        'http://',
        'https://[::1',
        'javascript:alert(1)',
        'ftp://feeds.example/a',
        '//feeds.example/a',
      ]
      odd.push('https://', `https://feeds.example/${'x'.repeat(7000)}`, 'https://exa mple/', '%', '\u202e')
      const { status, body } = await door.call('POST', '/subscriptions', {
        subscriptions: odd.map((feed_url) => ({ feed_url })),
      })
      expect([status, body.success]).toEqual([200, []])
      expect(body.failure.map((each: { feed_url: string }) => each.feed_url)).toEqual(odd)
      for (const unstorable of ['https://feeds.example/\0', 'https://feeds.example/\ud800']) {
        const refused = await door.call('POST', '/subscriptions', { subscriptions: [{ feed_url: unstorable }] })
        expect(refused).toMatchObject({ status: 400, body: { details: [{ path: 'subscriptions.0.feed_url' }] } })
      }
      expect((await door.call('GET', '/subscriptions')).body.total).toBe(0)
    })

    test('of something else than a list of feeds is refused with what is wrong where', async () => {
      const { door } = await listener(server)
      const { status, body } = await door.call('POST', '/subscriptions', { subscriptions: [{ feed_url: 7 }] })
      expect(status).toBe(400)
      expect(body).toMatchObject({ error_code: 'VALIDATION_ERROR', details: [{ path: 'subscriptions.0.feed_url' }] })
    })
  })

  describe('the list', () => {
    test('is paged, with links that lead through it forth and back', async () => {
      const { door } = await listener(server)
      const all = await follow(door, ...Array.from({ length: 5 }, freshFeed))
      const seen: string[] = []
      let path: string | undefined = '/subscriptions?per_page=2'
      const previous: (string | undefined)[] = []
      while (path !== undefined) {
        const { status, body } = await door.call('GET', path)
        expect(status).toBe(200)
        expect(body).toMatchObject({ total: 5, per_page: 2, page: previous.length + 1 })
        seen.push(...body.subscriptions.map((each: { guid: string }) => each.guid))
        previous.push(body.previous)
        path = body.next?.slice(`${server.url}/v1`.length)
      }
      expect(seen.toSorted()).toEqual(all.toSorted())
      expect(previous).toEqual([
        undefined,
        `${server.url}/v1/subscriptions?page=1&per_page=2`,
        `${server.url}/v1/subscriptions?page=2&per_page=2`,
      ])
    })

    test('since a time holds what the server heard of from then on, the moment itself included', async () => {
      const { door } = await listener(server)
      const [old = '', left = ''] = await follow(door, freshFeed(), freshFeed())
      const before = (await door.call('GET', `/subscriptions/${old}`)).body.subscription_changed
      await door.call('PATCH', `/subscriptions/${left}`, { is_subscribed: false })
      const late = (await door.call('GET', `/subscriptions/${left}`)).body.subscription_changed
      expect(Date.parse(late)).toBeGreaterThan(Date.parse(before))
      const since = async (time: string) =>
        (await door.call('GET', `/subscriptions?since=${time}`)).body.subscriptions.map((s: { guid: string }) => s.guid)
      expect(await since('1970-01-01T00:00:00Z')).toHaveLength(2)
      expect((await since(before)).toSorted()).toEqual([old, left].toSorted())
      expect(await since(late)).toEqual([left])
      // Within the second, with an offset whose plus sign was not encoded, and without a zone.
      expect(await since(late.replace('.000Z', '.999Z'))).toEqual([left])
      expect(await since(late.replace('Z', '+00:00'))).toEqual([left])
      expect(await since(late.replace('Z', ''))).toEqual([left])
      expect(await since('2020-02-29')).toHaveLength(2)
      expect(await since(new Date(Date.parse(late) + 1000).toISOString())).toEqual([])
    })

    test('since a time holds an edit that was made long ago and came late', async () => {
      const { door, app } = await listener(server)
      const [first = ''] = await follow(door, freshFeed())
      const { subscription_changed } = (await door.call('GET', `/subscriptions/${first}`)).body
      const since = new Date(Date.parse(subscription_changed) + 1000).toISOString()
      const url = freshFeed()
      const body = { rss_source_feed: feedId(url), subscribed_at: '2024-01-01T00:00:00Z' }
      expect((await app.call('POST', '/subscriptions', body)).status).toBe(200)
      const { subscriptions } = (await door.call('GET', `/subscriptions?since=${since}`)).body
      expect(subscriptions).toMatchObject([{ feed_url: url, is_subscribed: true }])
    })

    test('refuses what is no time or page', async () => {
      const { door } = await listener(server)
      expect((await door.call('GET', '/subscriptions?since=yesterday')).status).toBe(400)
      expect((await door.call('GET', '/subscriptions?page=0')).status).toBe(400)
      expect((await door.call('GET', '/subscriptions?per_page=100000')).body.per_page).toBe(1000)
    })
  })

  describe('one subscription', () => {
    test('is 404 for a guid nobody knows, and for one that only somebody else follows', async () => {
      const { door } = await listener(server)
      const other = await listener(server)
      const [guid] = await follow(other.door, freshFeed())
      for (const method of ['GET', 'DELETE', 'PATCH']) {
        const body = method === 'PATCH' ? { is_subscribed: true } : undefined
        for (const unknown of [guid, '2d8bb39b-8d34-48d4-b223-a0d01eb27d71']) {
          const answer = await door.call(method, `/subscriptions/${unknown}`, body)
          expect([method, answer.status, answer.body.error_code]).toEqual([method, 404, 'NOT_FOUND'])
        }
      }
      expect((await other.door.call('GET', `/subscriptions/${guid}`)).body.is_subscribed).toBe(true)
    })

    test('is found by its guid in capitals', async () => {
      const { door } = await listener(server)
      const url = freshFeed()
      const [guid = ''] = await follow(door, url)
      expect((await door.call('GET', `/subscriptions/${guid.toUpperCase()}`)).body).toMatchObject({
        feed_url: url,
        guid,
      })
    })

    test('can be left and followed again by PATCH, which answers what changed', async () => {
      const { door } = await listener(server)
      const [guid] = await follow(door, freshFeed())
      const left = await door.call('PATCH', `/subscriptions/${guid}`, { is_subscribed: false })
      expect(left).toMatchObject({
        status: 200,
        body: { is_subscribed: false, subscription_changed: expect.any(String) },
      })
      expect((await door.call('GET', `/subscriptions/${guid}`)).body.is_subscribed).toBe(false)
      expect((await door.call('GET', '/subscriptions')).body.subscriptions).toMatchObject([
        { guid, is_subscribed: false },
      ])
      await door.call('PATCH', `/subscriptions/${guid}`, { is_subscribed: true })
      expect((await door.call('GET', `/subscriptions/${guid}`)).body.is_subscribed).toBe(true)
    })

    test('moves to another address for this listener alone', async () => {
      const { door } = await listener(server)
      const other = await listener(server)
      const [from, to] = [freshFeed(), freshFeed()]
      const [guid] = await follow(door, from)
      await follow(other.door, from)
      const { status, body } = await door.call('PATCH', `/subscriptions/${guid}`, { new_feed_url: to })
      expect(status).toBe(200)
      const time = expect.any(String)
      expect(body).toEqual({
        new_feed_url: to,
        new_guid: mintGuid(to),
        guid_changed: time,
        subscription_changed: time,
      })
      expect((await door.call('GET', `/subscriptions/${guid}`)).body.is_subscribed).toBe(false)
      expect((await door.call('GET', `/subscriptions/${body.new_guid}`)).body).toMatchObject({
        feed_url: to,
        is_subscribed: true,
      })
      expect((await other.door.call('GET', `/subscriptions/${guid}`)).body.is_subscribed).toBe(true)
    })

    test('does not take a guid over that stands in no feed, and PATCH needs something to change', async () => {
      const { door } = await listener(server)
      const [guid] = await follow(door, freshFeed())
      const new_guid = '965fcecf-ce04-482b-b57c-3119b866cc61'
      expect(await door.call('PATCH', `/subscriptions/${guid}`, { new_guid })).toMatchObject({ status: 200, body: {} })
      expect((await door.call('GET', `/subscriptions/${new_guid}`)).status).toBe(404)
      expect((await door.call('PATCH', `/subscriptions/${guid}`, {})).status).toBe(400)
      expect((await door.call('PATCH', `/subscriptions/${guid}`, { new_feed_url: 'nowhere' })).status).toBe(400)
    })
  })
})
