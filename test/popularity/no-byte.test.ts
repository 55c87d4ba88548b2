import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { knowFeeds } from '../support/known-feeds.ts'

/** What a listener does to an episode of a feed, all of it, in words that can be found again. */
const feedsOf = {
  open: 'https://feeds.example/open.xml',
  alsoOpen: 'https://feeds.example/also-open.xml',
  neverFetched: 'https://unfetched.example/hidden-one.xml',
  ownByLook: 'https://members.patreon.com/hidden-two.xml',
  hiddenByChoice: 'https://chosen.example/hidden-three.xml',
}
const names = Object.fromEntries(
  Object.entries(feedsOf).map(([name, url]) => {
    const guid = `guid-of-${name}`
    const enclosure = `https://media-of-${name}.example/1.mp3`
    return [name, { url, guid, enclosure, feed: feedId(url), item: itemId(guid, enclosure) }]
  }),
)
const name = (which: keyof typeof feedsOf) => names[which] as NonNullable<(typeof names)[string]>

let server: TestServer
const people: Record<string, { id: string; username: string; app: App }> = {}
beforeAll(async () => {
  server = await startServer()
  const levels = {
    adelaide: 'public',
    secretive: 'private',
    silent: null,
    nameless_1: 'anonymous',
    nameless_2: 'anonymous',
  }
  for (const [username, level] of Object.entries(levels)) {
    const user = await server.addUser(username)
    const app = await server.allow(user)
    people[username] = { ...user, app }
    if (level !== null) expect((await app.call('PUT', '/privacy', { privacy: level })).status).toBe(200)
  }
  for (const each of ['adelaide', 'nameless_1', 'nameless_2'])
    await person(each).app.call('PUT', '/privacy', { privacy: 'private', feed: name('hiddenByChoice').feed })
  for (const each of Object.keys(levels)) for (const which of Object.keys(feedsOf)) await love(each, which)
  await knowFeeds(
    server,
    Object.entries(names).map(([which, { url, guid, enclosure }]) => ({
      url,
      title: `words of ${which} ${which}`,
      description: `described ${which}`,
      author: `author of ${which}`,
      categories: [which],
      link: `https://pages-of-${which}.example`,
      episodes: [{ guid, enclosure, title: `words of episode ${which}`, description: `told of ${which}` }],
    })),
  )
  await server.fresh.stores.system.pool.query('update system.podcasts set fetched_at = now() where feed_url <> $1', [
    feedsOf.neverFetched,
  ])
  await server.instance.publicity.refresh()
  await caughtUp()
}, 60_000)
afterAll(() => server.close())

const person = (username: string) => people[username] as NonNullable<(typeof people)[string]>

async function love(username: string, which: string): Promise<void> {
  const { app } = person(username)
  const { feed, item } = names[which] as ReturnType<typeof name>
  const said = [
    await app.call('POST', '/subscriptions', { rss_source_feed: feed }),
    await app.call('POST', '/play', { rss_source_feed: feed, rss_source_item: item, position: 5, played: true }),
    await app.call('POST', `/episodes/${item}/save?feed=${feed}`),
    await app.call('POST', `/episodes/${item}/share?feed=${feed}`, { comment: `comment of ${username} on ${which}` }),
  ]
  expect(said.map(({ status }) => status)).toEqual([200, 200, 200, 200])
}

async function caughtUp(): Promise<void> {
  for (;;) {
    await sequenceArrivals(server.fresh.stores.events)
    await server.instance.following.advance()
    const { rows } = await server.fresh.stores.events.pool.query('select 1 from events.arrivals limit 1')
    const states = await server.instance.following.states()
    if (rows.length === 0 && states.every(({ lag }) => lag === 0)) break
  }
  // The server may remember an answer for a second after another process has changed what it tells.
  await sleep(1_100)
}

/** Every question that can be asked of the public endpoints about what is here. */
function questions(): string[] {
  const feeds = Object.values(names).map(({ feed }) => feed)
  const values: Record<string, readonly string[]> = {
    feed: feeds,
    window: ['day', 'week', 'month', 'all'],
    scope: ['local', 'federated'],
    limit: ['1', '50'],
    event_type: ['subscribe', 'play', 'save', 'share'],
    user: Object.values(people).flatMap(({ id, username }) => [id, username]),
    offset: ['1'],
    before: ['tzzzzzzzz.ffffffffffffffffffffffffffffffff'],
  }
  const items = Object.values(names).map(({ item }) => item)
  return server.instance.endpoints
    .filter(({ scope }) => scope === 'public')
    .flatMap(({ path, query }) => {
      const places = path.includes('{feed}')
        ? feeds.map((feed) => path.replace('{feed}', feed))
        : path.includes('{item}')
          ? items.map((item) => path.replace('{item}', item))
          : [path]
      const shape = (query as { shape?: Record<string, unknown> } | undefined)?.shape ?? {}
      const one = Object.keys(shape).flatMap((key) => {
        const some = values[key]
        if (!some) throw new Error(`${path} takes ${key}, of which this test knows no values`)
        return some.map((value) => `${key}=${value}`)
      })
      const two = one.flatMap((a, i) => one.slice(i + 1).map((b) => `${a}&${b}`))
      return places.flatMap((place) => ['', ...one, ...two].map((asked) => `/api/v1${place}?${asked}`))
    })
}

