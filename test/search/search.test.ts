import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { knowFeeds } from '../support/known-feeds.ts'

const at = (name: string) => `https://feeds.example/${name}.xml`
const members = 'https://members.patreon.com/rss/secret'

let server: TestServer
let ada: App
let blaise: App
beforeAll(async () => {
  server = await startServer({ layout: 'three' })
  await knowFeeds(server, [
    {
      url: at('histoire'),
      title: 'Les Œuvres de l’été',
      description: 'Des récits racontés chaque semaine, sur les journaux d’autrefois.',
      author: 'Zoé Müller',
      categories: ['Documentary'],
      image: 'https://images.example/a.jpg',
      episodes: [
        { guid: 'h1', enclosure: 'https://media.example/h1.mp3', title: 'La marche des oubliés' },
        {
          guid: 'h2',
          enclosure: 'https://media.example/h2.mp3',
          title: 'Chevaux de trait',
          published: '2020-01-01T00:00:00Z',
        },
        { guid: 'h3', enclosure: 'https://media.example/h3.mp3', title: 'Chevaux de trait, encore' },
      ],
    },
    {
      url: at('running'),
      title: 'The Running Show',
      description: 'Stories about runners; sometimes a journal.',
      episodes: [
        { guid: 'r1', enclosure: 'https://media.example/r1.mp3', title: 'Marching and running 100% of a_day' },
      ],
    },
    {
      url: members,
      title: 'Nightingale members',
      description: 'Only for members',
      episodes: [{ guid: 'm1', enclosure: 'https://media.example/m1.mp3', title: 'Nightingale one' }],
    },
    { url: at('quiet'), title: 'Quiet nightingale' },
  ])
  await server.fresh.stores.system.pool.query('update system.podcasts set fetched_at = now()')
  ada = await server.allow(await server.addUser())
  blaise = await server.allow(await server.addUser())
  await ada.call('PUT', '/privacy', { privacy: 'public' })
  for (const url of [at('histoire'), at('running'), members])
    await ada.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
  await caughtUp()
})
afterAll(() => server.close())
beforeEach(() => server.instance.catalog.forget())

async function caughtUp(): Promise<void> {
  for (;;) {
    await sequenceArrivals(server.fresh.stores.events)
    await server.instance.following.advance()
    const { rows } = await server.fresh.stores.events.pool.query('select 1 from events.arrivals limit 1')
    if (rows.length === 0 && (await server.instance.following.states()).every(({ lag }) => lag === 0)) return
  }
}

interface Found {
  podcasts: { rss_source_feed: string; rss_feed_title: string; subscribed: boolean }[]
  episodes: { rss_source_item: string; rss_item_title: string }[]
  next: string | null
}
const find = async (q: string, app = blaise, more = ''): Promise<Found> => {
  const { status, body } = await app.call('GET', `/search?q=${encodeURIComponent(q)}${more}`)
  expect({ q, status }).toEqual({ q, status: 200 })
  return body as Found
}
const titles = ({ podcasts, episodes }: Found): string[] => [
  ...podcasts.map((podcast) => podcast.rss_feed_title),
  ...episodes.map((episode) => episode.rss_item_title),
]

test('a podcast is described by what its feed says, with the cover that this instance serves', async () => {
  const { podcasts } = await find('récits', ada)
  const cover = `${server.url}/covers/`
  expect(podcasts).toEqual([
    {
      rss_source_feed: feedId(at('histoire')),
      rss_feed_title: 'Les Œuvres de l’été',
      author: 'Zoé Müller',
      description: 'Des récits racontés chaque semaine, sur les journaux d’autrefois.',
      cover: { src: expect.stringContaining(cover), srcset: expect.stringContaining(cover) },
      subscribed: true,
    },
  ])
  const { episodes } = await find('oubliés')
  expect(episodes).toEqual([
    {
      rss_source_feed: feedId(at('histoire')),
      rss_source_item: itemId('h1', 'https://media.example/h1.mp3'),
      rss_item_title: 'La marche des oubliés',
      rss_feed_title: 'Les Œuvres de l’été',
      published_at: '2026-11-01T10:00:00.000Z',
      duration: 1800,
    },
  ])
})

