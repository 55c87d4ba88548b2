import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type ClientParts, differences, type Shelf } from '../../clients/typescript/src/index.ts'
import { createNetwork } from '../../examples/client/network.ts'
import { startServer, type TestServer } from '../support/instance.ts'
import { openDisk } from './disks.ts'
import { clientParts, episode, feed, gadget } from './gadgets.ts'

let server: TestServer
let app: Pick<ClientParts, 'app' | 'grant'>

beforeAll(async () => {
  server = await startServer()
})
beforeEach(async () => {
  app = await clientParts(server.url, await server.allow(await server.addUser()))
})
afterAll(() => server.close())

/** A device that was never there before, synced in full. */
async function fresh() {
  const one = await gadget(app)
  await one.sync()
  return one
}

test('a device whose token is of another life of the server syncs in full, and loses nothing it had not sent', async () => {
  const phone = await gadget(app)
  await phone.subscribe(feed(1))
  await phone.listen(episode(1), 60)
  await phone.sync()
  await phone.listen(episode(2), 120)
  phone.network.weather = 'losing answers'
  await expect(phone.sync()).rejects.toThrow('the answer was lost')
  await phone.save(episode(4))

  const key = [...phone.disk.keys()].find((name) => name.endsWith('.shelf')) as string
  const { base } = JSON.parse(phone.disk.get(key) as string)
  const token = Buffer.from('s1.00000000-0000-4000-8000-000000000000.7').toString('base64url')
  const gone = { x: { saved: true, updated_at: '2026-01-01T00:00:00.000Z' } }
  const disk = new Map(phone.disk).set(key, JSON.stringify({ base: { ...base, saves: gone }, token }))
  const edits = [...disk.keys()].find((name) => name.endsWith('.edits')) as string
  disk.set(edits, (disk.get(edits) as string).replaceAll(/"under":("[^"]*"|null)/g, `"under":"${token}"`))

  const restored = await gadget(app, { disk })
  expect(restored.waiting).toBe(2)
  await restored.listen(episode(3), 30)
  await restored.sync()
  expect(Object.keys(restored.shelf.saves)).toEqual([episode(4)])
  expect(restored.shelf.plays[episode(2)]?.position).toBe(120)
  expect(restored.shelf.plays[episode(3)]?.position).toBe(30)
  expect(restored.waiting).toBe(0)
  expect(differences((await fresh()).shelf, restored.shelf)).toEqual([])
})

test('a device whose clock is wrong by a day still gets tokens that hold', async () => {
  for (const wrong of [86_400_000, -86_400_000]) {
    const tablet = await gadget(app, { clock: () => Date.now() + wrong })
    await tablet.listen(episode(3), 10)
    await expect(tablet.sync()).resolves.toMatchObject({ rejected: [] })
  }
})

test('an edit made before an answer came is sent as one that had not seen it', async () => {
  const phone = await fresh()
  const tablet = await fresh()
  await phone.listen(episode(4), 100)
  phone.network.weather = 'losing answers'
  await expect(phone.sync()).rejects.toThrow('the answer was lost')
  await tablet.listen(episode(5), 900, { played: true })
  await tablet.sync()
  await phone.listen(episode(5), 30)
  phone.network.weather = 'online'
  const { conflicts } = await phone.sync()
  expect(conflicts).toMatchObject([{ type: 'plays', resolution: 'remote', reason: 'played' }])
  expect(phone.shelf.plays[episode(5)]).toMatchObject({ position: 900, played: true })
})

test('an edit that joins one which waits was not made in the light of an answer that came between', async () => {
  const network = createNetwork()
  let requests = 0
  const spoilt: typeof fetch = async (input, init) => {
    requests++
    if (requests === 2) await phone.listen(episode(1), 10)
    if (requests === 3) throw new Error('there is no network')
    return network.fetch(input, init)
  }
  const phone = await gadget(app, { fetch: spoilt })
  await phone.sync()
  const tablet = await fresh()
  await tablet.listen(episode(1), 900, { played: true })
  await tablet.sync()
  // The person moves while the answer comes, and again when it is there: they saw their own position all the time.
  await expect(phone.sync()).rejects.toMatchObject({ code: 'NETWORK_ERROR' })
  await phone.listen(episode(1), 20)
  await phone.sync()
  expect(phone.shelf.plays[episode(1)]).toMatchObject({ position: 900, played: true })
})

test('two devices that were offline for a week of edits end equal, and so does a new one', async () => {
  let ahead = 0
  const clock = () => Date.now() - 8 * 86_400_000 + ahead
  const [phone, tablet] = [await gadget(app, { clock }), await gadget(app, { clock })]
  await phone.sync()
  await tablet.sync()
  phone.network.weather = tablet.network.weather = 'offline'
  for (let hour = 0; hour < 7 * 24; hour++) {
    ahead += 3_600_000
    const [one, other] = hour % 2 === 0 ? [phone, tablet] : [tablet, phone]
    await one.listen(episode(hour % 40), hour * 7, { played: hour % 9 === 0, startOver: hour % 31 === 0 })
    await other.listen(episode((hour * 3) % 40), hour * 5)
    await one.arrangeQueue([episode(hour % 7), episode(hour % 5), episode(hour % 11)])
    if (hour % 4 === 0) await one.subscribe(feed(hour % 3))
    if (hour % 5 === 0) await other.unsubscribe(feed(hour % 3))
    if (hour % 6 === 0) await other.save(episode(hour % 13), hour % 12 === 0)
    if (hour % 24 === 0) await one.createPlaylist({ name: `Day ${hour / 24}`, items: [episode(hour % 7)] })
    if (hour % 30 === 0) await one.createCollection({ title: `From hour ${hour}` })
    if (hour % 40 === 0) await one.choosePrivacy('anonymous', { feed: feed(hour % 3) })
    if (hour % 20 === 0) await expect(one.sync()).rejects.toMatchObject({ code: 'NETWORK_ERROR', isPassing: true })
  }
  phone.network.weather = tablet.network.weather = 'online'
  await phone.sync()
  await tablet.sync()
  await phone.sync()
  expect(differences(phone.shelf, tablet.shelf)).toEqual([])
  expect(differences((await fresh()).shelf, phone.shelf)).toEqual([])
  expect(Object.keys(phone.shelf.playlists)).toHaveLength(8)
  expect(phone.shelf.plays[episode(0)]?.position).toBeGreaterThan(0)
})

test('a direct command rewinds whatever another device said, and no older answer overwrites it', async () => {
  const phone = await fresh()
  const tablet = await fresh()
  await tablet.listen(episode(1), 900, { played: true })
  await tablet.sync()
  // The answer that tells of the tablet is under way while the person rewinds.
  const syncing = phone.sync()
  const rewinding = phone.direct.listen(episode(1), 30, { played: false })
  await Promise.all([syncing, rewinding])
  expect(phone.shelf.plays[episode(1)]).toMatchObject({ position: 30, played: false })
  await tablet.listen(episode(1), 60)
  await tablet.sync()
  expect(tablet.shelf.plays[episode(1)]).toMatchObject({ position: 60 })

  // The answer is lost, and would be repeated as it was.
  phone.network.weather = 'losing answers'
  await phone.listen(episode(2), 5)
  await expect(phone.sync()).rejects.toThrow('the answer was lost')
  phone.network.weather = 'online'
  await phone.direct.listen(episode(1), 10)
  await phone.sync()
  expect(phone.shelf.plays[episode(1)]).toMatchObject({ position: 10, played: false })
  await tablet.sync()
  expect(tablet.shelf.plays[episode(1)]).toMatchObject({ position: 10, played: false })
})

test('every edit can be given directly, and another device sees it', async () => {
  const phone = await fresh()
  const { direct } = phone
  await direct.subscribe(feed(1))
  await phone.sync()
  await direct.save(episode(1))
  await direct.listen(episode(2), 12, { duration: 100 })
  await direct.choosePrivacy('anonymous', { episode: episode(2) })
  await direct.arrangeQueue([episode(3), episode(1)])
  const list = await direct.createPlaylist({ name: 'Mine', items: [episode(1)] })
  await direct.editPlaylist(list, { name: 'Ours', items: [episode(2), episode(1)] })
  await direct.deletePlaylist(await direct.createPlaylist({ name: 'Not for long' }))
  const collection = await direct.createCollection({ title: 'News', feeds: [feed(1)] })
  await direct.editCollection(collection, { color: '#112233' })
  await direct.deleteCollection(await direct.createCollection({ title: 'Not for long' }))
  await direct.save(episode(1), false)
  await direct.save(episode(3))
  expect(phone.waiting).toBe(0)
  await phone.sync()
  const other = await fresh()
  // A direct command leaves the time to the server.
  const withoutTimes = ({ shelf: shown }: typeof other): Shelf =>
    JSON.parse(JSON.stringify(shown), (name, value) => (name === 'updated_at' || name === 'at' ? undefined : value))
  expect(differences(withoutTimes(phone), withoutTimes(other))).toEqual([])
  expect(other.shelf.playlists[list]).toMatchObject({ name: 'Ours', items: [episode(2), episode(1)] })
  expect(other.shelf.collections[collection]).toMatchObject({ title: 'News', color: '#112233', feeds: [feed(1)] })
  expect(other.shelf.playlists.queue?.items).toEqual([episode(3), episode(1)])
  expect(other.shelf.saves[episode(3)]?.saved).toBe(true)
})

test('a direct command that the server refuses is taken back, one without a network waits', async () => {
  const phone = await fresh()
  const id = await phone.direct.createCollection({ title: 'News' })
  await expect(phone.direct.editCollection(id, { feeds: [feed(9)] })).rejects.toMatchObject({
    status: 422,
    code: 'feed_not_subscribed',
    details: [{ path: 'feeds.0' }],
  })
  expect(phone.shelf.collections[id]?.feeds).toEqual([])
  expect(phone.waiting).toBe(0)
  phone.network.weather = 'offline'
  await phone.direct.save(episode(1))
  expect(phone.shelf.saves[episode(1)]?.saved).toBe(true)
  expect(phone.waiting).toBe(1)
  phone.network.weather = 'online'
  await phone.sync()
  expect((await fresh()).shelf.saves[episode(1)]?.saved).toBe(true)
})

test('an edit that the server does not take is reported, and the shelf shows what the server has', async () => {
  const phone = await fresh()
  const id = await phone.createCollection({ title: 'News', color: '#aabbcc' })
  await phone.sync()
  await phone.editCollection(id, { color: 'reddish' })
  await phone.save(episode(1))
  expect(phone.shelf.collections[id]?.color).toBe('reddish')
  const { rejected } = await phone.sync()
  expect(rejected).toEqual([{ list: 'collections', key: id, reason: expect.stringContaining('color') }])
  expect(phone.shelf.collections[id]?.color).toBe('#aabbcc')
  expect((await fresh()).shelf.saves[episode(1)]?.saved).toBe(true)
})

test('syncs asked for at once are one sync, and what is done meanwhile goes with it', async () => {
  const network = createNetwork()
  let requests = 0
  const counting: typeof fetch = async (input, init) => {
    if (requests++ === 0) await phone.save(episode(1))
    return network.fetch(input, init)
  }
  const phone = await gadget(app, { fetch: counting })
  const syncs = [phone.sync(), phone.sync()]
  expect(await Promise.all([...syncs, phone.sync()])).toHaveLength(3)
  expect(requests).toBe(2)
  expect(phone.waiting).toBe(0)
  expect((await fresh()).shelf.saves[episode(1)]?.saved).toBe(true)
})

test('whatever write of an answer a crash prevents, the device goes on from its disk', async () => {
  for (let allowed = 0; allowed < 5; allowed++) {
    const storage = openDisk()
    const phone = await gadget(app, { storage })
    await phone.sync()
    await phone.listen(episode(allowed), 77 + allowed)
    await phone.createPlaylist({ name: `With ${allowed} writes`, items: [episode(1)] })
    storage.cut(allowed)
    await phone.sync().catch((error: Error) => expect(error.message).toBe('the power is gone'))
    const again = await gadget(app, { disk: storage.kept })
    expect(again.id).toBe(phone.id)
    expect(again.shelf.plays[episode(allowed)]?.position).toBe(77 + allowed)
    const { conflicts } = await again.sync()
    expect(conflicts).toEqual([])
    expect(differences((await fresh()).shelf, again.shelf)).toEqual([])
  }
})

test('differences tell what each side has', () => {
  const play = { position: 1, played: false, duration: null, updated_at: 'now' }
  const empty = { subscriptions: {}, plays: {}, saves: {}, playlists: {}, collections: {}, privacy: {} }
  expect(differences({ ...empty, plays: { a: play } }, { ...empty, plays: { a: { ...play, position: 2 } } })).toEqual([
    'plays a',
    '  - {"duration":null,"played":false,"position":1,"updated_at":"now"}',
    '  + {"duration":null,"played":false,"position":2,"updated_at":"now"}',
  ])
  const ended = { ...empty, subscriptions: { a: { subscribed: false, at: 'now' } } }
  expect(differences(empty, ended)).toEqual([])
})
