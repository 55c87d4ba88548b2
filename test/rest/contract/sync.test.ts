import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, feedId, itemId, startServer, type TestServer } from '../../support/instance.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const feed = feedId('https://feeds.example/a.xml')
const item = itemId('guid-1', 'https://media.example/1.mp3')
const episode = { rss_source_feed: feed, rss_source_item: item }
const day = 86_400_000
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

const listener = async () => server.allow(await server.addUser())
const play = (position: number, updated_at: string, played = false) => ({ ...episode, position, played, updated_at })

async function sync(device: App, last_sync: string | null, changes: object = {}) {
  const { status, body } = await device.call('POST', '/sync', { last_sync, changes })
  expect(status).toBe(200)
  return body
}

test('a play recorded on one device reaches another', async () => {
  const app = await listener()
  const phone = app.on('phone')
  const first = await sync(phone, null)
  const sent = await sync(phone, first.sync_token, { plays: [play(12, ago(0))] })
  expect(sent.changes.plays).toEqual([])
  const heard = await sync(app.on('tablet'), null)
  expect(heard.changes.plays).toMatchObject([{ rss_source_item: item, position: 12, played: false }])
})

describe('two request shapes are in use; answer in the shape that was asked', () => {
  test('A: {last_sync?, changes:{…}} → {sync_token, changes:{…}, conflicts}; `play_statuses` for `plays` there too', async () => {
    const app = await listener()
    const { status, body } = await app.call('POST', '/sync', { changes: { play_statuses: [play(1, ago(0))] } })
    expect(status).toBe(200)
    expect(Object.keys(body).toSorted()).toEqual(['changes', 'conflicts', 'rejected', 'sync_token'])
    const lanes = ['collections', 'playlists', 'plays', 'privacy', 'saves', 'subscriptions']
    expect(Object.keys(body.changes).toSorted()).toEqual(lanes)
    expect(body.changes.plays).toHaveLength(1)
  })

  test('B: the same arrays at top level → {status:"success", sync_token, data:{subscriptions, play_statuses, …}, conflicts}', async () => {
    const app = await listener()
    const { status, body } = await app.call('POST', '/sync', { subscriptions: [], play_statuses: [play(1, ago(0))] })
    expect(status).toBe(200)
    expect(Object.keys(body).toSorted()).toEqual(['conflicts', 'data', 'rejected', 'status', 'sync_token'])
    expect(body.status).toBe('success')
    const lanes = ['collections', 'play_statuses', 'playlists', 'privacy', 'saves', 'subscriptions']
    expect(Object.keys(body.data).toSorted()).toEqual(lanes)
    expect(body.data.play_statuses).toHaveLength(1)
  })
})

test('a first sync includes live tombstones', async () => {
  const app = await listener()
  const phone = app.on('phone')
  await sync(phone, null, { subscriptions: [{ rss_source_feed: feed, subscribed_at: ago(9000) }] })
  await sync(phone, null, { subscriptions: [{ rss_source_feed: feed, unsubscribed_at: ago(5000) }] })
  const [told] = (await sync(app.on('old'), null)).changes.subscriptions
  expect(told.unsubscribed_at > told.subscribed_at).toBe(true)
})

test('device clocks that are ahead are clamped once, at the door', async () => {
  const app = await listener()
  const [phone, tablet] = [app.on('phone'), app.on('tablet')]
  const ahead = new Date(Date.now() + day).toISOString()
  const first = await sync(phone, null, { plays: [play(600, ahead)] })
  // Its own words did not stand as it sent them: it is told the time they stand under.
  expect(first.changes.plays[0].updated_at < ahead).toBe(true)
  const { sync_token } = await sync(tablet, null)
  await sync(tablet, sync_token, { plays: [play(20, ago(0))] })
  const told = await sync(phone, first.sync_token)
  expect(told.changes.plays).toMatchObject([{ position: 20 }])
})

