import { randomUUID } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { basicOf } from '../gpodder/client.ts'
import { type App, feedId, itemId, password, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let app: App
let username: string
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(async () => {
  const user = await server.addUser()
  username = user.username
  app = await server.allow(user)
})

const feed = feedId('https://feeds.example/news.xml')
const other = feedId('https://audio.example/talk.xml')
const item = (n: number) => itemId(`guid-${n}`, `https://media.example/${n}.mp3`)
const ref = (n: number, of = feed) => ({ rss_source_feed: of, rss_source_item: item(n) })
const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

interface Entry {
  readonly id: string
  readonly type: string
  readonly words: string
}

async function ok(method: string, path: string, body?: unknown, as: App = app) {
  const reply = await as.call(method, path, body)
  expect(reply.status, `${method} ${path}: ${JSON.stringify(reply.body)}`).toBeLessThan(300)
  return reply.body
}

const sync = (as: App, last_sync: string | null, changes: object): Promise<{ sync_token: string }> =>
  ok('POST', '/sync', { last_sync, changes }, as)

const play = (n: number, position: number, of = feed) => ok('POST', '/play', { ...ref(n, of), position, played: false })

const history = async (query = '', as: App = app): Promise<{ history: Entry[]; next: string | null }> =>
  ok('GET', `/history${query}`, undefined, as)

/** All pages, of `limit` entries each. */
async function pages(limit: number, query = ''): Promise<Entry[][]> {
  const found: Entry[][] = []
  let before: string | null = null
  do {
    const page = await history(`?limit=${limit}${query}${before === null ? '' : `&before=${before}`}`)
    found.push(page.history)
    before = page.next
  } while (before !== null)
  return found
}

/** Does everything a listener can do, by the doors apps use. */
async function live(): Promise<void> {
  const [phone, tablet] = [app.on('phone'), app.on('tablet')]
  await ok('POST', '/subscriptions', { rss_source_feed: feed, rss_source_id: 'a' })
  await ok('POST', '/subscriptions', { rss_source_feed: feed, rss_source_id: 'b' })
  const { sync_token: seen } = await sync(phone, null, {})
  await sync(tablet, seen, { subscriptions: [{ rss_source_feed: other, subscribed_at: ago(60_000) }] })
  await sync(tablet, seen, { subscriptions: [{ rss_source_feed: other, subscribed_at: ago(50_000) }] })
  await sync(phone, seen, {
    subscriptions: [{ rss_source_feed: other, subscribed_at: ago(90_000), unsubscribed_at: ago(55_000) }],
  })
  await ok('DELETE', `/subscriptions/${other}`)
  await ok('PUT', `/play/${item(1)}/position?feed=${feed}`, { position: 750 })
  await ok('POST', '/play', { ...ref(1), position: 1800, played: true })
  await ok('POST', '/play', { ...ref(1), position: 1800, played: false })
  const { sync_token: now } = await sync(phone, null, {})
  await sync(phone, now, { plays: [{ ...ref(1), position: 0, played: false, reset: true, updated_at: ago(0) }] })
  await ok('POST', `/episodes/${item(1)}/save?feed=${feed}`)
  await ok('DELETE', `/episodes/${item(1)}/save?feed=${feed}`)
  await ok('POST', `/episodes/${item(1)}/share?feed=${feed}`, { comment: 'Hear this' })
  await ok('DELETE', `/episodes/${item(1)}/share?feed=${feed}`)
  await ok('PUT', '/privacy', { privacy: 'private', feed })
  await ok('PUT', '/queue', { items: [ref(1), ref(2), ref(3)] })
  const id = randomUUID()
  await ok('POST', '/playlists', { id, name: 'Road', items: [ref(1)] })
  await ok('PATCH', `/playlists/${id}`, { is_public: true })
  await ok('PUT', `/playlists/${id}/items`, { items: [ref(2)] })
  await ok('DELETE', `/playlists/${id}`)
  await ok('POST', '/playlists', { id, name: 'Road' })
  const { id: shelf } = (await ok('POST', '/collections', { title: 'News' })) as { id: string }
  await ok('PATCH', `/collections/${shelf}`, { color: '#112233' })
  await ok('POST', `/collections/${shelf}/feeds`, { rss_source_feed: feed })
  await ok('DELETE', `/collections/${shelf}`)
  const { sync_token: late } = await sync(phone, null, {})
  await sync(phone, late, { collections: [{ id: shelf, title: 'News', updated_at: ago(-1000), deleted_at: null }] })
  await downloads()
}

/** What no app can say by the REST API. */
async function downloads(): Promise<void> {
  const actions = ['download', 'delete', 'new', 'flattr'].map((action, second) => ({
    podcast: 'https://feeds.example/news.xml',
    episode: 'https://media.example/1.mp3',
    guid: 'guid-1',
    action,
    timestamp: `2026-01-01T00:00:0${second}`,
  }))
  const said = await fetch(`${server.url}/api/2/episodes/${username}.json`, {
    method: 'POST',
    headers: basicOf(username, password),
    body: JSON.stringify(actions),
  })
  expect(said.status).toBe(200)
}

/** What the server learns of feeds: no listener does it. */
const learned = ['FeedMoved', 'FeedsMerged', 'EpisodesMerged']

test('everything that a listener does appears in words', async () => {
  await live()
  const { history: entries, next } = await history('?limit=100')
  expect(next).toBeNull()
  const golden = readdirSync(new URL('../kernel/golden/', import.meta.url)).map((file) => file.split('.')[0])
  expect([...new Set(entries.map((entry) => entry.type))].toSorted()).toEqual(
    [...new Set(golden)].filter((type) => !learned.includes(type ?? '')).toSorted(),
  )
  expect(entries.map((entry) => entry.words).toReversed()).toMatchInlineSnapshot(`
    [
      "Subscribed to feeds.example",
      "Added 1 podcast to the collection “Subscriptions”",
      "Changed the app’s label of feeds.example",
      "Subscribed to audio.example",
      "Added 1 podcast to the collection “Subscriptions”",
      "Subscribed to audio.example once more",
      "Unsubscribing from audio.example was told too late and changed nothing",
      "Unsubscribed from audio.example",
      "Removed 1 podcast from the collection “Subscriptions”",
      "Listened to 12:30 of an episode from feeds.example",
      "Finished an episode from feeds.example",
      "Marked an episode from feeds.example as not played",
      "Started over with an episode from feeds.example",
      "Saved an episode from feeds.example",
      "No longer saved an episode from feeds.example",
      "Shared an episode from feeds.example with the words “Hear this”",
      "Took back the recommendation of an episode from feeds.example",
      "Chose private for feeds.example",
      "Added 3 episodes to the queue",
      "Created the playlist “Road” with 1 episode",
      "Made the playlist “Road” public",
      "Added 1 episode to the playlist “Road” and removed 1 episode from it",
      "Deleted the playlist “Road”",
      "Brought back the playlist “Road”, made it private, and removed 1 episode from it",
      "Created the collection “News”",
      "Changed the colour of the collection “News”",
      "Added 1 podcast to the collection “News”",
      "Deleted the collection “News”",
      "Brought back the collection “News”",
      "Downloaded an episode from feeds.example",
      "Deleted the file of an episode from feeds.example",
      "Marked an episode from feeds.example as new",
      "Flattred an episode from feeds.example",
    ]
  `)
})

test('an entry tells what it is about, when it was, and who did it', async () => {
  const at = ago(86_400_000)
  await ok('POST', '/play', { ...ref(1), position: 750, played: false, at }, app.on('phone'))
  const [entry] = (await history()).history
  expect(entry).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    at,
    recorded_at: expect.stringMatching(/Z$/),
    type: 'PositionMoved',
    words: 'Listened to 12:30 of an episode from feeds.example',
    app: app.id,
    device: 'phone',
    ...ref(1),
    rss_feed_title: null,
    rss_item_title: null,
    playlist_id: null,
    collection_id: null,
  })
})

