import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type LiveClient, openLive, playTokenFor, tokenOf } from '../support/live.ts'

const feed = feedId('https://feeds.example/live.rss')
const item = itemId('guid-1', 'https://media.example/1.mp3')
const other = itemId('guid-2', 'https://media.example/2.mp3')

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const somebody = async (scopes?: readonly string[]): Promise<App> =>
  server.allow(await server.addUser(), scopes ? { scopes } : {})

async function open(token?: string, options: Parameters<typeof openLive>[2] = {}): Promise<LiveClient> {
  const client = await openLive(server.url, token, options)
  onTestFinished(() => client.socket.terminate())
  return client
}

const enter = async (app: App, options: Parameters<typeof openLive>[2] = {}) => open(tokenOf(app.bearer()), options)

const play = (app: App, position: number, of = item) =>
  app.call('post', '/play', { rss_source_feed: feed, rss_source_item: of, position, played: false })

const isChange = (frame: { type?: string }) => frame.type === 'change'

describe('letting somebody in', () => {
  test('a request token, and a play token for the live channel, tell whose channel it is', async () => {
    const app = await somebody()
    for (const token of [tokenOf(app.bearer()), await playTokenFor(server, app.user)]) {
      const client = await open()
      expect(await client.ask({ type: 'auth', token, opid: 'a' })).toEqual({
        status: 'ok',
        data: { user_id: app.user },
        opid: 'a',
      })
    }
  })

  test('the older path leads there too', async () => {
    const app = await somebody()
    const client = await enter(app, { path: '/sync/api/v1/live' })
    expect(await client.ask({ type: 'subscribe' })).toMatchObject({ status: 'ok' })
  })

  test.each(['record_play', 'subscribe', 'whatever'])('%s before auth is UNAUTHENTICATED', async (type) => {
    const client = await open()
    const said = await client.ask({ type, feed, item, opid: 7 })
    expect(said).toMatchObject({ status: 'error', error: { code: 'UNAUTHENTICATED' }, opid: 7 })
  })

  test('a token that is none, a feeds token, and one of a revoked app are INVALID_TOKEN', async () => {
    const app = await somebody()
    const revoked = tokenOf(app.bearer())
    await app.call('delete', `/apps/${app.id}`)
    const client = await open()
    for (const token of ['nonsense', 'a.b.c', revoked, await playTokenFor(server, app.user, 'feeds')])
      expect(await client.ask({ type: 'auth', token })).toMatchObject({ error: { code: 'INVALID_TOKEN' } })
    expect(await client.ask({ type: 'auth' })).toMatchObject({ error: { code: 'MISSING_FIELDS' } })
    expect(await client.ask({ type: 'auth', token: 'x', device_id: 'a\nb' })).toMatchObject({
      error: { code: 'INVALID_ENCODING' },
    })
  })

  test('a channel stays with its user', async () => {
    const client = await enter(await somebody())
    const another = tokenOf((await somebody()).bearer())
    expect(await client.ask({ type: 'auth', token: another })).toMatchObject({ error: { code: 'INVALID_TOKEN' } })
  })

  test.each(['/api/v1/live', '/sync/api/v1/live'])('a request for %s that is no WebSocket is told so', async (path) => {
    const plain = await fetch(`${server.url}${path}`)
    expect(plain.status).toBe(426)
    expect(plain.headers.get('upgrade')).toBe('websocket')
    expect(plain.headers.get('connection')?.toLowerCase()).toContain('upgrade')
    expect(await plain.json()).toEqual({
      error: expect.stringContaining('WebSocket'),
      error_code: 'UPGRADE_REQUIRED',
    })
  })

  test('other requests to become something else stay what they are', async () => {
    const headers = { connection: 'upgrade', upgrade: 'h2c' }
    const upgraded = await fetch(`${server.url}/health`, { headers }).catch(() => null)
    expect(upgraded === null || upgraded.status === 200).toBe(true)
  })
})

