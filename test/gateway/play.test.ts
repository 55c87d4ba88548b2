import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/gateway/index.ts'
import { aServer } from '../http/a-server.ts'
import { feedId, itemId } from '../support/instance.ts'
import { openLive, playTokenFor } from '../support/live.ts'
import { type GatewayWorld, gatewayWorld, type Reader, written } from './world.ts'

let world: GatewayWorld
let ada: Reader
beforeAll(async () => {
  world = await gatewayWorld()
  world.publish(
    'show',
    written(
      'Show',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((guid) => ({ guid })),
    ),
  )
  world.publish('private/ours', written('Ours', [{ guid: 'ours' }]))
  world.publish('empty', written('Empty', [{ guid: 'other' }]))
  ada = await world.reader()
  for (const name of ['show', 'private/ours', 'empty', 'never']) await world.follow(ada, world.feedUrl(name))
})
afterAll(() => world.close())

const media = (guid: string) => `https://media.example/${guid}.mp3`
const show = () => feedId(world.feedUrl('show'))
const item = (guid: string) => itemId(guid, media(guid))
const known = async (reader: Reader, guid: string) => {
  const { status, body } = await reader.app.call('GET', `/play/${item(guid)}?feed=${show()}`)
  return status === 200 ? body.play_status : null
}
const tell = (reader: Reader, guid: string, position: number, played: boolean, at?: string) =>
  reader.app.call('POST', '/play', {
    rss_source_feed: show(),
    rss_source_item: item(guid),
    position,
    played,
    ...(at && { at }),
  })
const journalOf = async ({ app }: Reader) =>
  (
    await world.server.fresh.stores.events.pool.query(
      'select count(*)::int as n from events.events where user_id = $1',
      [app.user],
    )
  ).rows[0].n

describe('an episode that is played through the gateway', () => {
  test('leads to its file, unseen by others and kept by nobody, and counts as begun', async () => {
    const answer = await world.play(ada, show(), item('a'))
    expect(answer.status).toBe(302)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      location: media('a'),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    })
    expect(await answer.text()).toBe('')
    expect(await known(ada, 'a')).toMatchObject({ position: 0, played: false, duration: null })
    const { body } = await ada.app.call('GET', '/history')
    expect(body.history[0]).toMatchObject({ type: 'PositionMoved', app: 'gateway' })
  })

  test('is never rewound and never un-played', async () => {
    await tell(ada, 'b', 1234, false)
    await tell(ada, 'c', 99, true)
    for (const guid of ['b', 'c', 'b', 'c']) expect((await world.play(ada, show(), item(guid))).status).toBe(302)
    expect(await known(ada, 'b')).toMatchObject({ position: 1234, played: false })
    expect(await known(ada, 'c')).toMatchObject({ position: 99, played: true })
  })

  test('is not rewound by having begun either, when a device tells late where it was before', async () => {
    const before = new Date(Date.now() - 3_600_000).toISOString()
    await world.play(ada, show(), item('d'))
    await tell(ada, 'd', 700, false, before)
    expect(await known(ada, 'd')).toMatchObject({ position: 700, played: false, updated_at: before })
    const earlier = new Date(Date.now() - 7_200_000).toISOString()
    await tell(ada, 'd', 650, false, earlier)
    expect(await known(ada, 'd')).toMatchObject({ position: 700 })
  })

  test('counts once, however often a player asks for parts of it', async () => {
    const count = await journalOf(ada)
    const ranges = ['bytes=0-1', 'bytes=0-', 'bytes=500000-', 'bytes=-128']
    const asked = await Promise.all(
      [...ranges, ...ranges].map((range) => world.play(ada, show(), item('e'), { headers: { range } })),
    )
    expect(asked.map(({ status }) => status)).toEqual(asked.map(() => 302))
    await world.play(ada, show(), item('e'))
    expect((await journalOf(ada)) - count).toBe(1)
  })

  test('has not begun when only its size is asked for', async () => {
    const count = await journalOf(ada)
    const answer = await world.play(ada, show(), item('f'), { method: 'HEAD' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, media('f')])
    expect([await journalOf(ada), await known(ada, 'f')]).toEqual([count, null])
  })

  test('may be named in other alphabets of base64, and by a guid alone', async () => {
    const padded = Buffer.from(`g,${media('g')}`).toString('base64')
    expect((await world.play(ada, show(), encodeURIComponent(padded))).status).toBe(302)
    expect((await world.play(ada, show(), itemId('h', ''))).headers.get('location')).toBe(media('h'))
  })

  test('may be of a feed that does not list it, or was never read, where the listener follows it', async () => {
    for (const name of ['empty', 'never']) {
      const answer = await world.play(
        ada,
        feedId(world.feedUrl(name)),
        itemId('gone', 'http://old.example/gone.mp3?a=ü'),
      )
      expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://old.example/gone.mp3?a=%C3%BC'])
    }
  })
})

