import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startClient } from '../gpodder/client.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { antennaPod } from './antennapod.ts'
import { startSyncClient } from './client.ts'
import { kasts } from './kasts.ts'
import { episodeOf, feedOf, household, shelves } from './player.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** A person with players that have the same episodes, and what the server holds of them. */
async function aHouse(count = 5) {
  const user = await server.addUser()
  const clock = household()
  const player = async () => ({
    client: await startSyncClient(server, { user }),
    episodes: shelves(count),
    feeds: new Set<string>(),
    ...clock,
  })
  const rest: App = await server.allow(user)
  return {
    user,
    rest,
    aPod: async (ahead = 0) => antennaPod(await player(), ahead),
    aKasts: async () => kasts(await player()),
    held: async (n: number) => {
      const { body } = await rest.call('GET', '/play?limit=100')
      const item = itemId(`guid ${episodeOf(n)}`, episodeOf(n))
      return body.play_statuses.find((row: { rss_source_item: string }) => row.rss_source_item === item)
    },
    events: async () => (await server.instance.journal.head(user.id)).lastNumber,
  }
}

type Shelf = { readonly episodes: ReadonlyMap<string, unknown> }
const place = ({ episodes }: Shelf, n: number) => episodes.get(episodeOf(n))

describe('AntennaPod with a Nextcloud', () => {
  test('brings its list and what it has played, is told the rest, and loses nothing', async () => {
    const { aPod, events } = await aHouse(100)
    const [phone, tablet] = [await aPod(), await aPod()]
    phone.follow(feedOf(1))
    for (let n = 0; n < 70; n++) phone.listen(episodeOf(n), 0, 1_800)
    for (let n = 70; n < 100; n++) phone.listen(episodeOf(n), 0, 600 + n)
    await phone.sync()
    tablet.feeds.add(feedOf(2))
    await tablet.sync()
    expect([...tablet.feeds].toSorted()).toEqual([feedOf(1), feedOf(2)])
    for (let n = 0; n < 70; n++) expect(place(tablet, n)).toMatchObject({ played: true })
    for (let n = 70; n < 100; n++) expect(place(tablet, n)).toMatchObject({ played: false, position: 600 + n })
    await phone.sync()
    expect([...phone.feeds].toSorted()).toEqual([feedOf(1), feedOf(2)])
    const before = await events()
    for (const one of [phone, tablet, phone]) await one.sync()
    expect(await events()).toBe(before)
  })

  test.each([0, 200, -7_200, 7_200])('and a clock that is %i seconds ahead misses nothing', async (ahead) => {
    const { aPod } = await aHouse()
    const [phone, tablet] = [await aPod(ahead), await aPod()]
    for (const one of [phone, tablet]) await one.sync()
    phone.listen(episodeOf(0), 0, 100)
    await phone.sync()
    tablet.listen(episodeOf(1), 0, 200)
    tablet.follow(feedOf(3))
    await tablet.sync()
    await phone.sync()
    expect(place(phone, 1)).toMatchObject({ position: 200 })
    expect([...phone.feeds]).toEqual([feedOf(3)])
    expect(place(phone, 0)).toMatchObject({ position: 100 })
  })

  test('is told what another wrote between its question and its upload', async () => {
    const { aPod } = await aHouse()
    const [phone, tablet] = [await aPod(), await aPod()]
    await tablet.sync()
    await phone.sync()
    for (const [n, one] of [phone, tablet].entries()) {
      one.listen(episodeOf(n), 0, 100 + n)
      one.follow(feedOf(n))
    }
    const { client } = phone
    const { follow, upload } = client
    let tabletIsDone: Promise<void> | null = null
    const first = async () => {
      tabletIsDone ??= tablet.sync()
      await tabletIsDone
    }
    client.follow = (...some) => first().then(() => follow(...some))
    client.upload = (...some) => first().then(() => upload(...some))
    await phone.sync()
    for (const one of [phone, tablet, phone]) await one.sync()
    for (const one of [phone, tablet]) {
      expect([...one.feeds].toSorted()).toEqual([feedOf(0), feedOf(1)])
      expect(place(one, 0)).toMatchObject({ position: 100 })
      expect(place(one, 1)).toMatchObject({ position: 101 })
    }
  })

  test('listens again, un-plays, and deletes the file, and no place goes back by itself', async () => {
    const { aPod, held } = await aHouse()
    const [phone, tablet] = [await aPod(), await aPod()]
    phone.listen(episodeOf(0), 0, 1_800)
    await phone.sync()
    await tablet.sync()
    expect(place(tablet, 0)).toMatchObject({ played: true })
    tablet.listen(episodeOf(0), 0, 300)
    await tablet.sync()
    await phone.sync()
    expect(await held(0)).toMatchObject({ position: 300, played: false })
    expect(place(phone, 0)).toMatchObject({ position: 300 })
    for (const action of ['delete', 'download', 'new']) phone.do(episodeOf(0), action)
    await phone.sync()
    await tablet.sync()
    expect(await held(0)).toMatchObject({ position: 300, played: false })
    expect(place(tablet, 0)).toMatchObject({ position: 300 })
  })

  test('goes on listening while it syncs, and is not put back to what it said before', async () => {
    const { aPod } = await aHouse()
    const phone = await aPod()
    await phone.sync()
    phone.listen(episodeOf(0), 0, 100)
    await phone.sync()
    const playing = phone.episodes.get(episodeOf(0))
    if (playing) playing.position = 400
    for (let n = 0; n < 3; n++) await phone.sync()
    expect(place(phone, 0)).toMatchObject({ position: 400 })
  })

  test('sends a batch again whose answer it never got, and nothing doubles', async () => {
    const { aPod, events, held } = await aHouse(40)
    const phone = await aPod()
    await phone.sync()
    for (let n = 0; n < 40; n++) phone.listen(episodeOf(n), 0, 100 + n)
    const queue = phone.queued()
    await phone.sync()
    const before = await events()
    await phone.client.upload(...queue.slice(0, 30))
    await phone.client.upload(...queue.slice(20, 40))
    expect(await events()).toBe(before)
    expect(await held(39)).toMatchObject({ position: 139 })
  })

  test('gets the place of an app that never says how long an episode is, and its “played”', async () => {
    const { aPod, rest } = await aHouse()
    const phone = await aPod()
    await phone.sync()
    phone.episodes.set(episodeOf(0), { position: 50, played: false, length: 1_800 })
    const say = (n: number, body: object) =>
      rest.call('POST', '/play', {
        rss_source_feed: feedId(feedOf(1)),
        rss_source_item: itemId(`guid ${episodeOf(n)}`, episodeOf(n)),
        ...body,
      })
    await say(0, { position: 700, played: false })
    await say(1, { position: 0, played: true })
    await phone.sync()
    expect(place(phone, 0)).toMatchObject({ position: 700, played: false })
    expect(place(phone, 1)).toMatchObject({ played: true })
  })

  test('that is new and empty, or leaves what it never had, ends nobody’s subscriptions', async () => {
    const { aPod } = await aHouse()
    const phone = await aPod()
    for (const n of [1, 2, 3]) phone.follow(feedOf(n))
    await phone.sync()
    phone.leave(feedOf(3))
    await phone.sync()
    const fresh = await aPod()
    fresh.leave(feedOf(7))
    await fresh.sync()
    expect([...fresh.feeds].toSorted()).toEqual([feedOf(1), feedOf(2)])
    await phone.sync()
    expect([...phone.feeds].toSorted()).toEqual([feedOf(1), feedOf(2)])
  })
})