test('one bad entry is reported in rejected:[{index,reason}] and does not sink the rest', async () => {
  const app = await listener()
  const body = await sync(app.on('phone'), null, {
    plays: [play(-1, ago(0)), play(5, ago(0)), { nonsense: true }, 7],
    subscriptions: [{ rss_source_feed: 'not base64!', subscribed_at: ago(0) }],
    privacy: [{ item, privacy: 'public', updated_at: ago(0) }],
  })
  const rejected = body.rejected.map(({ type, index }: { type: string; index: number }) => `${type} ${index}`)
  expect(rejected.toSorted()).toEqual(['plays 0', 'plays 2', 'plays 3', 'privacy 0', 'subscriptions 0'])
  for (const { reason } of body.rejected) expect(reason).not.toBe('')
  expect((await app.call('GET', '/play')).body.play_statuses).toMatchObject([{ position: 5 }])
})

test('the queue can not be deleted by a sync, nor the default collection', async () => {
  const app = await listener()
  const phone = app.on('phone')
  const gone = { updated_at: ago(0), deleted_at: ago(0) }
  await app.call('PUT', '/queue', { items: [episode] })
  const { changes } = await sync(phone, null, {
    subscriptions: [{ rss_source_feed: feed, subscribed_at: ago(1000) }],
  })
  const home = changes.collections.find((list: { is_default: boolean }) => list.is_default)
  const body = await sync(phone, null, {
    playlists: [{ kind: 'queue', ...gone }],
    collections: [{ id: home.id, ...gone }],
  })
  expect(body.rejected).toMatchObject([{ type: 'playlists' }, { type: 'collections' }])
  expect((await app.call('GET', '/queue')).body.items).toHaveLength(1)
})

describe('last_sync', () => {
  const token = (epoch: string, number: number) => Buffer.from(`s1.${epoch}.${number}`).toString('base64url')

  test.each(['gibberish', 'bm90IGEgdG9rZW4', '2026-13-45', '12345'])(
    '%s is refused as what it is',
    async (last_sync) => {
      const app = await listener()
      const { status, body } = await app.call('POST', '/sync', { last_sync, changes: {} })
      expect(status).toBe(400)
      expect(body).toMatchObject({ error_code: 'VALIDATION_ERROR', details: [{ path: 'last_sync' }] })
    },
  )

  test('of another epoch, or from the journal’s future, gets 410 `sync_token_expired`', async () => {
    const app = await listener()
    const epoch = await server.instance.journal.epoch()
    for (const last_sync of [token(randomUUID(), 0), token(epoch, 1)]) {
      const { status, body } = await app.call('POST', '/sync', { last_sync, changes: { plays: [play(1, ago(0))] } })
      expect(status).toBe(410)
      expect(body.error_code).toBe('sync_token_expired')
    }
    expect((await app.call('GET', '/play')).body.play_statuses).toEqual([])
  })

  test('also accepts an ISO time (older apps): what came since is told, and the last minutes once more', async () => {
    const app = await listener()
    await sync(app.on('phone'), null, { plays: [play(5, ago(day))] })
    const body = await sync(app, new Date().toISOString())
    expect(body.changes.plays).toMatchObject([{ position: 5 }])
    const later = await sync(app, new Date(Date.now() + day).toISOString())
    expect(later.changes.plays).toEqual([])
  })

  test('of another listener tells nothing of theirs', async () => {
    const [alice, bob] = [await listener(), await listener()]
    const { sync_token } = await sync(alice.on('phone'), null, { plays: [play(5, ago(day))] })
    const { status, body } = await bob.call('POST', '/sync', { last_sync: sync_token, changes: {} })
    if (status === 200) expect(body.changes.plays).toEqual([])
    else expect(status).toBe(410)
  })
})

test('a body of more entries than can be answered is refused whole, and one of bad entries answered shortly', async () => {
  const app = await server.allow(await server.addUser())
  const bad = (count: number) => Array.from({ length: count }, () => ({}))
  const over = await app.call('POST', '/sync', { changes: { plays: bad(30_000), saves: bad(20_001) } })
  expect(over.status).toBe(400)
  expect(over.body.details[0].message).toContain('50001 entries')
  const { status, body } = await app.call('POST', '/sync', { changes: { plays: bad(3_000), saves: bad(3_000) } })
  expect(status).toBe(200)
  expect(body.rejected).toHaveLength(6_000)
  expect(JSON.stringify(body).length).toBeLessThan(6_000 * 400)
})
