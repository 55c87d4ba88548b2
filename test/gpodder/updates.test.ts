import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { type Client, startClient } from './client.ts'

const feed = 'https://feeds.example/a.xml'
const other = 'https://feeds.example/b.xml'
const episode = (n: number) => `https://media.example/${n}.mp3`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const updates = (client: Client, query: string, device = 'phone') =>
  client.basic('GET', `/api/2/updates/${client.u}/${device}.json${query}`)
const subscribe = (client: Client, add: string[], remove: string[] = [], device = 'phone') =>
  client.basic('POST', `/api/2/subscriptions/${client.u}/${device}.json`, { add, remove })
const act = (client: Client, ...actions: object[]) =>
  client.basic(
    'POST',
    `/api/2/episodes/${client.u}.json`,
    actions.map((action) => ({ podcast: feed, device: 'desk', ...action })),
  )
const play = { action: 'play', timestamp: '2026-01-01T10:00:00', started: 0, position: 60, total: 1800 }

test('updates tell in one answer what was subscribed to, left, and done with episodes', async () => {
  const client = await startClient(server)
  await subscribe(client, [feed, other])
  await act(client, { ...play, episode: episode(1) }, { action: 'new', episode: episode(2), timestamp: play.timestamp })
  const { status, body } = await updates(client, '?since=0')
  expect(status).toBe(200)
  expect(body.add.map(({ url, title }: { url: string; title: string }) => [url, title]).toSorted()).toEqual([
    [feed, 'feeds.example'],
    [other, 'feeds.example'],
  ])
  expect(body).toMatchObject({ remove: [], rem: [] })
  expect(body.updates).toHaveLength(2)
  expect(body.updates).toContainEqual({
    title: episode(1),
    url: episode(1),
    podcast_title: 'feeds.example',
    podcast_url: feed,
    description: '',
    website: '',
    released: '',
    mygpo_link: '',
    status: 'play',
  })
  const after = `?since=${body.timestamp + 1}`
  expect((await updates(client, after)).body).toMatchObject({ add: [], remove: [], updates: [] })
  await subscribe(client, [], [other], 'desk')
  await act(client, { action: 'delete', episode: episode(1), timestamp: '2026-01-01T11:00:00' })
  const next = (await updates(client, after)).body
  expect(next).toMatchObject({
    add: [],
    remove: [other],
    rem: [other],
    updates: [{ url: episode(1), status: 'delete' }],
  })
  expect(next.timestamp).toBeGreaterThan(body.timestamp)
})

test('updates tell the newest action of an episode when asked for it, a late one of older time included', async () => {
  const client = await startClient(server)
  const names = { podcast: feed, episode: episode(1), device: 'desk' }
  await subscribe(client, [feed])
  await act(client, { action: 'download', episode: episode(1), timestamp: '2026-01-01T12:00:00' })
  const { timestamp } = (await updates(client, '?since=0')).body
  await act(client, { ...play, episode: episode(1) }, { action: 'new', episode: episode(2), timestamp: play.timestamp })
  const late = (await updates(client, `?since=${timestamp + 1}&include_actions=true`)).body.updates
  expect(late).toContainEqual(
    expect.objectContaining({
      status: 'download',
      action: { ...names, action: 'download', timestamp: '2026-01-01T12:00:00' },
    }),
  )
  expect(late.find(({ url }: { url: string }) => url === episode(2))).not.toHaveProperty('action')
  const again = { ...play, timestamp: '2026-01-01T13:00:00', position: 90 }
  await act(client, { ...again, episode: episode(1) })
  const { body } = await updates(client, '?since=0&include_actions=true')
  expect(body.updates.map(({ status }: { status: string }) => status)).toEqual(['new', 'play'])
  expect(body.updates[1].action).toEqual({ ...names, ...again })
})

test('updates are of devices that are there, since a time', async () => {
  const client = await startClient(server)
  expect((await updates(client, '?since=0')).status).toBe(404)
  await subscribe(client, [feed])
  expect((await updates(client, '')).status).toBe(400)
  expect((await updates(client, '?since=soon')).status).toBe(400)
  expect((await updates(client, '?since=0')).status).toBe(200)
})