/** Whatever is asked, and what else everybody may read, each with its answer's headers and bytes. */
async function everythingPublic(): Promise<ReadonlyMap<string, string>> {
  const all = [
    ...questions(),
    ...directory(),
    '/api/openapi.json',
    '/.well-known/balados-sync',
    '/health',
    '/metrics',
    '/',
  ]
  const answers = new Map<string, string>()
  for (const path of all) {
    const response = await fetch(server.url + path)
    answers.set(path, `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`)
  }
  return answers
}

/** The directory for gPodder, which needs no log-in either. */
function directory(): string[] {
  const urls = Object.values(names)
  const of = (url: string) => `url=${encodeURIComponent(url)}`
  return [
    ...['json', 'opml', 'txt', 'xml'].map((format) => `/toplist/100.${format}`),
    ...['json', 'opml', 'txt', 'xml'].flatMap((format) =>
      ['words', ...Object.keys(names)].map((word) => `/search.${format}?q=${word}`),
    ),
    '/api/2/tags/100.json',
    ...Object.keys(names).map((tag) => `/api/2/tag/${tag}/100.json`),
    ...urls.map(({ url }) => `/api/2/data/podcast.json?${of(url)}`),
    ...urls.map(({ url, enclosure }) => `/api/2/data/episode.json?podcast=${encodeURIComponent(url)}&${of(enclosure)}`),
  ]
}

const deeper = (text: string): string[] => [text, Buffer.from(text).toString('base64url'), encodeURIComponent(text)]

async function idsOf(sql: string, values: unknown[]): Promise<string[]> {
  const { rows } = await server.fresh.stores.system.pool.query<{ id: string }>(sql, values)
  return rows.map((row) => row.id)
}

test('a private listener and a private feed appear in no byte of any public answer', async () => {
  const answers = await everythingPublic()
  expect(answers.size).toBeGreaterThan(500)
  const hidden = [name('neverFetched'), name('ownByLook'), name('hiddenByChoice')]
  const urls = hidden.map(({ url }) => url)
  const ofPodcasts = await idsOf(
    `select id::text from system.podcasts where feed_url = any($1) union
      select e.id::text from system.episodes e join system.podcasts p on p.id = e.podcast_id where p.feed_url = any($1)`,
    [urls],
  )
  expect(ofPodcasts).toHaveLength(2 * hidden.length)
  const unnamed = ['secretive', 'silent', 'nameless_1', 'nameless_2']
  const needles = [
    ...unnamed.flatMap((username) => [username, person(username).id, `comment of ${username}`]),
    // Nobody's internal id is shown, that of a public listener neither.
    person('adelaide').id,
    ...hidden.flatMap(({ url, guid, enclosure, feed, item }) => [
      ...deeper(url),
      new URL(url).host,
      new URL(enclosure).host,
      guid,
      feed,
      item,
    ]),
    ...ofPodcasts,
    ...(['neverFetched', 'ownByLook', 'hiddenByChoice'] as const).flatMap((which) =>
      ['words of', 'words of episode', 'described', 'author of', 'told of'].map((said) => `${said} ${which}`),
    ),
  ]
  const found = [...answers].flatMap(([path, text]) =>
    needles.filter((needle) => text.toLowerCase().includes(needle.toLowerCase())).map((needle) => `${needle}: ${path}`),
  )
  expect(found).toEqual([])
})

test('and the same search finds those who chose to be public, and what they love', async () => {
  const all = [...(await everythingPublic()).values()].join('\n')
  for (const needle of [
    'adelaide',
    'comment of adelaide on open',
    'described open',
    'author of alsoOpen',
    'told of open',
    name('open').feed,
    name('alsoOpen').item,
  ])
    expect(all).toContain(needle)
  const response = await fetch(`${server.url}/api/v1/public/feed/${name('open').feed}/popularity`)
  const { podcast } = (await response.json()) as { podcast: object }
  expect(podcast).toMatchObject({
    score: 60,
    plays: 3,
    likes: 3,
    plays_people: ['adelaide'],
    likes_people: ['adelaide'],
  })
})

test('two anonymous listeners are told of nowhere, three as a group on its day, without a time of day', async () => {
  const timeline = async () =>
    (await (await fetch(`${server.url}/api/v1/public/timeline?limit=100`)).json()) as {
      events: { user: string | null; people: number; at: string; rss_source_feed: string; comment: string | null }[]
    }
  expect((await timeline()).events.filter(({ user }) => user === null)).toEqual([])
  const user = await server.addUser('nameless_3')
  people.nameless_3 = { ...user, app: await server.allow(user) }
  await person('nameless_3').app.call('PUT', '/privacy', { privacy: 'anonymous' })
  await love('nameless_3', 'open')
  await caughtUp()
  const groups = (await timeline()).events.filter((event) => event.user === null)
  const feed = name('open').feed
  const at = `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`
  expect(groups).toHaveLength(4)
  for (const group of groups) expect(group).toMatchObject({ people: 3, at, rss_source_feed: feed, comment: null })

  await person('nameless_2').app.call('PUT', '/privacy', { privacy: 'private' })
  await caughtUp()
  expect((await timeline()).events.filter((event) => event.user === null)).toEqual([])
})

test('a listener who goes private is gone from every answer a second later', async () => {
  await person('adelaide').app.call('PUT', '/privacy', { privacy: 'private' })
  await caughtUp()
  const found = [...(await everythingPublic())].filter(([, text]) => /adelaide|comment of/.test(text))
  expect(found.map(([path]) => path)).toEqual([])
})
