import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../support/instance.ts'
import { type Action, type App, kasts, startApp } from './app.ts'

const feed = 'https://feeds.example/a.xml'
const url = (n: number) => `https://media.example/${n}.mp3`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Kasts tells whole seconds in UTC, without saying so, and started and position alike. */
const play = (n: number, position: number, timestamp: string, total = 1800): Action => ({
  podcast: feed,
  episode: url(n),
  guid: `guid-${n}`,
  action: 'play',
  timestamp: `2026-01-01T${timestamp}:00`,
  started: position,
  position,
  total,
})

async function pair(): Promise<[App, App]> {
  const desk = await startApp(server, kasts, 'desk')
  return [desk, await startApp(server, kasts, 'laptop', desk)]
}
async function plays({ client }: App) {
  const rest = await server.allow(client.user)
  const { body } = await rest.call('GET', '/play')
  return body.play_statuses.map(({ position, played: is }: { position: number; played: boolean }) => [position, is])
}

test('Kasts links all devices when it is set up, is told that they are, and reads the list of each', async () => {
  const [desk, laptop] = await pair()
  const path = `/api/2/sync-devices/${desk.client.u}.json`
  desk.subscribe(feed)
  await desk.sync()
  const linked = { synchronized: [['desk', 'laptop']], 'not-synchronized': [] }
  expect((await laptop.ask('GET', path)).body).toEqual(linked)
  const said = await laptop.ask('POST', path, { synchronize: [['desk', 'laptop']], 'stop-synchronize': [] })
  expect(said).toMatchObject({ status: 200, body: linked })
  for (const device of ['desk', 'laptop'])
    expect((await laptop.ask('GET', `/api/2/subscriptions/${desk.client.u}/${device}.json?since=0`)).body.add).toEqual([
      feed,
    ])
})

test('Kasts comes back a second later than it was told, and misses nothing of what was written in that second', async () => {
  const [desk, laptop] = await pair()
  await desk.sync()
  for (let n = 0; n < 8; n++) {
    laptop.act(play(n, 60, '10:00'))
    laptop.subscribe(`https://feeds.example/${n}.xml`)
    await laptop.sync()
    desk.act(play(n + 100, 60, '10:00'))
    await desk.sync()
  }
  await laptop.sync()
  expect(desk.places.size).toBe(16)
  expect(laptop.places.size).toBe(16)
  expect(desk.subscriptions.size).toBe(8)
})

test('Kasts asks on until it is told nothing more, and comes to an end', async () => {
  const [desk, laptop] = await pair()
  for (let n = 0; n < 40; n++) desk.act(play(n, 60, '10:00'))
  await desk.sync()
  expect(await laptop.downloadActions()).toHaveLength(40)
  expect(await laptop.downloadActions()).toEqual([])
})

test('an episode whose length Kasts does not know is not played because it was listened to for more than a second', async () => {
  const [desk, laptop] = await pair()
  desk.act(play(1, 500, '10:00', 1))
  desk.act(play(2, 1, '10:00', 1))
  await desk.sync()
  await laptop.sync()
  expect(laptop.places.get(url(1))).toEqual({ position: 500, played: false })
  expect(laptop.places.get(url(2))).toEqual({ position: 86_400, played: true })
  expect((await plays(desk)).toSorted()).toEqual([
    [0, true],
    [500, false],
  ])
})

test('“played” from Kasts, which starts and ends at the end, arrives and stays while nobody listens again', async () => {
  const [desk, laptop] = await pair()
  desk.act(play(1, 1800, '10:00'))
  await desk.sync()
  laptop.act(play(1, 300, '09:00'))
  await laptop.sync()
  expect(laptop.places.get(url(1))).toEqual({ position: 1800, played: true })
  // Kasts sets played episodes back to their start, and says so.
  laptop.act(play(1, 0, '11:00'))
  await laptop.sync()
  await desk.sync()
  expect(desk.places.get(url(1))).toEqual({ position: 0, played: false })
})

test('Kasts reads times as they are written: no fractions, no zone', async () => {
  const [desk, laptop] = await pair()
  desk.act({ ...play(1, 60, '10:00'), timestamp: '2026-01-01T10:00:00.250+02:00' })
  await desk.sync()
  const [told] = await laptop.downloadActions()
  expect(told).toMatchObject({ timestamp: '2026-01-01T08:00:00', guid: 'guid-1', device: 'desk' })
})
