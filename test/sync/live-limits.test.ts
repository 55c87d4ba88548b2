import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type LiveClient, openEvents, openLive, playTokenFor, tokenOf } from '../support/live.ts'
import { startLiveServer } from '../support/live-server.ts'

const feed = feedId('https://feeds.example/limits.rss')
const item = (i: number) => itemId(`guid-${i}`, `https://media.example/${i}.mp3`)

let here: TestServer
beforeAll(async () => {
  here = await startServer()
})
afterAll(() => here.close())

const somebody = async (scopes?: readonly string[]): Promise<App> =>
  here.allow(await here.addUser(), scopes ? { scopes } : {})
const play = (app: App, i: number, position: number) =>
  app.call('post', '/play', { rss_source_feed: feed, rss_source_item: item(i), position, played: false })

async function open(url: string, token?: string): Promise<LiveClient> {
  const client = await openLive(url, token)
  onTestFinished(() => client.socket.terminate())
  return client
}

const isChange = (frame: { type?: string }) => frame.type === 'change'

/** Waits until it is so. */
async function until(is: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !is(); await sleep(5)) if (Date.now() > end) throw new Error('it never was')
}

/** What a server answers to a request for a WebSocket that it does not want. */
const refused = (url: string, headers = {}) =>
  new Promise<{ status: number | undefined; body: unknown }>((resolve, reject) => {
    const asking = request(`${url}/api/v1/live`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        ...headers,
      },
    })
    asking.once('upgrade', (_, socket) => {
      socket.destroy()
      resolve({ status: 101, body: null })
    })
    asking.once('response', async (response) => {
      const text = (await response.toArray()).join('')
      resolve({ status: response.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text })
    })
    asking.once('error', reject).end()
  })

test('a user has so many channels at once, of both kinds together, and one that dies makes room', async () => {
  const { url, counts } = await startLiveServer(here, { limits: { channels: 3 } })
  const app = await somebody()
  const token = tokenOf(app.bearer())
  const authorization = app.bearer()
  const first = await open(url, token)
  await open(url, token)
  const stream = await openEvents(url, { authorization })
  await stream.next()
  const fourth = await open(url)
  expect(await fourth.ask({ type: 'auth', token, opid: 4 })).toMatchObject({
    error: { code: 'CONNECTION_RATE_LIMITED' },
    opid: 4,
  })
  expect(await fourth.closed).toMatchObject({ code: 1008 })
  const answer = await fetch(`${url}/api/v1/events`, { headers: { authorization } })
  expect([answer.status, await answer.json()]).toMatchObject([429, { error_code: 'RATE_LIMIT_EXCEEDED' }])
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  // Others are not concerned, and a channel may send a new token.
  await open(url, tokenOf((await somebody()).bearer()))
  expect(await first.ask({ type: 'auth', token })).toMatchObject({ status: 'ok' })

  first.socket.terminate()
  stream.close()
  await until(() => counts().open.events === 0 && counts().open.websocket === 2)
  await open(url, token)
  onTestFinished(await openEvents(url, { authorization }).then((again) => () => again.close()))
})

test('an address has so many sockets that have not said who they are', async () => {
  const { url } = await startLiveServer(here, { limits: { strangers: 2 } })
  const token = tokenOf((await somebody()).bearer())
  const nobody = await open(url)
  const later = await open(url)
  expect(await refused(url)).toMatchObject({ status: 429, body: { error_code: 'CONNECTION_RATE_LIMITED' } })
  // The test's server believes what a proxy says.
  expect(await refused(url, { 'x-forwarded-for': '192.0.2.7' })).toMatchObject({ status: 101 })
  await later.ask({ type: 'auth', token })
  await open(url)
  expect((await refused(url)).status).toBe(429)
  nobody.socket.terminate()
  await sleep(100)
  expect((await refused(url)).status).toBe(101)
  // A handshake that fails has no place either.
  for (let i = 0; i < 5; i++) expect((await refused(url, { 'sec-websocket-version': '99' })).status).toBe(400)
  await sleep(100)
  await open(url)
})

test('subscribing again on the same socket tells everything once', async () => {
  const { url, counts } = await startLiveServer(here)
  const app = await somebody()
  const client = await open(url, tokenOf(app.bearer()))
  const { data } = await client.ask({ type: 'subscribe' })
  await client.ask({ type: 'subscribe' })
  await client.ask({ type: 'subscribe', since: data.sync_token })
  await play(app, 1, 5)
  await client.next(isChange)
  await play(app, 2, 6)
  expect((await client.next()).changes.plays).toMatchObject([{ position: 6 }])
  expect(counts()).toMatchObject({ pushed: 2, resumed: 1 })
})

