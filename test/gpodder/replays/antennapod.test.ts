import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../support/instance.ts'
import { type Action, App, antennaPod, startApp } from './app.ts'

const feed = 'https://feeds.example/a.xml'
const url = (n: number) => `https://media.example/${n}.mp3`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const at = (clock: string) => `2026-01-01T${clock}:00`
const did = (action: string, n: number, timestamp: string): Action => ({
  podcast: feed,
  episode: url(n),
  guid: `guid-${n}`,
  action,
  timestamp,
})
const play = (n: number, started: number, position: number, timestamp: string, total = 1800): Action => ({
  ...did('play', n, timestamp),
  started,
  position,
  total,
})
/** Marked as played by hand, which is how AntennaPod tells all that was played at its first sync. */
const played = (n: number, timestamp: string) => play(n, 1800, 1800, timestamp)

async function pair(): Promise<[App, App]> {
  const phone = await startApp(server, antennaPod, 'phone')
  return [phone, await startApp(server, antennaPod, 'tablet', phone)]
}
const events = async ({ client }: App) => (await server.instance.journal.head(client.user.id)).lastNumber
/** What the REST API tells of the listener's plays. */
async function plays({ client }: App) {
  const rest = await server.allow(client.user)
  const { body } = await rest.call('GET', '/play')
  return body.play_statuses.map(({ position, played: is }: { position: number; played: boolean }) => [position, is])
}

test('AntennaPod sends its password once, with an odd content type, and its cookie from then on', async () => {
  const phone = await startApp(server, antennaPod, 'phone')
  expect(phone.client.cookie()).toMatch(/^sessionid=/)
  phone.subscribe(feed)
  phone.act(play(1, 0, 60, at('10:00')))
  await phone.sync()
  expect((await phone.ask('GET', `/subscriptions/${phone.client.u}.json`)).body).toEqual([feed])
  expect(await plays(phone)).toEqual([[60, false]])
})

test('a first sync brings all that AntennaPod has, in batches of thirty, and “played” arrives at the next device', async () => {
  const [phone, tablet] = await pair()
  phone.subscribe(feed)
  for (let n = 0; n < 95; n++) phone.act(played(n, at('10:00')))
  await phone.sync()
  await tablet.sync()
  expect([...tablet.subscriptions]).toEqual([feed])
  expect(tablet.places.size).toBe(95)
  expect([...tablet.places.values()].every((place) => place.played)).toBe(true)
})

test('batches sent again, whole or in other cuts, after an answer was lost, are heard once', async () => {
  const [phone, tablet] = await pair()
  for (let n = 0; n < 70; n++) phone.act(n % 2 ? play(n, 0, n, at('10:00')) : did('download', n, at('10:00')))
  await phone.uploadActions(true)
  const before = await events(phone)
  phone.act(play(100, 0, 5, at('11:00')))
  phone.queue = [...phone.queue.slice(10), ...phone.queue.slice(0, 10)]
  await phone.sync()
  expect(await events(phone)).toBe(before + 1)
  await tablet.sync()
  expect(tablet.heard.size).toBe(71)
})

test('what is downloaded is never cut off: AntennaPod does not ask for a second page', async () => {
  const [phone, tablet] = await pair()
  for (let n = 0; n < 1500; n++) phone.act(play(n, 0, 60, at('10:00')))
  await phone.sync()
  expect(await tablet.downloadActions()).toHaveLength(1500)
})

test('a phone that was offline reaches the others with what it did long before they were last told', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 300, '2025-06-01T08:00:00'))
  tablet.act(play(2, 0, 60, at('10:00')))
  await tablet.sync()
  await tablet.sync()
  await phone.sync()
  await tablet.sync()
  expect(tablet.places.get(url(1))).toEqual({ position: 300, played: false })
  expect(phone.places.get(url(2))).toEqual({ position: 60, played: false })
})

test('no position rewinds by itself: an older place that comes later moves nobody, and its phone learns the newer one', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 300, at('10:00')))
  tablet.act(play(1, 0, 900, at('11:00')))
  await tablet.sync()
  await phone.sync()
  await tablet.sync()
  for (const app of [phone, tablet]) expect(app.places.get(url(1))).toEqual({ position: 900, played: false })
  expect(await plays(phone)).toEqual([[900, false]])
})

test('listening again from an earlier place does rewind, on every device, and “played” ends with it', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 900, at('10:00')))
  phone.act(played(2, at('10:00')))
  await phone.sync()
  await tablet.sync()
  tablet.act(play(1, 900, 120, at('11:00')))
  tablet.act(play(2, 0, 30, at('11:00')))
  await tablet.sync()
  await phone.sync()
  expect(phone.places.get(url(1))).toEqual({ position: 120, played: false })
  expect(phone.places.get(url(2))).toEqual({ position: 30, played: false })
})