describe('words are found', () => {
  const summer = 'Les Œuvres de l’été'
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['in another form, in French', 'récit raconté', [summer]],
    ['in another form, in English', 'runner story', ['The Running Show']],
    ['without their accents', 'zoe muller', [summer]],
    ['without their ligatures', 'oeuvre ete', [summer]],
    ['in capitals', 'RUNNING SHOW', ['The Running Show']],
    ['in a category', 'documentary', [summer]],
    ['by their first letters, the last of them', 'running sho', ['The Running Show']],
    ['by no first letters when it is not the last', 'runn show', []],
    ['by no two letters', 'running sh', []],
    ['as a phrase', '"running show"', ['The Running Show']],
    ['not as a phrase that is not there', '"show running"', []],
    ['one or the other', 'documentary or runners', [summer, 'The Running Show']],
    ['without others', 'march -marching', ['La marche des oubliés']],
    ['with signs that mean something elsewhere', "run:* & ('a_day' | %", ['Marching and running 100% of a_day']],
    ['never with signs that fall apart', 'running \ufdfa', []],
    ['never with fractions that fall apart', 'running \\ 5½', []],
  ]
  test.each(cases)('%s: %s', async (_, q, expected) => {
    expect(titles(await find(q)).toSorted()).toEqual(expect.arrayContaining([...expected]))
    if (expected.length === 0) expect(titles(await find(q))).toEqual([])
  })
})

test('what is newer comes first where words fit alike', async () => {
  expect((await find('chevaux')).episodes.map((e) => e.rss_item_title)).toEqual([
    'Chevaux de trait, encore',
    'Chevaux de trait',
  ])
})

test('pages follow each other and end', async () => {
  const first = await find('chevaux', blaise, '&limit=1')
  expect(first.episodes).toHaveLength(1)
  const second = await find('chevaux', blaise, `&limit=1&before=${first.next}`)
  expect(second.episodes.map((e) => e.rss_item_title)).toEqual(['Chevaux de trait'])
  expect(second.next).toBeNull()
})

test('words of a private feed find it for its own listener and for nobody else, nor do pages tell of it', async () => {
  expect(titles(await find('nightingale', ada))).toEqual(['Nightingale members', 'Nightingale one'])
  expect(await find('nightingale', blaise, '&limit=1')).toEqual({ podcasts: [], episodes: [], next: null })
})

test('what only private listeners follow is found by them alone, until one lets others know', async () => {
  await blaise.call('POST', '/subscriptions', { rss_source_feed: feedId(at('quiet')) })
  await caughtUp()
  expect(titles(await find('quiet', ada))).toEqual([])
  expect((await find('quiet', blaise)).podcasts).toMatchObject([{ subscribed: true }])
  await blaise.call('PUT', '/privacy', { privacy: 'anonymous', feed: feedId(at('quiet')) })
  await caughtUp()
  expect((await find('quiet', ada)).podcasts).toMatchObject([{ subscribed: false }])
  // At once, whatever has been counted until now.
  const block = (reason: string | null) =>
    server.fresh.stores.system.pool.query('update system.podcasts set private_reason = $2 where feed_url = $1', [
      at('quiet'),
      reason,
    ])
  await block('itunes:block')
  expect(titles(await find('quiet', ada))).toEqual([])
  await block(null)
})

test('an episode is found by its new words, and no more once its feed no longer names it', async () => {
  const { pool } = server.fresh.stores.cache
  const set = (sql: string) => pool.query(`update cache.feed_episodes set ${sql} where hash like 'La marche%'`)
  await set(`title = 'Les funambules', hash = 'La marche 2'`)
  expect(titles(await find('funambule'))).toEqual(['Les funambules'])
  expect(titles(await find('oubliés'))).toEqual([])
  await set('listed = false')
  expect(titles(await find('funambule'))).toEqual([])
  await set('listed = true')
  expect(titles(await find('funambule'))).toEqual(['Les funambules'])
  await set(`details = details || '{"blocked": true}', hash = 'La marche 3'`)
  expect(titles(await find('funambule'))).toEqual([])
  await pool.query(`update cache.feeds set metadata = jsonb_set(metadata, '{title}', '"Marathon"')
    where metadata ->> 'title' = 'The Running Show'`)
  expect(titles(await find('marath'))).toEqual(['Marathon'])
})

test.each([
  ['', 'query.q'],
  ['x'.repeat(201), 'query.q'],
])('%s is told to be nothing to look for', async (q, path) => {
  const { status, body } = await ada.call('GET', `/search?q=${encodeURIComponent(q)}`)
  expect({ status, paths: body.details.map((d: { path: string }) => d.path) }).toEqual({ status: 400, paths: [path] })
})

test('what takes too long to look through is refused, and nobody waits for it', async () => {
  const client = await server.fresh.stores.cache.pool.connect()
  await client.query('begin')
  await client.query('lock table cache.feed_words')
  const { status, body } = await ada.call('GET', '/search?q=running').finally(async () => {
    await client.query('rollback')
    client.release()
  })
  expect({ status, error: body.error }).toEqual({
    status: 400,
    error: 'query.q: stands in too much of what is known here; add a word that does not',
  })
})

test('words that only say what not to find, find nothing', async () => {
  const { status, body } = await ada.call('GET', `/search?q=${encodeURIComponent('-only -without')}`)
  expect({ status, body }).toEqual({ status: 200, body: { podcasts: [], episodes: [], next: null } })
})