test('a grant that loses its scope ends the channel that used it', async () => {
  const { url } = await startLiveServer(here, { times: { beat: 50, trust: 100 } })
  const app = await somebody()
  const client = await open(url, tokenOf(app.bearer()))
  await client.ask({ type: 'subscribe' })
  const { pool } = here.fresh.stores.system
  await pool.query(`update system.app_tokens set scopes = '{user.plays.write}' where app_id = $1`, [app.id])
  expect(await client.next()).toMatchObject({ error: { code: 'INVALID_TOKEN' } })
  expect(await client.closed).toMatchObject({ code: 4001 })
})

test('who only talks, and never reads the answers, is cut off', async () => {
  const { url, counts } = await startLiveServer(here, { times: { mostBuffered: 2_000, farewell: 200 } })
  const client = await open(url, tokenOf((await somebody()).bearer()))
  client.socket.pause()
  const opid = 'x'.repeat(250)
  for (let i = 0; client.socket.readyState === WebSocket.OPEN && counts().open.websocket > 0; i++) {
    for (let n = 0; n < 500; n++) client.send({ type: 'nothing', opid })
    client.socket.ping(Buffer.alloc(100))
    await sleep(1)
    if (i > 2_000) throw new Error('it was never cut off')
  }
  expect(counts().slow).toBe(1)
})

test('when the connection that listens breaks, channels hear of what happened meanwhile', async () => {
  // Without the sweep it is the new connection that asks.
  const { url } = await startLiveServer(here, { times: { sweep: 60_000 } })
  const app = await somebody()
  const client = await open(url, tokenOf(app.bearer()))
  await client.ask({ type: 'subscribe' })
  const { pool } = here.fresh.stores.events
  await pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name = 'balados-sync listener'`,
  )
  await play(app, 1, 9)
  expect((await client.next()).changes.plays).toMatchObject([{ position: 9 }])
  await play(app, 1, 10)
  expect((await client.next()).changes.plays).toMatchObject([{ position: 10 }])
})

test('a process with a thousand open channels stops in less than ten seconds, whoever does not listen', async () => {
  const { url, counts, stop } = await startLiveServer(here)
  const apps = await Promise.all(Array.from({ length: 10 }, () => somebody()))
  const tokens = await Promise.all(apps.map((app) => playTokenFor(here, app.user)))
  const clients: LiveClient[] = []
  for (let i = 0; i < 900; i += 30) {
    const some = Array.from({ length: 30 }, (_, n) => open(url, tokens[(i + n) % 10]))
    clients.push(...(await Promise.all(some)))
  }
  await Promise.all(clients.map((client) => client.ask({ type: 'subscribe' })))
  const authorization = apps[0]?.bearer() ?? ''
  for (let i = 0; i < 100; i++) {
    const stream = await openEvents(url, { authorization })
    onTestFinished(() => stream.close())
  }
  expect(counts().open).toEqual({ websocket: 900, events: 100 })
  for (const client of clients.slice(0, 50)) client.socket.pause()
  const started = Date.now()
  await stop()
  expect(Date.now() - started).toBeLessThan(10_000)
  await until(() => counts().open.websocket + counts().open.events === 0)
  for (const { closed } of clients.slice(50)) expect(await closed).toMatchObject({ code: 1001 })
}, 60_000)

test('the metrics tell how many channels are open, and what happened on them', async () => {
  const { url, counts } = await startLiveServer(here)
  const app = await somebody()
  const { sync_token: since } = (await app.call('post', '/sync', { changes: {} })).body
  await play(app, 1, 1)
  const client = await open(url, tokenOf(app.bearer()))
  await client.ask({ type: 'subscribe', since })
  await client.next(isChange)
  const stream = await openEvents(url, { authorization: app.bearer() })
  await stream.next()
  const value = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return text.split('\n').find((line) => line.startsWith(name))
  }
  expect(await value('balados_live_channels{kind="websocket"')).toMatch(/ 1( \d+)?$/)
  expect(await value('balados_live_channels{kind="events"')).toMatch(/ 1( \d+)?$/)
  expect(await value('balados_live_changes_total')).toMatch(/ 1( \d+)?$/)
  expect(await value('balados_live_resumptions_total')).toMatch(/ 1( \d+)?$/)
  expect(await value('balados_live_slow_readers_total')).toMatch(/ 0( \d+)?$/)
  client.socket.close()
  await once(client.socket, 'close')
  stream.close()
  await until(() => counts().open.websocket + counts().open.events === 0)
  expect(await value('balados_live_channels{kind="websocket"')).toMatch(/ 0( \d+)?$/)
})
