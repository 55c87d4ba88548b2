import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { feedId, startServer } from '../../support/instance.ts'
import { ago, device, episode, feed, item, play, told, twoDevices } from './a-device.ts'

const server = await startServer()
afterAll(() => server.close())

const listener = async () => server.allow(await server.addUser())
const other = feedId('https://feeds.example/other.xml')

/** One of each entry, with all that the contract names. */
const entries = (id: string) => ({
  subscriptions: [
    { rss_source_feed: feed, rss_source_id: 'label', subscribed_at: ago(60), unsubscribed_at: null, new_field: 1 },
  ],
  plays: [{ ...play(12, 50, { duration: 3600, reset: false }), new_field: { deep: [1] } }],
  playlists: [
    {
      id,
      name: 'Road',
      description: 'Long',
      is_public: true,
      updated_at: ago(40),
      deleted_at: null,
      items: [{ ...episode, new_field: 1 }],
      new_field: 1,
    },
    { kind: 'queue', updated_at: ago(40), items: [episode] },
  ],
  collections: [
    {
      id,
      title: 'News',
      description: 'Daily',
      color: '#a1b2c3',
      is_public: true,
      updated_at: ago(30),
      deleted_at: null,
      feeds: [feed],
      new_field: 1,
    },
  ],
  privacy: [
    { privacy: 'public', updated_at: ago(20), new_field: 1 },
    { feed, item, privacy: 'private', updated_at: ago(20) },
  ],
  saves: [{ ...episode, saved: true, updated_at: ago(10), new_field: 1 }],
})

/** What becomes of them when all is taken back. */
const takenBack = (id: string) => ({
  subscriptions: [{ rss_source_feed: feed, unsubscribed_at: ago(5) }],
  playlists: [{ id, updated_at: ago(5), deleted_at: ago(5) }],
  collections: [{ id, updated_at: ago(5), deleted_at: ago(5) }],
  saves: [{ ...episode, saved: false, updated_at: ago(5) }],
})

describe('entries', () => {
  test.each(['A', 'B'])('of every kind, in shape %s, are stored; unknown extra fields are ignored', async (shape) => {
    const app = await listener()
    const id = randomUUID()
    const sent = entries(id)
    const { body } = await app.call('POST', '/sync', shape === 'A' ? { changes: sent } : sent)
    expect(body.rejected).toEqual([])
    const { changes } = (await app.call('POST', '/sync', { changes: {} })).body
    expect(changes.subscriptions).toMatchObject([
      { rss_source_feed: feed, rss_source_id: 'label', subscribed_at: sent.subscriptions[0]?.subscribed_at },
    ])
    expect(changes.plays).toMatchObject([{ ...episode, position: 12, played: false, duration: 3600 }])
    const road = changes.playlists.find((list: { id: string }) => list.id === id)
    expect(road).toMatchObject({
      name: 'Road',
      description: 'Long',
      is_public: true,
      deleted_at: null,
      items: [episode],
    })
    expect(changes.playlists.find((list: { kind: string }) => list.kind === 'queue').items).toMatchObject([episode])
    expect(changes.collections.find((list: { id: string }) => list.id === id)).toMatchObject({
      title: 'News',
      description: 'Daily',
      color: '#a1b2c3',
      is_public: true,
      feeds: [{ rss_source_feed: feed }],
    })
    expect(changes.privacy).toMatchObject([
      { feed: null, item: null, privacy: 'public' },
      { feed, item, privacy: 'private' },
    ])
    expect(changes.saves).toMatchObject([{ ...episode, saved: true }])
    expect(JSON.stringify(changes)).not.toContain('new_field')
  })
})

