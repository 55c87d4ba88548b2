import { randomUUID } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { feedId, itemId, startServer } from '../../support/instance.ts'
import { ago, episode, feed, item, play, twoDevices } from './a-device.ts'

const server = await startServer()
afterAll(() => server.close())

type Edits = readonly [first: object, second: object]

/**
 * What two devices end with that edit the same thing unseen by each other, the first one being first to sync; both
 * must see the same. `lane` says what of it to look at.
 */
async function concurrent([first, second]: Edits, lane: string, before: object = {}) {
  const { phone, tablet } = await twoDevices(server, before)
  await phone.sync(first)
  const { conflicts } = await tablet.sync(second)
  await phone.sync()
  const [full, same] = [await fullSync(phone), await fullSync(tablet)]
  expect(same).toEqual(full)
  return { [lane]: full[lane], conflicts }
}

const fullSync = async ({ on }: Awaited<ReturnType<typeof twoDevices>>['phone']) =>
  (await on.call('POST', '/sync', { changes: {} })).body.changes

/** Both orders of arrival end the same. */
async function eitherWay(edits: Edits, lane: string, expected: object, before: object = {}) {
  for (const order of [edits, edits.toReversed() as unknown as Edits]) {
    expect((await concurrent(order, lane, before))[lane]).toMatchObject(expected)
  }
}

describe('seen: its edit replaces; rewinding and un-playing on purpose work', () => {
  test('the device’s token covers the current value', async () => {
    const { app, phone, tablet } = await twoDevices(server, { plays: [play(900, 100, { played: true })] })
    await tablet.sync({ plays: [play(5, 50)] })
    expect((await app.call('GET', '/play')).body.play_statuses).toMatchObject([{ position: 5, played: false }])
    expect((await phone.sync()).changes.plays).toMatchObject([{ position: 5, played: false }])
  })

  test('the same app and device wrote it last (a lost answer)', async () => {
    const { app, phone } = await twoDevices(server)
    const last_sync = phone.token()
    await phone.on.call('POST', '/sync', { last_sync, changes: { plays: [play(600, 100)] } })
    const again = await phone.on.call('POST', '/sync', {
      last_sync,
      changes: { plays: [play(600, 100), play(30, 50)] },
    })
    expect(again.body.conflicts).toEqual([])
    expect((await app.call('GET', '/play')).body.play_statuses).toMatchObject([{ position: 30 }])
  })

  test('a direct command without `at`', async () => {
    const { app, tablet } = await twoDevices(server, { plays: [play(900, -3600, { played: true })] })
    await tablet.on.call('POST', '/play', { ...episode, position: 5, played: false })
    expect((await app.call('GET', '/play')).body.play_statuses).toMatchObject([{ position: 5, played: false }])
  })
})