describe('Kasts with a Nextcloud', () => {
  test('and AntennaPod follow each other, with T+1 and without asking on and on', async () => {
    const { aPod, aKasts, held } = await aHouse()
    const [phone, desktop] = [await aPod(), await aKasts()]
    phone.follow(feedOf(1))
    phone.listen(episodeOf(0), 0, 500)
    phone.listen(episodeOf(1), 0, 1_800)
    await phone.sync()
    desktop.follow(feedOf(2))
    await desktop.sync()
    expect(place(desktop, 0)).toMatchObject({ position: 500, played: false })
    expect(place(desktop, 1)).toMatchObject({ played: true })
    desktop.listen(episodeOf(0), 500, 900)
    await desktop.sync()
    await phone.sync()
    expect(place(phone, 0)).toMatchObject({ position: 900 })
    expect([...phone.feeds].toSorted()).toEqual([feedOf(1), feedOf(2)])
    phone.listen(episodeOf(0), 0, 60)
    phone.leave(feedOf(2))
    await phone.sync()
    await desktop.sync()
    expect(await held(0)).toMatchObject({ position: 60, played: false })
    expect(place(desktop, 0)).toMatchObject({ position: 60 })
    expect([...desktop.feeds]).toEqual([feedOf(1)])
    for (let n = 0; n < 3; n++) await desktop.sync()
    expect(place(desktop, 0)).toMatchObject({ position: 60 })
  })

  test('in an episode whose length it does not know does not mark it as played', async () => {
    const { aPod, aKasts, held } = await aHouse()
    const [phone, desktop] = [await aPod(), await aKasts()]
    await desktop.sync()
    desktop.listen(episodeOf(0), 0, 700, 1)
    await desktop.sync()
    await phone.sync()
    expect(await held(0)).toMatchObject({ position: 700, played: false })
    expect(place(phone, 0)).toMatchObject({ position: 700, played: false })
  })

  test('is not put back while it plays what it said itself', async () => {
    const { aKasts } = await aHouse()
    const desktop = await aKasts()
    desktop.listen(episodeOf(0), 0, 100)
    await desktop.sync()
    const playing = desktop.episodes.get(episodeOf(0))
    if (playing) playing.position = 400
    for (let n = 0; n < 3; n++) await desktop.sync()
    expect(place(desktop, 0)).toMatchObject({ position: 400 })
  })
})

test('an offline phone that comes back through the gPodder door reaches both, and takes nothing back', async () => {
  const { aPod, aKasts, user, held } = await aHouse()
  const [phone, desktop] = [await aPod(), await aKasts()]
  phone.listen(episodeOf(0), 0, 500)
  for (const one of [phone, desktop]) await one.sync()
  const old = await startClient(server, { user } as Awaited<ReturnType<typeof startClient>>)
  const said = (n: number, position: number) => ({
    ...{ podcast: feedOf(1), episode: episodeOf(n), guid: `guid ${episodeOf(n)}`, device: 'old', action: 'play' },
    ...{ timestamp: '2020-01-01T10:00:00', started: 0, position, total: 1_800 },
  })
  await old.basic('POST', `/api/2/episodes/${old.u}.json`, [said(0, 100), said(1, 250), said(2, 1_800)])
  for (const one of [phone, desktop]) {
    await one.sync()
    expect(place(one, 0)).toMatchObject({ position: 500 })
    expect(place(one, 1)).toMatchObject({ position: 250 })
    expect(place(one, 2)).toMatchObject({ played: true })
  }
  expect(await held(0)).toMatchObject({ position: 500 })
})
