import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createTidings } from '../../src/journal/tidings.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type LiveClient, openEvents, openLive, playTokenFor, tokenOf } from '../support/live.ts'
import { startLiveServer } from '../support/live-server.ts'

const feed = feedId('https://feeds.example/two.rss')
const item = (i: number) => itemId(`guid-${i}`, `https://media.example/${i}.mp3`)

/** Two servers on one database; the second is the one with rate limits. */
let here: TestServer
let there: TestServer
beforeAll(async () => {
  here = await startServer()
  there = await startServer({ beside: here, rateLimits: true })
})
afterAll(async () => {
  await there.close()
  await here.close()
})

const somebody = async (): Promise<App> => here.allow(await here.addUser())
const play = (app: App, i: number, position: number) =>
  app.call('post', '/play', { rss_source_feed: feed, rss_source_item: item(i), position, played: false })

async function open(url: string, token: string): Promise<LiveClient> {
  const client = await openLive(url, token)
  onTestFinished(() => client.socket.terminate())
  return client
}

test('a change made at one server reaches the channels of another', async () => {
  const app = await somebody()
  // Its public URL is another one, so that only play tokens are for both.
  const client = await open(there.url, await playTokenFor(here, app.user))
  const stream = await openEvents(there.url, { authorization: `Bearer ${await playTokenFor(here, app.user)}` })
  onTestFinished(() => stream.close())
  await stream.next()
  await client.ask({ type: 'subscribe' })
  const started = Date.now()
  await play(app, 1, 33)
  expect((await client.next()).changes.plays).toMatchObject([{ position: 33 }])
  expect(Date.now() - started).toBeLessThan(1_000)
  expect((await stream.next()).data.changes.plays).toMatchObject([{ position: 33 }])
})

test('with read models in a database of their own, a token never tells more than the rows it came with', async () => {
  const server = await startServer({ layout: 'three' })
  onTestFinished(() => server.close())
  const app = await server.allow(await server.addUser())
  const client = await open(server.url, tokenOf(app.bearer()))
  await client.ask({ type: 'subscribe' })
  await Promise.all(Array.from({ length: 20 }, (_, i) => play(app, i, i)))
  const seen = new Set<string>()
  while (seen.size < 20)
    for (const told of (await client.next()).changes.plays)
      seen.add((told as { rss_source_item: string }).rss_source_item)
  expect(seen).toEqual(new Set(Array.from({ length: 20 }, (_, i) => item(i))))
})

test('what nobody told of is found all the same', async () => {
  const { url } = await startLiveServer(here, { times: { sweep: 100 } })
  const app = await somebody()
  const client = await open(url, tokenOf(app.bearer()))
  await client.ask({ type: 'subscribe' })
  // A process that appends and tells nobody.
  const { instance } = here
  await instance.endpoints
    .find((endpoint) => endpoint.method === 'post' && endpoint.path === '/subscriptions')
    ?.handle({
      body: { rss_source_feed: 'https://feeds.example/silent.rss' },
      origin: { user: app.user, author: { app: 'cli', device: null }, now: Date.now(), request: null },
    } as never)
  expect((await client.next()).changes.subscriptions).toHaveLength(1)
})

test('more than 20 frames at once, or 10 a second, are CONNECTION_RATE_LIMITED', async () => {
  const app = await somebody()
  const client = await open(there.url, await playTokenFor(here, app.user))
  for (let i = 0; i < 30; i++) client.send({ type: 'nothing', opid: i })
  const codes: string[] = []
  for (let i = 0; i < 30; i++) codes.push((await client.next()).error.code)
  // One frame of the twenty was the token's.
  expect(codes.filter((code) => code === 'INVALID_TYPE').length).toBeGreaterThanOrEqual(19)
  expect(codes.filter((code) => code === 'CONNECTION_RATE_LIMITED').length).toBeGreaterThanOrEqual(5)
  await sleep(500)
  expect(await client.ask({ type: 'nothing' })).toMatchObject({ error: { code: 'INVALID_TYPE' } })
})