describe('concurrent: arrival order never matters', () => {
  test('subscriptions: the newest of subscribed_at/unsubscribed_at wins', async () => {
    const on = { subscriptions: [{ rss_source_feed: feed, subscribed_at: ago(30) }] }
    const off = { subscriptions: [{ rss_source_feed: feed, unsubscribed_at: ago(20) }] }
    await eitherWay([on, off], 'subscriptions', [{ unsubscribed_at: expect.any(String) }])
    const later = { subscriptions: [{ rss_source_feed: feed, subscribed_at: ago(10) }] }
    for (const edits of [[later, off] as const, [off, later] as const]) {
      const [row] = (await concurrent(edits, 'subscriptions')).subscriptions
      expect(row.subscribed_at > (row.unsubscribed_at ?? '')).toBe(true)
    }
  })

  test('subscriptions: on a tie, subscribed', async () => {
    const at = ago(30)
    const on = { subscriptions: [{ rss_source_feed: feed, subscribed_at: at }] }
    const off = { subscriptions: [{ rss_source_feed: feed, unsubscribed_at: at }] }
    for (const edits of [[on, off] as const, [off, on] as const]) {
      const [row] = (await concurrent(edits, 'subscriptions')).subscriptions
      expect(row.subscribed_at > (row.unsubscribed_at ?? '')).toBe(true)
    }
  })

  test.each([
    [
      '`reset` beats played',
      play(0, 90, { reset: true }),
      play(900, 10, { played: true }),
      { position: 0, played: false },
    ],
    ['played beats a position', play(900, 90, { played: true }), play(950, 10), { position: 900, played: true }],
    ['the further beats the nearer', play(600, 90), play(20, 10), { position: 600 }],
  ])('plays: %s', async (_, winner, loser, expected) => {
    await eitherWay([{ plays: [winner] }, { plays: [loser] }], 'plays', [expected])
  })

  test('plays: then the newer', async () => {
    const [older, newer] = [play(600, 90), play(600, 10)]
    await eitherWay([{ plays: [older] }, { plays: [newer] }], 'plays', [{ updated_at: newer.updated_at }])
  })

  const id = randomUUID()
  const ref = (n: number) => ({
    rss_source_feed: feed,
    rss_source_item: itemId(`item-${n}`, `https://media.example/item-${n}.mp3`),
  })
  const list = (secondsAgo: number, rest: object) => ({ playlists: [{ id, updated_at: ago(secondsAgo), ...rest }] })
  const before = list(200, { name: 'Road', items: [ref(1), ref(2), ref(3)] })
  const items = (lists: readonly { items: readonly { rss_source_item: string }[] }[]) =>
    lists[0]?.items.map((entry) => [1, 2, 3, 4, 5].find((n) => ref(n).rss_source_item === entry.rss_source_item))

  test('playlists: name, description, visibility by newest', async () => {
    const edits = [
      list(90, { name: 'Rail', description: 'older', is_public: false }),
      list(10, { name: 'River', description: 'newer', is_public: true }),
    ] as const
    await eitherWay(edits, 'playlists', [{ name: 'River', description: 'newer', is_public: true }], before)
  })

  test('playlists: additions of both are kept', async () => {
    const edits = [
      list(90, { items: [ref(1), ref(2), ref(3), ref(4)] }),
      list(10, { items: [ref(5), ref(1), ref(2), ref(3)] }),
    ] as const
    for (const order of [edits, edits.toReversed() as unknown as Edits]) {
      const found = items((await concurrent(order, 'playlists', before)).playlists)
      expect(found).toEqual([5, 1, 2, 3, 4])
    }
  })

  test('playlists: a removal wins over a move; `position` is just an index', async () => {
    const edits = [list(90, { items: [ref(1), ref(2)] }), list(10, { items: [ref(3), ref(1), ref(2)] })] as const
    for (const order of [edits, edits.toReversed() as unknown as Edits]) {
      const { playlists } = await concurrent(order, 'playlists', before)
      expect(items(playlists)).toEqual([1, 2])
      expect(playlists[0].items.map((entry: { position: number }) => entry.position)).toEqual([0, 1])
    }
  })

  test('playlists: each item’s place is last-writer-wins', async () => {
    const edits = [
      list(90, { items: [ref(3), ref(1), ref(2)] }),
      list(10, { items: [ref(1), ref(3), ref(2)] }),
    ] as const
    for (const order of [edits, edits.toReversed() as unknown as Edits])
      expect(items((await concurrent(order, 'playlists', before)).playlists)).toEqual([1, 3, 2])
  })

  test('privacy: newest wins per scope', async () => {
    const choose = (privacy: string, secondsAgo: number, scope: object = {}) => ({
      privacy: [{ privacy, updated_at: ago(secondsAgo), ...scope }],
    })
    await eitherWay([choose('private', 90), choose('public', 10)], 'privacy', [{ privacy: 'public', feed: null }])
    const { privacy } = await concurrent([choose('private', 10, { feed }), choose('public', 90)], 'privacy')
    expect(privacy.map((row: { privacy: string }) => row.privacy).toSorted()).toEqual(['private', 'public'])
  })

  test('collections: fields by newest, feeds merged as a playlist’s items', async () => {
    const feeds = [1, 2, 3].map((n) => feedId(`https://feeds.example/shelf-${n}.xml`))
    const shelf = (secondsAgo: number, rest: object) => ({
      collections: [{ id, updated_at: ago(secondsAgo), ...rest }],
    })
    const first = { ...shelf(200, { title: 'News', feeds: [feeds[0]] }) }
    const edits = [
      shelf(90, { title: 'Older', feeds: [feeds[0], feeds[1]] }),
      shelf(10, { title: 'Newer', color: '#a1b2c3', feeds: [feeds[0], feeds[2]] }),
    ] as const
    for (const order of [edits, edits.toReversed() as unknown as Edits]) {
      const { collections } = await concurrent(order, 'collections', first)
      const found = collections.find((each: { id: string }) => each.id === id)
      expect(found).toMatchObject({ title: 'Newer', color: '#a1b2c3' })
      expect(found.feeds.map((each: { rss_source_feed: string }) => each.rss_source_feed).toSorted()).toEqual(
        feeds.toSorted(),
      )
    }
  })

  test('saves: newest wins, on a tie saved', async () => {
    const at = ago(50)
    const save = (saved: boolean, updated_at: string) => ({ saves: [{ ...episode, saved, updated_at }] })
    await eitherWay([save(true, at), save(false, ago(10))], 'saves', [{ saved: false }])
    await eitherWay([save(true, at), save(false, at)], 'saves', [{ saved: true }])
  })

  test('conflicts:[{type,feed,item?,id?,local,remote,resolution,reason}] says what was resolved and how', async () => {
    const { conflicts } = await concurrent([{ plays: [play(600, 90)] }, { plays: [play(20, 10)] }], 'plays')
    expect(conflicts).toEqual([
      {
        type: 'plays',
        feed,
        item,
        local: { position: 20, played: false, updated_at: expect.any(String) },
        remote: { position: 600, played: false, updated_at: expect.any(String) },
        resolution: 'remote',
        reason: 'further',
      },
    ])
    const lists = [list(90, { name: 'Rail' }), list(10, { name: 'River' })] as const
    expect((await concurrent(lists, 'playlists', before)).conflicts).toMatchObject([{ type: 'playlists', id }])
    const overruled = lists.toReversed() as unknown as Edits
    expect((await concurrent(overruled, 'playlists', before)).conflicts).toMatchObject([
      { type: 'playlists', id, local: { name: 'Rail' }, remote: { name: 'River' }, resolution: 'remote' },
    ])
  })
})
