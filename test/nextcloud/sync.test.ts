import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, basicOf, startClient } from '../gpodder/client.ts'
import { feedId, itemId, password, startServer, type TestServer } from '../support/instance.ts'
import { clientOf, type SyncClient, startSyncClient } from './client.ts'

const feed = 'https://feeds.example/a.xml'
const other = 'https://feeds.example/b.xml'
const episode = (n: number) => `https://media.example/${n}.mp3`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const now = () => Math.floor(Date.now() / 1000)
const events = async ({ user }: Pick<SyncClient, 'user'>) => (await server.instance.journal.head(user.id)).lastNumber
const play = (n: number, position: number, timestamp = '2026-01-01T10:00:00', more: object = {}) => ({
  podcast: feed,
  episode: episode(n),
  guid: `guid-${n}`,
  action: 'play',
  timestamp,
  started: 0,
  position,
  total: 1800,
  ...more,
})
const told = async (client: SyncClient, since?: number) => (await client.actions(since)).body.actions

describe('the four calls', () => {
  test('answer as a Nextcloud does: upper case, -1 for unset, no zone, and the time of now', async () => {
    const client = await startSyncClient(server)
    const sent = await client.upload(
      play(1, 120),
      play(2, -1, undefined, { action: 'DOWNLOAD', started: -1, total: -1 }),
    )
    expect(sent.status).toBe(200)
    expect(Math.abs(sent.body.timestamp - now())).toBeLessThan(3)
    const { body, headers } = await client.actions(0)
    expect(headers.get('content-type')).toContain('application/json')
    expect(Math.abs(body.timestamp - now())).toBeLessThan(3)
    expect(body.actions).toEqual([
      { ...play(1, 120), action: 'PLAY' },
      { ...play(2, -1), action: 'DOWNLOAD', started: -1, total: -1 },
    ])
    const followed = await client.follow([feed, other], [])
    expect(followed.status).toBe(200)
    expect(Math.abs(followed.body.timestamp - now())).toBeLessThan(3)
    expect((await client.subscriptions()).body).toEqual({
      add: [feed, other],
      remove: [],
      timestamp: expect.any(Number),
    })
  })

  test('tell the time of now even where nothing was ever done: Kasts asks on and on while it is old', async () => {
    const client = await startSyncClient(server)
    for (const { body } of [await client.actions(), await client.subscriptions(), await client.upload()])
      expect(Math.abs(body.timestamp - now())).toBeLessThan(3)
  })

  test('are at every place a Nextcloud has them, and after the slash of an address that ends in one', async () => {
    const client = await startSyncClient(server)
    await client.upload(play(1, 120))
    for (const base of ['/apps', '/index.php/apps', '//apps', '//index.php/apps']) {
      const at = (path: string) => `${base}/gpoddersync/${path}`
      expect((await client.call('GET', at('episode_action?since=0'))).body.actions).toHaveLength(1)
      expect((await client.call('GET', at('subscriptions?since=0'))).status).toBe(200)
      expect((await client.call('POST', at('episode_action/create'), [])).status).toBe(200)
      expect((await client.call('POST', at('subscription_change/create'), { add: [], remove: [] })).status).toBe(200)
    }
    const wrong = await client.call('GET', '/index.php/apps/gpoddersync/nowhere')
    expect(wrong).toMatchObject({ status: 404, body: { error_code: 'NOT_FOUND' } })
  })

  test('want the app password or the account’s at each call, and set no cookie', async () => {
    const client = await startSyncClient(server)
    const path = '/index.php/apps/gpoddersync/subscriptions'
    for (const headers of [{}, basicOf(client.user.username, 'wrong'), basicOf('nobody', client.password)]) {
      const said = await ask(server.url + path, 'GET', undefined, headers)
      expect(said.status).toBe(401)
      expect(said.headers.get('www-authenticate')).toMatch(/^Basic /)
    }
    const said = await client.call('GET', path)
    expect(said.status).toBe(200)
    expect(said.headers.getSetCookie()).toEqual([])
    expect((await clientOf(server.url, client.user, password).subscriptions()).status).toBe(200)
  })

  test('slow down guessing and say for how long, while the app password passes', async () => {
    const limited = await startServer({ beside: server, rateLimits: true })
    const { user, password: own } = await startSyncClient(server)
    const guess = clientOf(limited.url, user, 'a wrong password')
    const guesses = []
    for (let n = 0; n < 11; n++) guesses.push(await guess.subscriptions())
    expect(guesses.map(({ status }) => status)).toEqual([...Array(10).fill(401), 429])
    expect(Number(guesses.at(-1)?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await clientOf(limited.url, user, own).subscriptions()).status).toBe(200)
    await limited.close()
  })

  test('read a body whatever its content type says, and of many thousands of actions', async () => {
    const client = await startSyncClient(server)
    const create = '/index.php/apps/gpoddersync/episode_action/create'
    for (const type of [
      'application/json',
      'text/plain;charset=UTF-8',
      'application/x-www-form-urlencoded',
      'plain/text',
    ])
      expect((await client.call('POST', create, [play(1, 60)], { 'content-type': type })).status, type).toBe(200)
    const many = Array.from({ length: 5_000 }, (_, n) => play(n, 60))
    expect((await client.upload(...many)).status).toBe(200)
    expect(await told(client, 0)).toHaveLength(5_000)
  })

  test('say what is wrong with what they can’t read, and let no entry stand in the way of the rest', async () => {
    const client = await startSyncClient(server)
    const create = '/index.php/apps/gpoddersync/episode_action/create'
    for (const body of [{ actions: [] }, '{', '"x"']) expect((await client.call('POST', create, body)).status).toBe(400)
    const { body } = await client.upload(null, 7, [], { ...play(1, 60), action: 'dance' }, play(2, 60))
    expect(body.timestamp).toEqual(expect.any(Number))
    expect((await told(client, 0)).map((action: { guid: string }) => action.guid)).toEqual(['guid-2'])
    const change = '/index.php/apps/gpoddersync/subscription_change/create'
    expect((await client.call('POST', change, { add: 'x' })).status).toBe(400)
    expect((await client.follow([feed], [feed])).body.details).toMatchObject([{ path: 'remove' }])
    expect((await client.call('GET', '/index.php/apps/gpoddersync/episode_action?since=yesterday')).status).toBe(400)
    expect((await client.actions(now() + 0.75)).status).toBe(200)
  })

  test('shrink on the way when the client takes it packed', async () => {
    const client = await startSyncClient(server)
    await client.upload(...Array.from({ length: 500 }, (_, n) => play(n, 60)))
    const said = await client.call('GET', '/index.php/apps/gpoddersync/episode_action', undefined, {
      'accept-encoding': 'gzip',
    })
    expect(said.headers.get('content-encoding')).toBe('gzip')
    expect(said.body.actions).toHaveLength(500)
  })
})