test('more than 60 plays a minute are PLAY_RATE_LIMITED, over all channels of the user', async () => {
  const app = await somebody()
  const token = await playTokenFor(here, app.user)
  const codes: (string | undefined)[] = []
  for (let i = 0; i < 4; i++) {
    const client = await open(there.url, token)
    for (let j = 0; j < 16; j++) client.send({ type: 'record_play', feed, item: item(j), position: i })
    for (let j = 0; j < 16; j++) codes.push((await client.next()).error?.code)
  }
  expect(codes.slice(0, 60).every((code) => code === undefined)).toBe(true)
  expect(codes.slice(60)).toEqual(Array(4).fill('PLAY_RATE_LIMITED'))
})

test('a token that is revoked or expires ends the channel', async () => {
  const { url } = await startLiveServer(here, { times: { beat: 50, trust: 100 } })
  const app = await somebody()
  const now = Math.floor(Date.now() / 1000)
  // One minute of skew is allowed: this one ends in a second.
  const expiring = await open(url, tokenOf(app.bearer({ iat: now - 100, exp: now - 58 })))
  const stream = await openEvents(url, { authorization: app.bearer() })
  const revoked = await open(url, tokenOf(app.bearer()))
  expect(await expiring.closed).toMatchObject({ code: 4001 })
  expect(revoked.socket.readyState).toBe(revoked.socket.OPEN)
  await app.call('delete', `/apps/${app.id}`)
  expect(await revoked.next()).toMatchObject({ status: 'error', error: { code: 'INVALID_TOKEN' } })
  expect(await revoked.closed).toMatchObject({ code: 4001 })
  expect((await stream.next()).event).toBe('connected')
  expect(await stream.next()).toMatchObject({ event: 'end', data: { error: { code: 'INVALID_TOKEN' } } })
  await expect(stream.next()).rejects.toThrow('the stream ended')
})

test('who says nothing, not even who they are, is cut off', async () => {
  const { url } = await startLiveServer(here, { times: { beat: 50, entry: 100, idle: 300 } })
  const nobody = await openLive(url)
  expect(await nobody.closed).toMatchObject({ code: 4001 })
  const client = await open(url, tokenOf((await somebody()).bearer()))
  await sleep(600)
  // It answers pings, by which it lives on.
  expect(client.socket.readyState).toBe(client.socket.OPEN)
  client.socket.pause()
  await sleep(600)
  client.socket.resume()
  expect(await client.closed).toMatchObject({ code: 1006 })
})

test('a slow reader is told to resume from its token, and so misses nothing', async () => {
  const { url } = await startLiveServer(here, { times: { mostBuffered: 1_000, patience: 200, farewell: 20_000 } })
  const app = await somebody()
  const token = tokenOf(app.bearer())
  const slow = await open(url, token)
  const quick = await open(url, token)
  const { data } = await slow.ask({ type: 'subscribe' })
  await quick.ask({ type: 'subscribe' })
  slow.socket.pause()
  const description = 'x'.repeat(4_000)
  let count = 0
  const items = Array.from({ length: 400 }, (_, i) => ({ rss_source_feed: feed, rss_source_item: item(i) }))
  for (; count < 60; count++) {
    await app.call('post', '/playlists', { name: `list ${count}`, description, items })
    await quick.next((frame) => frame.type === 'change')
  }
  await sleep(600)
  slow.socket.resume()
  const seen = new Set<string>()
  let last: string = data.sync_token
  const take = (told: { sync_token: string; changes: { playlists: { id: string }[] } }) => {
    last = told.sync_token
    for (const list of told.changes.playlists) seen.add(list.id)
  }
  const end = await slow.closed
  expect(end).toMatchObject({ code: 4008 })
  const said = slow.frames.splice(0)
  expect(said.at(-1)).toMatchObject({ error: { code: 'SLOW_READER' }, sync_token: expect.any(String) })
  for (const frame of said) if (frame.type === 'change') take(frame)
  expect(seen.size).toBeLessThan(count)
  const again = await open(url, token)
  await again.ask({ type: 'subscribe', since: last })
  while (seen.size < count) take(await again.next((frame) => frame.type === 'change'))
  expect(seen.size).toBe(count)
})

