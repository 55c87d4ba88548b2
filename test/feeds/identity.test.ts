import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { PodcastId, UserId } from '../../src/kernel/brand.ts'
import { gatewayApp } from '../../src/plays/index.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { feedId, itemId } from '../support/instance.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { readModelTables } from '../support/journal-tables.ts'

let n = 0
/** URLs nobody has used. */
const names = () => {
  n++
  return { old: `https://old-${n}.example/feed.xml`, now: `https://new-${n}.example/feed.xml` }
}
const episode = (k: number, host = 'media.example') => ({
  guid: `guid-${n}-${k}`,
  enclosure: `https://${host}/${n}/${k}.mp3`,
})

describe.each(['one', 'three'] as const)('with %s database', (layout) => {
  let fresh: FreshStores
  let doors: Doors
  beforeAll(async () => {
    fresh = await freshStores(layout)
    doors = openDoors(fresh.stores, [], Date.now, 0)
  })
  afterAll(() => fresh.close())

  const podcastOf = async (url: string) => (await doors.instance.catalog.knownPodcast(url)) as PodcastId
  const subscribe = (user: UserId, url: string) =>
    doors.call('post', '/subscriptions', { user, body: { rss_source_feed: feedId(url) } })
  const listen = (user: UserId, url: string, k: number, position: number, more: object = {}) =>
    doors.call('post', '/play', {
      user,
      body: {
        rss_source_feed: feedId(url),
        rss_source_item: itemId(episode(k).guid, episode(k).enclosure),
        position,
        played: false,
        ...more,
      },
    })
  /** Lets everybody hear of what changed. */
  async function settle(): Promise<void> {
    for (let i = 0; i < 5; i++) {
      await sequenceArrivals(fresh.stores.events)
      const applied = await doors.instance.following.advance()
      if ((await doors.instance.telling.tell()) === 0 && applied === 0) return
    }
  }
  const subscriptions = async (user: UserId) =>
    (await doors.call('get', '/subscriptions', { user })).body.subscriptions.map((row: { rss_source_feed: string }) =>
      Buffer.from(row.rss_source_feed, 'base64url').toString(),
    )
  const plays = async (user: UserId) =>
    (await doors.call('get', '/play', { user })).body.play_statuses.map(
      (row: { rss_source_feed: string; position: number; played: boolean }) => [
        Buffer.from(row.rss_source_feed, 'base64url').toString(),
        row.position,
        row.played,
      ],
    )
  async function expectRebuildEqual(user: UserId): Promise<void> {
    const { readModels } = doors.instance.journal
    const shown = await readModelTables(fresh.stores, readModels.names, user)
    await readModels.rebuild(user)
    expect(await readModelTables(fresh.stores, readModels.names, user)).toEqual(shown)
  }

  test.each(['old', 'new'] as const)(
    'a play that merely began by the %s name rewinds none by the other',
    async (begun) => {
      const { old, now } = names()
      const user = somebody()
      await subscribe(user, old)
      const at = new Date(Date.now() - 3_600_000).toISOString()
      await listen(user, begun === 'old' ? now : old, 1, 600, { at })
      await doors.call('post', '/play', {
        user,
        app: gatewayApp,
        device: 'token',
        body: {
          rss_source_feed: feedId(begun === 'old' ? old : now),
          rss_source_item: itemId(episode(1).guid, episode(1).enclosure),
          position: 0,
          played: false,
        },
      })
      await settle()
      await doors.instance.identity.move(await podcastOf(old), now, 'it said so')
      await settle()
      expect(await plays(user)).toEqual([[now, 600, false]])
    },
  )

  test('a feed that moves is one podcast under both names, and devices hear of the new one', async () => {
    const { old, now } = names()
    const user = somebody()
    await subscribe(user, old)
    await listen(user, old, 1, 600)
    const { sync_token: last_sync } = (await doors.call('post', '/sync', { user, device: 'tv', body: { changes: {} } }))
      .body
    await settle()
    expect(await doors.instance.identity.move(await podcastOf(old), now, 'it said so')).toMatchObject({
      outcome: 'moved',
    })
    await settle()
    const { changes } = (await doors.call('post', '/sync', { user, device: 'tv', body: { last_sync, changes: {} } }))
      .body
    expect(changes.subscriptions).toMatchObject([
      { rss_source_feed: feedId(old), moved_to: feedId(now) },
      { rss_source_feed: feedId(now), unsubscribed_at: null },
    ])
    const [gone] = changes.subscriptions
    expect(gone.unsubscribed_at > gone.subscribed_at).toBe(true)
    expect(changes.plays).toMatchObject([{ rss_source_feed: feedId(now), position: 600 }])
    await subscribe(user, old)
    expect(await subscriptions(user)).toEqual([now])
    await expectRebuildEqual(user)
  })

  test('a feed that moves and moves back is what it was', async () => {
    const { old, now } = names()
    const user = somebody()
    await subscribe(user, old)
    await settle()
    const podcast = await podcastOf(old)
    await doors.instance.identity.move(podcast, now, 'a redirect')
    await settle()
    await doors.instance.identity.move(podcast, old, 'a redirect')
    await settle()
    expect(await subscriptions(user)).toEqual([old])
    expect(await podcastOf(now)).toBe(podcast)
    const { changes } = (await doors.call('post', '/sync', { user, body: { changes: {} } })).body
    expect(changes.subscriptions).toMatchObject([
      { rss_source_feed: feedId(now), moved_to: feedId(old) },
      { rss_source_feed: feedId(old), unsubscribed_at: null },
    ])
    expect(await doors.instance.identity.move(podcast, `${old}/`, 'a redirect')).toEqual({ outcome: 'there' })
  })

  test('a feed that moves to where another podcast was known leaves each listener one subscription and every position', async () => {
    const { old, now } = names()
    const [before, after, both] = [somebody(), somebody(), somebody()]
    await subscribe(before, old)
    await listen(before, old, 1, 100)
    await subscribe(after, now)
    await listen(after, now, 1, 200)
    await subscribe(both, old)
    await subscribe(both, now)
    await listen(both, old, 1, 300)
    await listen(both, old, 2, 1800, { played: true })
    await listen(both, now, 2, 40)
    await listen(both, now, 3, 50)
    await settle()
    await doors.instance.identity.move(await podcastOf(old), now, 'a redirect')
    await settle()
    for (const user of [before, after, both]) {
      expect(await subscriptions(user)).toEqual([now])
      await expectRebuildEqual(user)
    }
    expect(await plays(before)).toEqual([[now, 100, false]])
    expect(await plays(after)).toEqual([[now, 200, false]])
    expect((await plays(both)).toSorted()).toEqual(
      [
        [now, 300, false],
        [now, 40, false],
        [now, 50, false],
      ].toSorted(),
    )
  })

  test('what stands in lists, saves, shares and privacy goes along, once', async () => {
    const { old, now } = names()
    const user = somebody()
    const item = (url: string, k: number) => ({
      rss_source_feed: feedId(url),
      rss_source_item: itemId(episode(k).guid, episode(k).enclosure),
    })
    await subscribe(user, old)
    await subscribe(user, now)
    const body = {
      changes: {
        playlists: [
          {
            id: '00000000-0000-4000-8000-0000000000aa',
            name: 'Mine',
            items: [item(old, 1), item(now, 2), item(now, 1)],
            updated_at: new Date().toISOString(),
          },
        ],
        saves: [{ ...item(old, 1), saved: true, updated_at: new Date().toISOString() }],
        privacy: [
          { feed: feedId(now), privacy: 'public', updated_at: new Date().toISOString() },
          { feed: feedId(old), privacy: 'private', updated_at: new Date(Date.now() - 5000).toISOString() },
        ],
      },
    }
    expect((await doors.call('post', '/sync', { user, body })).body.rejected).toEqual([])
    await doors.call('post', '/episodes/{item}/share', {
      user,
      params: { item: item(old, 1).rss_source_item },
      query: { feed: feedId(old) },
      body: { comment: 'Listen' },
    })
    await settle()
    await doors.instance.identity.move(await podcastOf(old), now, 'a redirect')
    await settle()
    const { changes } = (await doors.call('post', '/sync', { user, body: { changes: {} } })).body
    const [list] = changes.playlists
    expect(list.items.map((each: { rss_source_item: string }) => each.rss_source_item)).toEqual([
      item(now, 1).rss_source_item,
      item(now, 2).rss_source_item,
    ])
    expect(list.items.every((each: { rss_source_feed: string }) => each.rss_source_feed === feedId(now))).toBe(true)
    expect(changes.saves).toMatchObject([{ rss_source_feed: feedId(now), saved: true }])
    expect(changes.privacy).toMatchObject([{ feed: feedId(now), privacy: 'private' }])
    expect(
      changes.collections.flatMap((c: { feeds: { rss_source_feed: string }[] }) =>
        c.feeds.map((f) => f.rss_source_feed),
      ),
    ).toEqual([feedId(now)])
    await expectRebuildEqual(user)
  })

  test('an episode known by its file to one app and by its guid to another is one once the feed shows both', async () => {
    const { old } = names()
    const user = somebody()
    const { guid, enclosure } = episode(1)
    const name = (item: string) => ({ rss_source_feed: feedId(old), rss_source_item: item })
    const say = (item: string, position: number) =>
      doors.call('post', '/play', { user, body: { ...name(item), position, played: false } })
    await say(itemId('', enclosure), 700)
    await say(itemId(guid, ''), 20)
    expect(await plays(user)).toHaveLength(2)
    await settle()
    const podcast = await podcastOf(old)
    const [id] = await doors.instance.identity.learnItems(podcast, [{ guid, enclosure }, episode(2)])
    await settle()
    expect(await plays(user)).toEqual([[old, 20, false]])
    await say(itemId('', enclosure), 800)
    expect(await plays(user)).toEqual([[old, 800, false]])
    expect(await doors.instance.identity.learnItems(podcast, [{ guid, enclosure }])).toEqual([id])
    await expectRebuildEqual(user)
  })

  test('episodes that the feed tells apart stay apart, whatever they share', async () => {
    const { old } = names()
    const user = somebody()
    await listen(user, old, 1, 10)
    await listen(user, old, 2, 20)
    const podcast = await podcastOf(old)
    const shared = 'https://media.example/trailer.mp3'
    await doors.instance.identity.learnItems(podcast, [
      { guid: episode(1).guid, enclosure: shared },
      { guid: episode(2).guid, enclosure: shared },
    ])
    await settle()
    expect(await plays(user)).toHaveLength(2)
  })

  test('an episode that changed all its names stays itself where the feed showed which it was', async () => {
    const { old } = names()
    const user = somebody()
    await listen(user, old, 1, 900)
    const podcast = await podcastOf(old)
    const [before] = await doors.instance.identity.learnItems(podcast, [episode(1)])
    const renamed = { guid: `fresh-${n}`, enclosure: `https://elsewhere.example/${n}.mp3`, formerly: before }
    expect(await doors.instance.identity.learnItems(podcast, [renamed])).toEqual([before])
    await settle()
    expect(await plays(user)).toEqual([[old, 900, false]])
  })

  test('what a process that has not heard of it writes under the old id is merged as well', async () => {
    const { old, now } = names()
    const user = somebody()
    const stale = openDoors(fresh.stores, [], Date.now, 0)
    await subscribe(user, now)
    const late = {
      user,
      body: { rss_source_feed: feedId(old), rss_source_item: itemId('late', ''), position: 5, played: false },
    }
    await stale.call('post', '/play', late)
    await settle()
    await doors.instance.identity.move(await podcastOf(old), now, 'a redirect')
    await settle()
    await stale.call('post', '/play', { ...late, body: { ...late.body, position: 77 } })
    await stale.call('post', '/subscriptions', { user, body: { rss_source_feed: feedId(old) } })
    await settle()
    expect(await plays(user)).toEqual([[now, 77, false]])
    expect(await subscriptions(user)).toEqual([now])
    await expectRebuildEqual(user)
  })

  test('a public feed does not become a private one by a redirect', async () => {
    const { old } = names()
    await subscribe(somebody(), old)
    const podcast = await podcastOf(old)
    const to = 'https://feeds.example/a.xml?token=0123456789abcdef0123456789abcdef'
    expect(await doors.instance.identity.move(podcast, to, 'a redirect')).toEqual({ outcome: 'private' })
  })
})