describe('what clients were told', () => {
  test('reaches them by when the server got it: an offline phone’s late upload through the gPodder door', async () => {
    const client = await startSyncClient(server)
    await client.upload(play(1, 60))
    const { timestamp } = (await client.actions(0)).body
    const phone = await startClient(server, await startClientOf(client))
    const late = play(2, 90, '2019-01-01T00:00:00', { device: 'old-phone' })
    await phone.basic('POST', `/api/2/episodes/${phone.u}.json`, [late])
    expect(await told(client, timestamp + 1)).toEqual([{ ...play(2, 90, '2019-01-01T00:00:00'), action: 'PLAY' }])
  })

  test('reaches the gPodder door, and the apps of the REST API, from here', async () => {
    const client = await startSyncClient(server)
    const rest = await server.allow(client.user)
    const desktop = await startClient(server, await startClientOf(client))
    const { timestamp } = (await desktop.basic('GET', `/api/2/episodes/${desktop.u}.json?since=0`)).body
    await client.upload(play(1, 77, '2019-01-01T00:00:00'))
    await client.follow([feed])
    const { actions } = (await desktop.basic('GET', `/api/2/episodes/${desktop.u}.json?since=${timestamp + 1}`)).body
    expect(actions).toMatchObject([{ guid: 'guid-1', action: 'play', position: 77 }])
    expect((await desktop.basic('GET', `/subscriptions/${desktop.u}.json`)).body).toEqual([feed])
    const plays = (await rest.call('GET', '/play')).body.play_statuses
    expect(plays).toMatchObject([{ rss_source_item: itemId('guid-1', episode(1)), position: 77 }])
  })

  test('is told again for some minutes, each episode once: a clock of its own skips nothing', async () => {
    const user = await server.addUser()
    const [phone, tablet] = [await startSyncClient(server, { user }), await startSyncClient(server, { user })]
    await tablet.upload(play(1, 60), play(1, 90, '2026-01-01T11:00:00'))
    await tablet.follow([feed])
    for (const ahead of [0, 60, 240]) {
      expect(await told(phone, now() + ahead)).toMatchObject([{ guid: 'guid-1', position: 90 }])
      expect((await phone.subscriptions(now() + ahead)).body.add).toEqual([feed])
    }
    expect(await told(phone, now() + 600)).toEqual([])
    expect((await phone.subscriptions(now() + 600)).body.add).toEqual([])
  })

  test('is told in whole even to a clock that is hours ahead', async () => {
    const user = await server.addUser()
    const [phone, tablet] = [await startSyncClient(server, { user }), await startSyncClient(server, { user })]
    await phone.actions(0)
    await phone.subscriptions(0)
    await tablet.upload(play(1, 60))
    await tablet.follow([feed])
    const hours = now() + 7_200
    expect(await told(phone, hours)).toHaveLength(1)
    expect(await told(phone, hours)).toHaveLength(0)
    expect((await phone.subscriptions(hours)).body.add).toEqual([feed])
    expect((await phone.subscriptions(hours)).body.add).toEqual([])
  })

  test('is not what they just said themselves, unless they ask for everything', async () => {
    const user = await server.addUser()
    const [phone, tablet] = [await startSyncClient(server, { user }), await startSyncClient(server, { user })]
    const { timestamp } = (await phone.upload(play(1, 60))).body
    await tablet.upload(play(2, 60))
    for (const since of [timestamp, timestamp + 1]) {
      expect((await told(phone, since)).map((action: { guid: string }) => action.guid)).toEqual(['guid-2'])
      expect(await told(tablet, since)).toHaveLength(1)
    }
    expect(await told(phone, 0)).toHaveLength(2)
    // A phone that was put back to how it was an hour ago is told its own words too.
    expect(await told(phone, timestamp - 3_600)).toHaveLength(2)
  })

  test('through the account’s own password, which several may share, is told whoever said it', async () => {
    const user = await server.addUser()
    const [one, two] = [clientOf(server.url, user, password), clientOf(server.url, user, password)]
    const { timestamp } = (await one.actions(0)).body
    await two.upload(play(1, 60))
    expect(await told(one, timestamp + 1)).toHaveLength(1)
  })

  test('sent again adds nothing, in batches of any cut', async () => {
    const client = await startSyncClient(server)
    const batch = [play(1, 10), play(1, 20, '2026-01-01T10:05:00'), play(2, 5, undefined, { action: 'DELETE' })]
    await client.upload(...batch)
    await client.follow([feed, other])
    const before = await events(client)
    await client.upload(...batch)
    await client.upload(...batch.toReversed())
    await client.upload(batch[1])
    await client.follow([feed, other], ['https://feeds.example/never.xml'])
    expect(await events(client)).toBe(before)
  })
})