describe('the gateway is no open redirect', () => {
  const location = async (reader: Reader, feed: string, name: string) => {
    const answer = await world.play(reader, feed, name)
    return answer.status === 302 ? answer.headers.get('location') : answer.status
  }

  test('what the feed says of an episode counts, not what the address holds', async () => {
    expect(await location(ada, show(), itemId('a', 'https://evil.example/a.mp3'))).toBe(media('a'))
    expect(await location(ada, show(), itemId('a', 'javascript:alert(1)'))).toBe(media('a'))
  })

  test('an address in a name counts for nobody who has nothing of the podcast', async () => {
    const eve = await world.reader()
    for (const name of ['empty', 'never', 'unheard-of'])
      expect(await location(eve, feedId(world.feedUrl(name)), itemId('x', 'https://evil.example/'))).toBe(404)
    expect(await journalOf(eve)).toBe(0)
    expect(await world.server.instance.catalog.knownPodcast(world.feedUrl('unheard-of'))).toBeNull()
  })

  test('nothing but http and https is led to', async () => {
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      '//evil.example/',
      '/login',
      'https://',
      '',
    ])
      expect(await location(ada, feedId(world.feedUrl('empty')), itemId('x', bad))).toBe(404)
  })

  test('an address that would end the header is led to in one piece', async () => {
    const odd = 'https://media.example/x\r\nset-cookie: a=b/💥'
    const answer = await world.play(ada, feedId(world.feedUrl('empty')), itemId('crlf', odd))
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect([302, 404]).toContain(answer.status)
  })

  test('a feed that is not anybody’s is told to nobody but those who have it', async () => {
    const feed = feedId(world.feedUrl('private/ours'))
    const eve = await world.reader()
    expect(await location(ada, feed, item('ours'))).toBe(media('ours'))
    expect(await location(eve, feed, item('ours'))).toBe(404)
    await eve.app.call('POST', '/playlists', {
      name: 'Given to me',
      items: [{ rss_source_feed: feed, rss_source_item: item('ours') }],
    })
    expect(await location(eve, feed, item('ours'))).toBe(media('ours'))
  })
})