test('an un-played mark is told to every device that comes later, and no play of before hides it', async () => {
  const [phone, tablet] = await pair()
  phone.act(played(1, at('10:00')))
  await phone.sync()
  phone.act(did('new', 1, at('11:00')))
  await phone.sync()
  tablet.act(play(1, 0, 600, at('09:00')))
  await tablet.sync()
  expect(tablet.heard.get(`${url(1)} new`)).toBe(at('11:00'))
  const third = await startApp(server, antennaPod, 'third', phone)
  await third.sync()
  expect(third.heard.get(`${url(1)} new`)).toBe(at('11:00'))
  expect(third.places.get(url(1)) ?? { position: 0, played: false }).toEqual({ position: 0, played: false })
})

test('a file that is deleted takes neither the position nor “played” with it', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 700, at('10:00')))
  phone.act(played(2, at('10:00')))
  await phone.sync()
  phone.act(did('delete', 1, at('11:00')))
  phone.act(did('delete', 2, at('11:00')))
  await phone.sync()
  await tablet.sync()
  expect(tablet.places.get(url(1))).toEqual({ position: 700, played: false })
  expect(tablet.places.get(url(2))).toEqual({ position: 1800, played: true })
  expect(tablet.heard.get(`${url(2)} delete`)).toBe(at('11:00'))
})

test('an episode whose guid the podcast has changed is one episode still, by its enclosure', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 300, at('10:00')))
  await phone.sync()
  tablet.act({ ...play(1, 300, 500, at('11:00')), guid: 'another guid' })
  await tablet.sync()
  await phone.sync()
  expect(phone.places).toEqual(new Map([[url(1), { position: 500, played: false }]]))
  expect(await plays(phone)).toEqual([[500, false]])
})

test('names that were percent-encoded once more, or in part, are the names they were made of', async () => {
  const [phone, tablet] = await pair()
  const episode = 'https://media.example/a%20b.mp3?part=1%2C2'
  phone.subscribe(feed)
  phone.act({ ...did('play', 1, at('10:00')), episode, guid: '', started: 0, position: 60, total: 1800 })
  await phone.sync()
  const twice = { episode: episode.replaceAll('%', '%25'), guid: '', started: 60, position: 90, total: 1800 }
  tablet.subscribe('https%3A//feeds.example/a.xml')
  tablet.act({ ...did('play', 1, at('11:00')), podcast: 'https%3A%2F%2Ffeeds.example/a.xml', ...twice })
  await tablet.sync()
  await phone.sync()
  expect([...phone.subscriptions]).toEqual([feed])
  expect(phone.places).toEqual(new Map([[episode, { position: 90, played: false }]]))
})

test('a play without a place, which AntennaPod writes as -1, -1 and -1, moves nothing', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 300, at('10:00')))
  await phone.sync()
  phone.act({ ...play(1, -1, -1, at('11:00')), total: -1 })
  await phone.sync()
  await tablet.sync()
  expect(tablet.places.get(url(1))).toEqual({ position: 300, played: false })
})

test('a phone whose clock is ahead does not hold every later place off', async () => {
  const [phone, tablet] = await pair()
  phone.act(play(1, 0, 300, '2031-01-01T00:00:00'))
  await phone.sync()
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  tablet.act(play(1, 0, 500, new Date().toISOString().slice(0, 19)))
  await tablet.sync()
  await phone.sync()
  expect(phone.places.get(url(1))).toEqual({ position: 500, played: false })
})

test('a new, empty AntennaPod takes what the server has and ends no subscription', async () => {
  const [phone, tablet] = await pair()
  phone.subscribe(feed)
  phone.subscribe('https://feeds.example/b.xml')
  await phone.sync()
  await tablet.sync()
  await phone.sync()
  expect([...tablet.subscriptions].toSorted()).toEqual([feed, 'https://feeds.example/b.xml'])
  expect(phone.subscriptions.size).toBe(2)
  tablet.unsubscribe(feed)
  await tablet.sync()
  await phone.sync()
  expect([...phone.subscriptions]).toEqual(['https://feeds.example/b.xml'])
  // The app installed anew under the same device id begins at nothing and is not told what once went.
  const anew = new App(tablet.client, 'tablet', antennaPod)
  anew.subscribe(feed)
  await anew.sync()
  expect(anew.subscriptions.size).toBe(2)
  await phone.sync()
  expect(phone.subscriptions.size).toBe(2)
})
