import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type SyncClient, startSyncClient } from './client.ts'

const feed = 'https://feeds.example/a.xml'
const episode = (n: number) => `https://media.example/${n}.mp3`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

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

test('Cardo, which pushes what it has just pulled, changes nothing by that', async () => {
  const phone = await startSyncClient(server)
  const cardo = await startSyncClient(server, phone)
  await phone.upload(play(1, 500), play(2, 1800, undefined, { started: 1800 }))
  const app = await server.allow(phone.user)
  const rest = { rss_source_feed: feedId(feed), rss_source_item: itemId('guid-3', episode(3)) }
  await app.call('POST', '/play', { ...rest, position: 300, played: false })
  const before = (await app.call('GET', '/play')).body.play_statuses
  const pulled = await told(cardo, 0)
  expect(pulled).toHaveLength(3)
  const pushed = pulled.map(({ guid: _, ...action }: { guid: string; position: number }) => ({
    ...action,
    action: 'play',
    started: action.position,
  }))
  expect((await cardo.upload(...pushed)).status).toBe(200)
  expect((await cardo.follow([])).status).toBe(200)
  expect((await app.call('GET', '/play')).body.play_statuses).toEqual(before)
})