describe('recording a play', () => {
  test('does what POST /play does, under the name of app and device', async () => {
    const app = await somebody()
    const client = await enter(app, { device_id: 'kitchen' })
    const said = { type: 'record_play', feed, item, position: 31, played: false, opid: 'x1' }
    expect(await client.ask(said)).toEqual({ status: 'ok', opid: 'x1' })
    expect((await app.call('get', `/play/${item}`)).body.play_status).toMatchObject({ position: 31, played: false })
    const events = await server.instance.journal.read(app.user, 0, 10)
    expect(events.map((event) => event.author)).toEqual([{ app: app.id, device: 'kitchen' }])
  })

  test('what it leaves out stays as it is', async () => {
    const app = await somebody()
    const client = await enter(app)
    await client.ask({ type: 'record_play', feed, item, position: 90 })
    await client.ask({ type: 'record_play', feed, item, played: true })
    expect((await app.call('get', `/play/${item}`)).body.play_status).toMatchObject({ position: 90, played: true })
  })

  test('says what others may learn of the episode, once', async () => {
    const app = await somebody()
    const client = await enter(app)
    for (const position of [1, 2]) await client.ask({ type: 'record_play', feed, item, position, privacy: 'anonymous' })
    const { privacy_settings } = (await app.call('get', '/privacy')).body
    expect(privacy_settings).toMatchObject([{ rss_source_item: item, privacy: 'anonymous' }])
    const events = await server.instance.journal.read(app.user, 0, 10)
    expect(events.map((event) => event.fact.type)).toEqual(['PositionMoved', 'PrivacyChosen', 'PositionMoved'])
  })

  test.each([
    ['MISSING_FIELDS', { feed }],
    ['MISSING_FIELDS', { item }],
    ['INVALID_ENCODING', { feed: 'not base64!', item }],
    ['INVALID_ENCODING', { feed, item: 'AAAA' }],
    ['INVALID_ENCODING', { feed: 5, item }],
    ['INVALID_POSITION', { feed, item, position: -1 }],
    ['INVALID_POSITION', { feed, item, position: 1.5 }],
    ['INVALID_POSITION', { feed, item, position: '30' }],
    ['INVALID_PLAYED', { feed, item, played: 'yes' }],
    ['INVALID_PRIVACY', { feed, item, privacy: 'secret' }],
  ])('answers %s to %j, and stays open', async (code, fields) => {
    const client = await enter(await somebody())
    const said = await client.ask({ type: 'record_play', opid: 'o', ...fields })
    expect(said).toMatchObject({ status: 'error', error: { code, message: expect.any(String) }, opid: 'o' })
    expect(await client.ask({ type: 'record_play', feed, item })).toEqual({ status: 'ok' })
  })

  test('needs the scope that the stored grant holds', async () => {
    const app = await somebody(['user.plays.read', 'user.sync'])
    const client = await enter(app)
    expect(await client.ask({ type: 'record_play', feed, item })).toMatchObject({
      error: { code: 'INVALID_TOKEN', message: expect.stringContaining('user.plays.write') },
    })
    expect((await server.instance.journal.head(app.user)).lastNumber).toBe(0)
    const writer = await enter(await somebody(['user.plays.write']))
    expect(await writer.ask({ type: 'record_play', feed, item })).toEqual({ status: 'ok' })
    expect(await writer.ask({ type: 'record_play', feed, item, privacy: 'public' })).toMatchObject({
      error: { code: 'INVALID_TOKEN' },
    })
    expect(await writer.ask({ type: 'subscribe' })).toMatchObject({ error: { code: 'INVALID_TOKEN' } })
  })
})

describe('frames', () => {
  test.each([
    ['INVALID_JSON', '{'],
    ['INVALID_JSON', '[]'],
    ['INVALID_JSON', '"auth"'],
    ['INVALID_FORMAT', Buffer.from('{"type":"subscribe"}')],
    ['INVALID_TYPE', '{"type":"dance"}'],
    ['INVALID_TYPE', '{}'],
    ['INVALID_ENCODING', '{"type":"subscribe","since":"yesterday"}'],
    ['INVALID_ENCODING', '{"type":"subscribe","since":12}'],
  ])('%s answers %s', async (code, frame) => {
    const client = await enter(await somebody())
    expect(await client.ask(frame)).toMatchObject({ status: 'error', error: { code } })
  })

  test('one larger than 64 KiB ends the channel with the code for that', async () => {
    const client = await enter(await somebody())
    client.send({ type: 'subscribe', since: 'x'.repeat(65 * 1024) })
    expect(await client.closed).toMatchObject({ code: 1009 })
  })
})

