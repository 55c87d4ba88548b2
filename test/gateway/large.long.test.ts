import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nameKey } from '../../src/podcast/keys.ts'
import { canonicalFeed } from '../../src/podcast/names.ts'
import { type GatewayWorld, gatewayWorld, type Reader } from './world.ts'

const podcasts = 300
const perPodcast = 200

let world: GatewayWorld
let reader: Reader
beforeAll(async () => {
  world = await gatewayWorld()
  reader = await world.reader()
  const { system, projections } = world.server.fresh.stores
  const url = (n: number | string) => `https://feeds.example/large/${n}`
  const id = (kind: string, n: string) => `md5('${kind}' || ${n})::uuid`
  const words = (n: number) => `(select string_agg(md5(n::text || w), ' ') from generate_series(1, ${n}) w)`
  const episodes = podcasts * perPodcast
  for (const sql of [
    `insert into system.podcasts (id, feed_url, fetched_at, created_at)
      select ${id('p', 'n')}, '${url('')}' || n, now(), now() from generate_series(1, ${podcasts}) n`,
    `insert into system.episodes (id, podcast_id, guid, enclosure_url, created_at)
      select ${id('e', 'n')}, ${id('p', `(n % ${podcasts} + 1)`)}, 'guid-' || n, 'https://media.example/' || n || '.mp3', now()
      from generate_series(1, ${episodes}) n`,
  ])
    await system.pool.query(sql)
  const keys = Array.from({ length: podcasts }, (_, n) => nameKey('url', canonicalFeed(url(n + 1))))
  await system.pool.query(
    `insert into system.podcast_aliases (key, podcast_id)
      select key, ${id('p', 'n')} from unnest($1::uuid[]) with ordinality as x(key, n)`,
    [keys],
  )
  for (const sql of [
    `insert into cache.feeds (podcast_id, host, status, metadata, failures, wanted, followers, checked_at, fetched_at)
      select ${id('p', 'n')}, 'feeds.example', 'fine',
        jsonb_build_object('title', 'Podcast ' || n, 'imageUrl', 'https://feeds.example/' || n || '.jpg', 'notes', ${words(60)}),
        0, true, 1, now(), now() from generate_series(1, ${podcasts}) n`,
    `insert into cache.feed_episodes (podcast_id, episode_id, place, listed, title, description, published_at, duration,
        image_url, enclosure_url, season, number, details, hash)
      select ${id('p', `(n % ${podcasts} + 1)`)}, ${id('e', 'n')}, n, true, 'Episode ' || n, ${words(50)},
        date_trunc('milliseconds', now() - n * interval '7 minutes'), 1800, null, 'https://media.example/' || n || '.mp3', null, null,
        jsonb_build_object('guid', 'guid-' || n, 'link', 'https://show.example/' || n, 'author', null, 'explicit', null,
          'enclosure', jsonb_build_object('url', 'https://media.example/' || n || '.mp3', 'type', 'audio/mpeg', 'length', 1000),
          'alternates', '[]'::jsonb, 'transcripts', '[]'::jsonb, 'persons', '[]'::jsonb, 'soundbites', '[]'::jsonb,
          'chapters', null, 'type', 'full', 'seasonName', null, 'numberName', null, 'descriptionHtml', '<p>' || ${words(80)} || '</p>'),
        'hash' from generate_series(1, ${episodes}) n`,
    `insert into projections.subscriptions (user_id, podcast_id, active, subscribed_at, inserted_at, updated_at, number, stamp)
      select '${reader.app.user}', ${id('p', 'n')}, true, now(), now(), now(), 0, 0 from generate_series(1, ${podcasts}) n`,
    'vacuum analyze cache.feed_episodes, cache.feeds, projections.subscriptions',
  ])
    await projections.pool.query(sql)
}, 300_000)
afterAll(() => world.close())

test(`the newest of ${podcasts} podcasts of ${perPodcast} episodes are told whole, and how long that takes`, async () => {
  const feed = await world.read(reader, 'subscriptions')
  expect(feed.items).toHaveLength(100)
  expect(feed.items?.[0]?.title).toBe('Podcast 2 - Episode 1')
  const times: number[] = []
  let bytes = 0
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  for (let n = 0; n < 50; n++) {
    const started = performance.now()
    bytes = (await (await world.get(`/rss/${reader.secret}/subscriptions`)).text()).length
    times.push(performance.now() - started)
  }
  delay.disable()
  times.sort((a, b) => a - b)
  const p99 = delay.percentile(99) / 1e6
  const figures = `median ${times[25]?.toFixed(1)} ms, slowest ${times.at(-1)?.toFixed(1)} ms, ${bytes} bytes, event loop delay p99 ${p99.toFixed(1)} ms`
  process.stdout.write(`aggregated feed: ${figures}\n`)
}, 120_000)
