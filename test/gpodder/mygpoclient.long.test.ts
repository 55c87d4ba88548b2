import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { knowFeeds } from '../support/known-feeds.ts'
import { appPasswordOf } from './client.ts'
import { drive, install } from './debian.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  install('python3-mygpoclient', 'mygpoclient.api')
}, 300_000)
afterAll(() => server.close())

test('gPodder’s own library logs in, names and joins devices, subscribes, and takes actions and settings from one to another', async () => {
  const { id, username } = await server.addUser()
  const { secret } = await appPasswordOf(server, id)
  const [a, b] = ['https://feeds.example/a.xml', 'https://feeds.example/b.xml']
  const episode = 'https://media.example/1.mp3'
  const rest = await server.allow({ id })
  await rest.call('POST', `/episodes/${itemId('guid-1', episode)}/save?feed=${feedId(a)}`)
  const c = 'https://feeds.example/c.xml'
  await knowFeeds(server, [
    { url: a, title: 'A first podcast', description: 'About a', categories: ['Arts'], link: 'https://pages.example/a' },
    { url: c, title: 'C', categories: ['Arts'] },
  ])
  await server.fresh.stores.cache.pool.query(
    `insert into cache.feed_episodes (podcast_id, episode_id, place, listed, title, published_at, enclosure_url, details, hash)
     select podcast_id, id, 1, true, 'Episode one', '2026-01-01T10:00:00Z', enclosure_url, '{}', ''
     from system.episodes where enclosure_url = $1`,
    [episode],
  )
  await server.fresh.stores.system.pool.query('update system.podcasts set fetched_at = now()')
  // Who has saved an episode has let the followers see its podcast before.
  await server.instance.publicity.refresh()
  for (let n = 0; n < 3; n++) {
    const other = await server.allow(await server.addUser())
    await other.call('PUT', '/privacy', { privacy: 'public' })
    for (const url of [a, c]) await other.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
  }
  for (let waited = 0; waited < 100; waited++) {
    const said = await fetch(`${server.url}/toplist/10.json`)
    if (((await said.json()) as { subscribers: number }[]).filter((p) => p.subscribers === 3).length === 2) break
    await sleep(100)
  }
  // The library knows no guids.
  const action = { podcast: a, episode, device: 'pocket' }
  const shared = { synchronized: [['desk', 'pocket']], 'not-synchronized': [] }
  expect(await drive('drive-mygpoclient.py', server.url, username, secret)).toEqual({
    'log in': {},
    'wrong password': 'unauthorized',
    devices: [['desk', 'My desk', 'desktop', 0]],
    updates: [[` ${b} `, b]],
    pulled: [[a, b], []],
    left: [b],
    simple: [a],
    put: true,
    again: [b],
    none: 0,
    actions: [
      { ...action, action: 'download', timestamp: '2026-01-01T10:00:00' },
      { ...action, action: 'play', timestamp: '2026-01-01T10:00:05', started: 0, position: 120, total: 1800 },
    ],
    'nothing more': 0,
    status: shared,
    synchronized: shared,
    'no such device': 'not found',
    settings: ['account', 'device', 'podcast', 'episode'].map((kind) => ({ of: kind })),
    favorites: [episode],
    toplist: expect.arrayContaining([
      [a, 'A first podcast', 'https://pages.example/a', 3],
      [c, 'C', '', 3],
    ]),
    found: [a],
    tags: [['arts', 2]],
    tagged: expect.arrayContaining(['A first podcast', 'C']),
    podcast: ['A first podcast', 'About a'],
    episode: ['Episode one', 'A first podcast', '2026-01-01T10:00:00'],
    suggested: [c],
  })
})