describe('subscribing', () => {
  test('tells each change as a sync would, but not to the device that made it', async () => {
    const app = await somebody()
    const phone = await enter(app, { device_id: 'phone' })
    const radio = await enter(app, { device_id: 'radio' })
    const { data } = await phone.ask({ type: 'subscribe', opid: 1 })
    await radio.ask({ type: 'subscribe' })
    await phone.ask({ type: 'record_play', feed, item, position: 12, played: false })
    const told = await radio.next()
    const synced = await app.call('post', '/sync', { last_sync: data.sync_token, changes: {} })
    expect(told).toEqual({ type: 'change', sync_token: synced.body.sync_token, changes: synced.body.changes })
    expect(told.changes.plays).toMatchObject([{ rss_source_item: item, position: 12 }])
    await play(app.on('tv'), 20, other)
    expect((await phone.next()).changes.plays).toMatchObject([{ rss_source_item: other }])
  })

  test('from an old token on, it tells what happened since, tombstones included, and goes on from there', async () => {
    const app = await somebody()
    const { sync_token } = (await app.call('post', '/sync', { changes: {} })).body
    await play(app, 5)
    await app.call('post', '/subscriptions', { rss_source_feed: feed })
    await app.call('delete', `/subscriptions/${feed}`)
    const client = await enter(app)
    expect(await client.ask({ type: 'subscribe', since: sync_token })).toMatchObject({ data: { sync_token } })
    const told = await client.next(isChange)
    expect(told.changes.plays).toHaveLength(1)
    expect(told.changes.subscriptions).toMatchObject([{ unsubscribed_at: expect.any(String) }])
    await play(app, 6)
    expect((await client.next(isChange)).changes.plays).toMatchObject([{ position: 6 }])
    const again = await enter(app)
    await again.ask({ type: 'subscribe', since: told.sync_token })
    expect((await again.next(isChange)).changes).toMatchObject({ plays: [{ position: 6 }], subscriptions: [] })
  })

  test('a token of another life of the server has expired', async () => {
    const app = await somebody()
    const since = Buffer.from('s1.00000000-0000-4000-8000-000000000000.0').toString('base64url')
    const client = await enter(app)
    expect(await client.ask({ type: 'subscribe', since })).toMatchObject({ error: { code: 'sync_token_expired' } })
    expect(await client.ask({ type: 'subscribe' })).toMatchObject({ status: 'ok' })
  })

  test('nobody hears of another user’s changes', async () => {
    const [ada, bob] = [await somebody(), await somebody()]
    const client = await enter(ada)
    await client.ask({ type: 'subscribe' })
    await play(bob, 1)
    await play(ada, 2, other)
    expect((await client.next()).changes.plays).toMatchObject([{ rss_source_item: other }])
  })

  test('many rows come in parts, each with the token to go on from', async () => {
    const app = await somebody()
    const client = await enter(app)
    const { data } = await client.ask({ type: 'subscribe' })
    const plays = Array.from({ length: 1_200 }, (_, i) => ({
      rss_source_feed: feed,
      rss_source_item: itemId(`many-${i}`, `https://media.example/${i}.mp3`),
      position: i,
      played: false,
      updated_at: new Date().toISOString(),
    }))
    await app.call('post', '/sync', { changes: { plays } })
    const first = await client.next(isChange)
    expect(first.changes.plays).toHaveLength(500)
    const again = await enter(app)
    await again.ask({ type: 'subscribe', since: first.sync_token })
    const rest = [await again.next(isChange), await again.next(isChange)]
    const seen = [first, ...rest].flatMap((told) => told.changes.plays.map((p: { position: number }) => p.position))
    expect(seen).toEqual(plays.map((p) => p.position))
    expect(data.sync_token).not.toBe(first.sync_token)
  })
})