test('the words are French for who reads French, English for everybody else', async () => {
  await ok('PUT', '/privacy', { privacy: 'private', feed })
  const read = async (language: string) => {
    const reply = await app.call('GET', '/history', undefined, { headers: { 'accept-language': language } })
    expect(reply.headers.get('vary')).toContain('Accept-Language')
    return [reply.headers.get('content-language'), reply.body.history[0].words]
  }
  expect(await read('fr-CA, en;q=0.5')).toEqual(['fr', 'Choisi «\u00a0privé\u00a0» pour feeds.example'])
  expect(await read('de, en;q=0.5, fr;q=0.3')).toEqual(['en', 'Chose private for feeds.example'])
  expect(await read('de')).toEqual(['en', 'Chose private for feeds.example'])
})

describe('paging', () => {
  test('goes through everything once, newest first, while more is recorded', async () => {
    for (let n = 1; n <= 7; n++) await play(n, n)
    const whole = (await history()).history
    expect(whole.map((entry) => entry.words.slice(0, 16))).toEqual(
      [7, 6, 5, 4, 3, 2, 1].map((n) => `Listened to 0:0${n}`),
    )
    const first = await history('?limit=3')
    await play(8, 8)
    const second = await history(`?limit=3&before=${first.next}`)
    await play(1, 9)
    const third = await history(`?limit=3&before=${second.next}`)
    expect([...first.history, ...second.history, ...third.history]).toEqual(whole)
    expect(third.next).toBeNull()
    expect(await history(`?limit=3&before=${second.next}`)).toEqual(third)
  })

  test('ends with a full page where nothing is left', async () => {
    for (let n = 1; n <= 4; n++) await play(n, n)
    expect((await pages(2)).map((page) => page.length)).toEqual([2, 2])
  })

  test.each(['1', 'x', '', 'h', 'h1.5', 'H5', `h${'z'.repeat(11)}`])(
    'refuses the cursor "%s", and names it',
    async (before) => {
      const { status, body } = await app.call('GET', `/history?before=${encodeURIComponent(before)}`)
      expect(status).toBe(400)
      expect(body).toMatchObject({ error_code: 'VALIDATION_ERROR', details: [{ path: 'query.before' }] })
    },
  )
})