describe('a device that sends its sync_token back', () => {
  test('gets exactly what changed since, tombstones included', async () => {
    const { phone, tablet } = await twoDevices(server)
    const id = randomUUID()
    await phone.sync(entries(id))
    const lanes = ['collections', 'playlists', 'plays', 'privacy', 'saves', 'subscriptions']
    expect(told((await tablet.sync()).changes).toSorted()).toEqual(lanes)
    expect(told((await tablet.sync()).changes)).toEqual([])
    await phone.sync(takenBack(id))
    const { changes } = await tablet.sync()
    expect(told(changes).toSorted()).toEqual(['collections', 'playlists', 'saves', 'subscriptions'])
    expect(changes.subscriptions[0].unsubscribed_at > changes.subscriptions[0].subscribed_at).toBe(true)
    expect(changes.playlists).toMatchObject([{ id, deleted_at: expect.any(String) }])
    const shelf = changes.collections.find((list: { id: string }) => list.id === id)
    expect(shelf.deleted_at).not.toBeNull()
    expect(changes.saves).toMatchObject([{ saved: false }])
  })

  test('gets the outcome of every entry it sent that ended otherwise than it sent it', async () => {
    const { phone, tablet } = await twoDevices(server)
    await phone.sync({ plays: [play(600, 90)] })
    const { changes } = await tablet.sync({ plays: [play(20, 10)] })
    expect(changes.plays).toMatchObject([{ ...episode, position: 600 }])
  })

  test('does not get its own echoes when it names its device_id', async () => {
    const { phone } = await twoDevices(server)
    expect(told((await phone.sync({ plays: [play(20, 10)] })).changes)).toEqual([])
    await phone.on.call('POST', '/play', { ...episode, position: 30, played: false })
    expect(told((await phone.sync()).changes)).toEqual([])
  })

  test('gets them when it names none', async () => {
    const app = await listener()
    const { sync_token } = (await app.call('POST', '/sync', { changes: {} })).body
    const changes = { plays: [play(20, 10)] }
    const { body } = await app.call('POST', '/sync', { last_sync: sync_token, changes })
    expect(body.changes.plays).toMatchObject([{ position: 20 }])
  })

  test('misses nothing, whatever its clock says', async () => {
    const { phone, tablet } = await twoDevices(server)
    await phone.sync({ plays: [play(20, 86_400 * 3650)] })
    expect((await tablet.sync()).changes.plays).toMatchObject([{ position: 20 }])
  })

  test('from before tombstones of this user were purged (45 days) gets 410 `sync_token_expired`; a quiet user’s never expires', async () => {
    const { phone, tablet } = await twoDevices(server, entries(randomUUID()))
    const quiet = device(await listener(), 'phone')
    await quiet.sync()
    await phone.sync({ saves: [{ ...episode, saved: false, updated_at: ago(5) }] })
    const { readModels } = server.instance.journal
    await readModels.purgeTombstones(Date.now() - 45 * 86_400_000)
    const { status } = await tablet.on.call('POST', '/sync', { last_sync: tablet.token(), changes: {} })
    expect(status).toBe(200)
    await readModels.purgeTombstones(Date.now() + 60_000)
    expect(await tablet.on.call('POST', '/sync', { last_sync: tablet.token(), changes: {} })).toMatchObject({
      status: 410,
      body: { error_code: 'sync_token_expired' },
    })
    expect(told((await quiet.sync()).changes)).toEqual([])
    const inFull = await tablet.on.call('POST', '/sync', { changes: {} })
    expect(inFull.body.changes.saves).toEqual([])
    expect(inFull.body.changes.subscriptions).toHaveLength(1)
  })
})

describe('unknown (ISO `last_sync`): the edit’s own time decides', () => {
  const byTime = async (sent: object) => {
    const { app } = await twoDevices(server, { plays: [play(500, 60, { played: true })] })
    const { body } = await app.on('old app').call('POST', '/sync', { last_sync: ago(3600), changes: { plays: [sent] } })
    return body.changes.plays
  }

  test('newer replaces', async () => {
    expect(await byTime(play(20, 30))).toMatchObject([{ position: 20, played: false }])
  })

  test('older changes nothing: an older position never takes away a played mark', async () => {
    expect(await byTime(play(900, 90))).toMatchObject([{ position: 500, played: true }])
  })
})

test('device clocks that are ahead are clamped, keeping the order of that device’s own edits', async () => {
  const { app, phone } = await twoDevices(server)
  await phone.sync({ plays: [play(300, -7200), play(100, -3600), play(200, -5400)] })
  const [row] = (await app.call('GET', '/play')).body.play_statuses
  expect(row.position).toBe(300)
  expect(Date.parse(row.updated_at)).toBeLessThanOrEqual(Date.now() + 1000)
})

test('stored times are made monotonic per subscription: subscribed_at > unsubscribed_at always tells the state', async () => {
  const { app, phone } = await twoDevices(server)
  const states: [string, boolean][] = [
    [ago(100), true],
    [ago(200), false],
    [ago(300), true],
    [ago(-500), false],
    [ago(50), true],
  ]
  for (const [at, on] of states) {
    await phone.sync({ subscriptions: [{ rss_source_feed: other, [on ? 'subscribed_at' : 'unsubscribed_at']: at }] })
    const { subscriptions } = (await app.call('POST', '/sync', { changes: {} })).body.changes
    const [{ subscribed_at, unsubscribed_at }] = subscriptions
    expect(subscribed_at > (unsubscribed_at ?? '')).toBe(on)
    expect((await app.call('GET', '/subscriptions')).body.subscriptions).toHaveLength(on ? 1 : 0)
  }
})

test('every accepted difference goes through commands into events', async () => {
  const { app, phone } = await twoDevices(server)
  const head = async () => (await server.instance.journal.head(app.user)).lastNumber
  const before = await head()
  await phone.sync({ plays: [play(20, 10)], saves: [{ ...episode, saved: true, updated_at: ago(5) }] })
  expect(await head()).toBe(before + 2)
  const shown = (await app.call('POST', '/sync', { changes: {} })).body.changes
  await server.instance.journal.readModels.rebuild(app.user)
  expect((await app.call('POST', '/sync', { changes: {} })).body.changes).toEqual(shown)
})