test('an event stream that is read too slowly ends, and goes on from its last id', async () => {
  const { url } = await startLiveServer(here, { times: { mostBuffered: 1_000, patience: 200, farewell: 20_000 } })
  const app = await somebody()
  const headers = { authorization: app.bearer() }
  const slow = await openEvents(url, headers)
  const quick = await openEvents(url, headers)
  onTestFinished(() => quick.close())
  await quick.next()
  const items = Array.from({ length: 400 }, (_, i) => ({ rss_source_feed: feed, rss_source_item: item(i) }))
  const count = 80
  for (let n = 0; n < count; n++) {
    await app.call('post', '/playlists', { name: `list ${n}`, description: 'x'.repeat(4_000), items })
    await quick.next()
  }
  await sleep(600)
  const seen = new Set<string>()
  let last = ''
  for (;;) {
    const told = await slow.next()
    last = told.id ?? last
    for (const list of told.data.changes?.playlists ?? []) seen.add(list.id)
    if (told.event === 'end') {
      expect(told.data.error.code).toBe('SLOW_READER')
      break
    }
  }
  expect(seen.size).toBeLessThan(count)
  const again = await openEvents(url, { ...headers, 'last-event-id': last })
  onTestFinished(() => again.close())
  while (seen.size < count) for (const list of (await again.next()).data.changes?.playlists ?? []) seen.add(list.id)
  expect(seen.size).toBe(count)
})

test('a server that stops says that it goes away, and does not wait', async () => {
  const server = await startServer({ beside: here })
  const client = await open(server.url, await playTokenFor(here, (await somebody()).user))
  const started = Date.now()
  await server.close()
  expect(await client.closed).toMatchObject({ code: 1001 })
  expect(Date.now() - started).toBeLessThan(5_000)
})

test('a client that hangs up before it has shaken hands harms nobody', async () => {
  const { port } = new URL(here.url)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write('GET /api/v1/live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  await sleep(100)
  socket.destroy()
  expect((await fetch(`${here.url}/health`)).status).toBe(200)
})

test('of many users who change something in one moment, everybody is told of their own', async () => {
  const { url } = await startLiveServer(here)
  const apps = await Promise.all(Array.from({ length: 5 }, somebody))
  const clients = await Promise.all(apps.map((app) => open(url, tokenOf(app.bearer()))))
  for (const client of clients) await client.ask({ type: 'subscribe' })
  await Promise.all(apps.map((app, i) => play(app, i, i)))
  for (const [i, client] of clients.entries())
    expect((await client.next()).changes.plays).toMatchObject([{ position: i }])
})

test('a process that is stopping has told what it still knew', async () => {
  const { url } = await startLiveServer(here)
  const app = await somebody()
  const client = await open(url, tokenOf(app.bearer()))
  await client.ask({ type: 'subscribe' })
  const { instance, fresh } = here
  const tidings = createTidings(fresh.stores.events, pino({ level: 'silent' }))
  instance.journal.onAppend(tidings.tell)
  await instance.endpoints
    .find((endpoint) => endpoint.method === 'post' && endpoint.path === '/subscriptions')
    ?.handle({
      body: { rss_source_feed: 'https://feeds.example/last.rss' },
      origin: { user: app.user, author: { app: 'cli', device: null }, now: Date.now(), request: null },
    } as never)
  await tidings.stop()
  const started = Date.now()
  expect((await client.next()).changes.subscriptions).toHaveLength(1)
  expect(Date.now() - started).toBeLessThan(2_000)
})