describe('an empty client', () => {
  test('is told the list and ends nothing', async () => {
    const first = await startSyncClient(server)
    await first.follow([feed, other])
    await first.follow([], [other])
    const fresh = await startSyncClient(server, first)
    expect((await fresh.subscriptions(0)).body).toMatchObject({ add: [feed], remove: [] })
    await fresh.follow([], [])
    await fresh.upload()
    expect((await first.subscriptions(0)).body.add).toEqual([feed])
  })
})

describe('an episode whose length nobody said', () => {
  const rest = async (client: SyncClient, n: number, body: object) => {
    const app = await server.allow(client.user)
    const said = await app.call('POST', '/play', {
      rss_source_feed: feedId(feed),
      rss_source_item: itemId(`guid-${n}`, episode(n)),
      ...body,
    })
    expect(said.status).toBe(200)
    return async () => (await app.call('GET', '/play')).body.play_statuses[0]
  }

  test('has its place told with a length beyond every place, which does not become its length', async () => {
    const client = await startSyncClient(server)
    const status = await rest(client, 1, { position: 500, played: false })
    const before = await status()
    const [action] = await told(client, 0)
    expect(action).toMatchObject({ started: 0, position: 500, total: 86_400 })
    await client.upload({ ...action, action: 'play', started: action.position })
    expect(await status()).toEqual(before)
    await client.upload({ ...action, action: 'play', position: 600, timestamp: '2099-01-01T00:00:00' })
    expect(await status()).toMatchObject({ position: 600, played: false })
    expect((await status()).duration ?? null).toBeNull()
  })

  test('is told as played behind every end', async () => {
    const client = await startSyncClient(server)
    await rest(client, 1, { position: 0, played: true })
    expect(await told(client, 0)).toMatchObject([{ started: 86_400, position: 86_400, total: 86_400 }])
  })

  test('is not played when Kasts, which then sends 1 for it, is in its middle, and is when Kasts marks it', async () => {
    const client = await startSyncClient(server)
    const app = await server.allow(client.user)
    const status = async () => (await app.call('GET', '/play')).body.play_statuses[0]
    await client.upload(play(1, 500, undefined, { started: 500, total: 1 }))
    expect(await status()).toMatchObject({ position: 500, played: false })
    await client.upload(play(1, 1, '2026-01-01T11:00:00', { started: 1, total: 1 }))
    expect(await status()).toMatchObject({ played: true })
  })
})

test('what comes through here is written under the client’s app password, or the device it names', async () => {
  const client = await startSyncClient(server)
  await client.upload(
    play(1, 60),
    play(2, 60, undefined, { device: 'kitchen' }),
    play(3, 60, undefined, { device: 'a b' }),
  )
  const written = await server.instance.journal.read(client.user.id, 0, 10)
  const { rows } = await server.fresh.stores.system.pool.query('select id from system.credentials where user_id = $1', [
    client.user.id,
  ])
  expect(written.map(({ author }) => author)).toEqual(
    [rows[0].id, 'kitchen', rows[0].id].map((device) => ({ app: 'nextcloud', device })),
  )
  const rest = await server.allow(client.user)
  const { body } = await rest.call('GET', '/devices')
  expect(JSON.stringify(body)).toContain('A client')
})

/** A person as the helpers of the gPodder door know them. */
async function startClientOf({ user }: SyncClient) {
  return { user } as Awaited<ReturnType<typeof startClient>>
}