describe('with a feed', () => {
  test('only what is about that podcast is told, page by page', async () => {
    await live()
    const whole = (await history('?limit=100')).history as (Entry & { rss_source_feed: string | null })[]
    for (const of of [feed, other]) {
      const about = whole.filter((entry) => entry.rss_source_feed === of)
      expect(about.length).toBeGreaterThan(3)
      const found = await pages(2, `&feed=${of}`)
      expect(found.flat()).toEqual(about)
      expect(found.slice(0, -1).every((page) => page.length === 2)).toBe(true)
    }
  })

  test('that nobody ever named there is nothing', async () => {
    await play(1, 1)
    expect(await history(`?feed=${feedId('https://unknown.example/never')}`)).toEqual({ history: [], next: null })
  })
})

test('nobody else sees any of it, not with the cursor either', async () => {
  for (let n = 1; n <= 3; n++) await play(n, n)
  const { next } = await history('?limit=1')
  const stranger = await server.allow(await server.addUser())
  for (const query of ['', `?before=${next}`, `?feed=${feed}`]) {
    expect(await history(query, stranger)).toEqual({ history: [], next: null })
  }
})

test('it needs the scope to read plays', async () => {
  const narrow = await server.allow({ id: app.user }, { scopes: ['user.privacy'] })
  const { status, body } = await narrow.call('GET', '/history')
  expect(status).toBe(403)
  expect(body.error).toContain('user.plays.read')
})