describe('a token', () => {
  const paths = (secret: string) => [
    `/rss/${secret}/subscriptions`,
    `/rss/${secret}/queue.xml`,
    `/play/${secret}/${show()}/${item('a')}`,
  ]
  const statuses = (secret: string) => Promise.all(paths(secret).map(async (path) => (await world.get(path)).status))

  test('of one kind can’t do the other’s', async () => {
    const live = await playTokenFor(world.server, ada.app.user, 'live')
    expect(await statuses(live)).toEqual([401, 401, 401])
    expect(await statuses(ada.secret)).toEqual([200, 200, 302])
    const client = await openLive(world.server.url)
    onTestFinished(() => client.socket.terminate())
    client.send({ type: 'auth', token: ada.secret })
    expect(await client.next()).toMatchObject({ status: 'error', error: { code: 'INVALID_TOKEN' } })
    const events = await world.get(`/api/v1/events`, { headers: { authorization: `Bearer ${ada.secret}` } })
    expect(events.status).toBe(401)
    const api = await world.get(`/api/v1/subscriptions`, { headers: { authorization: `Bearer ${ada.secret}` } })
    expect(api.status).toBe(401)
  })

  test('that is none, a request token of an app, or an app password opens nothing', async () => {
    const made = await world.server.instance.accounts.credentials.make(ada.app.user, 'app_password', 'Phone')
    const password = 'secret' in made ? made.secret : ''
    for (const secret of [
      'x',
      'x'.repeat(43),
      ada.app.bearer().slice('Bearer '.length),
      password,
      '%20',
      '%F0%9F%8E%99',
    ])
      expect(await statuses(secret)).toEqual([401, 401, 401])
  })

  test('that was revoked, has expired, or is a suspended listener’s is refused', async () => {
    const { accounts } = world.server.instance
    const { pool } = world.server.fresh.stores.system
    const end: Record<string, (reader: Reader) => Promise<unknown>> = {
      revoked: async ({ app }) => {
        const { rows } = await pool.query('select id from system.credentials where user_id = $1', [app.user])
        return accounts.credentials.revoke(app.user, rows[0].id)
      },
      expired: ({ app }) =>
        pool.query('update system.credentials set expires_at = now() where user_id = $1', [app.user]),
      suspended: ({ username }) => accounts.suspend(username),
    }
    for (const how of Object.values(end)) {
      const reader = await world.reader()
      await world.follow(reader, world.feedUrl('show'))
      expect(await statuses(reader.secret)).toEqual([200, 200, 302])
      await how(reader)
      expect(await statuses(reader.secret)).toEqual([401, 401, 401])
    }
  })

  test('comes before what else is wrong, which is told by its place', async () => {
    expect((await world.get(`/play/nobody/!/!`)).status).toBe(401)
    for (const [feed, name, path] of [
      ['!', item('a'), 'path.feed'],
      [feedId('ftp://x/'), item('a'), 'path.feed'],
      [show(), '!', 'path.item'],
      [show(), Buffer.from('no comma').toString('base64url'), 'path.item'],
    ] as const) {
      const answer = await world.play(ada, feed, name)
      expect([answer.status, await answer.json()]).toMatchObject([400, { details: [{ path }] }])
    }
  })

  test('is not for writing', async () => {
    for (const path of paths(ada.secret))
      for (const method of ['POST', 'PUT', 'DELETE']) expect((await world.get(path, { method })).status).toBe(405)
  })

  test('stands in no line of the log, and neither do the names in the path', async () => {
    const { listening, accounts, stores } = world.server.instance
    const where = { publicUrl: world.server.url, playDomain: 'play.example' }
    const parts = { listening, accounts, cache: stores.cache.pool, countRequest: null, clock: Date.now, ...where }
    const { router, onPlayDomain } = createGateway(parts)
    const server = await aServer({ pages: [router], before: [onPlayDomain] })
    const ours = `${feedId(world.feedUrl('private/ours'))}/${item('ours')}`
    const play = `/${ada.secret}/${ours}`
    const asked = [...paths(ada.secret), `/play${play}`, '/play/x/y/z', `/rss/${ada.secret}/no-such-list`]
    for (const path of asked) await server.ask(path)
    for (const path of [play, '/x/y/z', `${play}/more`])
      await server.ask(path, { headers: { host: 'play.example', referer: `https://play.example${play}` } })
    await server.logged(({ route }) => route === '/:token/:feed/:item')
    const told = JSON.stringify(server.log)
    expect(told).toContain('/play/:token/:feed/:item')
    for (const secret of [ada.secret, ours, feedId(world.feedUrl('private/ours')), 'private/ours'])
      expect(told).not.toContain(secret)
  })
})

test('an address that holds what is no path is refused as one', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request(`${world.server.url}`, { path: `/play/${ada.secret}/%E0%A4%A/x` }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
      .once('error', reject)
      .end()
  })
  expect(status).toBe(400)
})
