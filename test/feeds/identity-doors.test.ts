import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { type Client, startClient } from '../gpodder/client.ts'
import { type SyncClient, startSyncClient } from '../nextcloud/client.ts'
import { appPasswordOf, type Door, doorOf } from '../openpodcast/door.ts'
import { type App, feedId, itemId } from '../support/instance.ts'
import { openWorld, type World } from './identity-world.ts'

describe.each(['one', 'three'] as const)('a feed that moves, with %s database', (layout) => {
  let world: World
  beforeAll(async () => {
    world = await openWorld(layout)
  })
  afterAll(() => world.close())

  let n = 0

  /** A listener with a client at each door, who follows a feed and has listened to two of its episodes. */
  async function listener() {
    n++
    const old = `https://old-${n}.example/feed.xml`
    const now = `https://new-${n}.example/feed.xml`
    const phone: Client = await startClient(world)
    const tablet: SyncClient = await startSyncClient(world, phone)
    const rest: App = await world.allow(phone.user)
    const open: Door = doorOf(world, `Bearer ${await appPasswordOf(world, phone.user)}`)
    const at = new Date(Date.now() - 60_000).toISOString().slice(0, 19)
    const play = (k: number, position: number) => ({
      podcast: old,
      episode: `https://media.example/${n}/${k}.mp3`,
      guid: `guid-${n}-${k}`,
      action: 'play',
      device: 'phone',
      timestamp: at,
      started: 0,
      position,
      total: 1800,
    })
    await phone.basic('POST', `/api/2/auth/${phone.u}/login.json`)
    await phone.call('POST', `/api/2/subscriptions/${phone.u}/phone.json`, { add: [old], remove: [] })
    await phone.call('POST', `/api/2/episodes/${phone.u}.json`, [play(1, 300), play(2, 1800)])
    await world.settle()
    const podcast = (await world.instance.catalog.knownPodcast(old)) as PodcastId
    return { old, now, phone, tablet, rest, open, podcast }
  }
  type Listener = Awaited<ReturnType<typeof listener>>

  const stampNow = async ({ phone }: Listener) => (await world.instance.journal.head(phone.user.id)).lastStamp + 1
  const positions = (actions: readonly { podcast: string; position?: number }[]) =>
    actions.map((action) => [action.podcast, action.position]).toSorted()

  test('is told as left and followed, with its places, by each door', async () => {
    const person = await listener()
    const { old, now, phone, tablet, rest, open, podcast } = person
    const { sync_token: last_sync } = (await rest.call('POST', '/sync', { changes: {} })).body
    const since = await stampNow(person)
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await world.instance.identity.move(podcast, now, 'a redirect')
    await world.settle()

    const subscriptions = await phone.call('GET', `/api/2/subscriptions/${phone.u}/phone.json?since=${since}`)
    expect(subscriptions.body).toMatchObject({ add: [now], remove: [old] })
    const actions = await phone.call('GET', `/api/2/episodes/${phone.u}.json?since=${since}`)
    expect(positions(actions.body.actions)).toEqual([
      [now, 1800],
      [now, 300],
    ])
    expect((await tablet.subscriptions(since)).body).toMatchObject({ add: [now], remove: [old] })
    expect(positions((await tablet.actions(since)).body.actions)).toEqual([
      [now, 1800],
      [now, 300],
    ])
    const opened = await open.call('GET', `/subscriptions?since=${new Date(since * 1000).toISOString()}`)
    expect(opened.body.subscriptions).toMatchObject([{ feed_url: now, is_subscribed: true }])
    const { changes } = (await rest.call('POST', '/sync', { last_sync, changes: {} })).body
    expect(changes.subscriptions.map((row: { rss_source_feed: string }) => row.rss_source_feed)).toEqual([
      feedId(old),
      feedId(now),
    ])
    expect(changes.plays).toHaveLength(2)
    // Whoever begins now hears of one podcast under one name.
    expect((await phone.call('GET', `/subscriptions/${phone.u}.json`)).body).toEqual([now])
    expect((await tablet.subscriptions(0)).body).toMatchObject({ add: [now], remove: [] })
  })

  test('stays one podcast for apps that go on with its old name, and for those that change it themselves', async () => {
    const { old, now, phone, tablet, rest, podcast } = await listener()
    await world.instance.identity.move(podcast, now, 'a redirect')
    await world.settle()
    const said = await phone.call('POST', `/api/2/subscriptions/${phone.u}/phone.json`, { add: [old], remove: [] })
    expect(said.body.update_urls).toEqual([[old, now]])
    await tablet.follow([now], [old])
    const list = async () => (await phone.call('GET', `/subscriptions/${phone.u}.json`)).body
    expect(await list()).toEqual([now])
    const body = {
      rss_source_feed: feedId(old),
      rss_source_item: itemId(`guid-${n}-1`, ''),
      position: 900,
      played: false,
    }
    expect((await rest.call('POST', '/play', body)).status).toBe(200)
    const { play_statuses: plays } = (await rest.call('GET', '/play')).body
    expect(plays).toHaveLength(2)
    expect(plays[0]).toMatchObject({ rss_source_feed: feedId(now), position: 900 })
    const both = { add: [now], remove: [now] }
    expect((await phone.call('POST', `/api/2/subscriptions/${phone.u}/phone.json`, both)).status).toBe(400)
    await tablet.follow([], [old])
    expect(await list()).toEqual([])
  })

  test('and moves back, changes every file’s host and only later names its guid, leaves one subscription and every place', async () => {
    const { old, now, phone, rest, podcast } = await listener()
    const { identity } = world.instance
    const items = (host: string) =>
      [1, 2].map((k) => ({ guid: `guid-${n}-${k}`, enclosure: `https://${host}/${n}/${k}.mp3` }))
    const ids = await identity.learnItems(podcast, items('media.example'))
    for (const [to, host] of [
      [now, 'media.example'],
      [old, 'elsewhere.example'],
      [now, 'cdn.example'],
    ] as const) {
      await identity.move(podcast, to, 'a redirect')
      expect(await identity.learnItems(podcast, items(host))).toEqual(ids)
      await world.settle()
    }
    const late = {
      podcast: old,
      episode: `https://cdn.example/${n}/1.mp3`,
      action: 'play',
      device: 'phone',
      position: 400,
    }
    const timestamp = new Date().toISOString().slice(0, 19)
    await phone.call('POST', `/api/2/episodes/${phone.u}.json`, [{ ...late, started: 300, total: 1800, timestamp }])
    const { actions } = (await phone.call('GET', `/api/2/episodes/${phone.u}.json?since=0`)).body
    expect(positions(actions)).toEqual([
      [now, 1800],
      [now, 400],
    ])
    expect((await rest.call('GET', '/subscriptions')).body.subscriptions).toHaveLength(1)
    expect((await rest.call('GET', '/play')).body.play_statuses).toHaveLength(2)
  })
})
