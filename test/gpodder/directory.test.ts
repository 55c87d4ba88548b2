import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import { feedId, startServer, type TestServer } from '../support/instance.ts'
import { knowFeeds } from '../support/known-feeds.ts'
import { ask, type Client, startClient } from './client.ts'

const at = (name: string) => `https://feeds.example/${name}.xml`
const hidden = 'https://members.patreon.com/rss/hidden'
const media = 'https://media.example/1.mp3'

let server: TestServer
let newcomer: Client
beforeAll(async () => {
  server = await startServer()
  const [podcast] = await knowFeeds(server, [
    {
      url: at('loved'),
      title: 'Loved & <known>',
      description: 'About\u0001 horses',
      author: 'Somebody',
      categories: ['Society & Culture', 'Arts'],
      link: 'https://pages.example',
      episodes: [{ guid: 'one', enclosure: media, title: 'One', description: 'The first' }],
    },
    { url: at('liked'), title: 'Liked', description: 'Horses too', categories: ['Arts'] },
    { url: hidden, title: 'Hidden horses', categories: ['Secrets'] },
  ])
  await server.fresh.stores.system.pool.query('update system.podcasts set fetched_at = now()')
  for (const count of [3, 2, 1, 0]) {
    const app = await server.allow(await server.addUser())
    await app.call('PUT', '/privacy', { privacy: 'public' })
    for (const url of count > 0 ? [at('loved'), hidden, at('liked')] : [at('loved')])
      await app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
  }
  newcomer = await startClient(server)
  const app = await server.allow(newcomer.user)
  await app.call('POST', '/subscriptions', { rss_source_feed: feedId(at('loved')) })
  for (;;) {
    await sequenceArrivals(server.fresh.stores.events)
    await server.instance.following.advance()
    const { rows } = await server.fresh.stores.events.pool.query('select 1 from events.arrivals limit 1')
    if (rows.length === 0 && (await server.instance.following.states()).every(({ lag }) => lag === 0)) break
  }
  const logo = `${server.url}/covers/${podcast}?size=`
  loved = {
    url: at('loved'),
    title: 'Loved & <known>',
    author: 'Somebody',
    description: 'About\u0001 horses',
    website: 'https://pages.example',
    subscribers: 4,
    subscribers_last_week: 0,
    logo_url: `${logo}600`,
    scaled_logo_url: `${logo}64`,
    mygpo_link: '',
  }
}, 60_000)
afterAll(() => server.close())

let loved: Record<string, unknown>
const get = (path: string, headers: Record<string, string> = {}) => ask(server.url + path, 'GET', undefined, headers)
const titles = async (path: string): Promise<string[]> =>
  (await get(path)).body.map(({ title }: { title: string }) => title)

test('the toplist tells everybody what most listeners here follow, and nothing that is hidden', async () => {
  const { status, body, headers } = await get('/toplist/10.json')
  expect({ status, body }).toEqual({ status: 200, body: [loved, expect.objectContaining({ url: at('liked') })] })
  expect(headers.get('access-control-allow-origin')).toBe('*')
  expect(await titles('/toplist/1.json')).toEqual(['Loved & <known>'])
  const again = await get('/toplist/10.json', { 'if-none-match': headers.get('etag') ?? '' })
  expect([again.status, again.text]).toEqual([304, ''])
})

test('lists come as OPML, text and XML too', async () => {
  expect((await get('/toplist/10.txt')).text).toBe(`${at('loved')}\n${at('liked')}\n`)
  const opml = await get('/toplist/1.opml')
  expect(opml.headers.get('content-type')).toBe('text/x-opml; charset=utf-8')
  expect(opml.text).toContain(`xmlUrl="${at('loved')}"`)
  expect(opml.text).toContain('text="Loved &amp; &lt;known&gt;"')
  expect((await get('/search.xml?q=horses')).text).toContain('<description>About  horses</description>')
})

test('a scaled logo is at least as large as it is asked to be', async () => {
  const [first] = (await get('/toplist/1.json?scale_logo=100')).body
  expect(first.scaled_logo_url).toContain('?size=128')
})

test('a search finds what anybody may know of', async () => {
  expect((await titles('/search.json?q=horse')).toSorted()).toEqual(['Liked', 'Loved & <known>'])
  expect(await titles('/search.json?q=hidden')).toEqual([])
})

test('tags are the categories of feeds, with how many podcasts are in each', async () => {
  expect((await get('/api/2/tags/10.json')).body).toEqual([
    { title: 'Arts', tag: 'arts', usage: 2 },
    { title: 'Society & Culture', tag: 'society-culture', usage: 1 },
  ])
  expect((await get('/api/2/tags/1.json')).body).toHaveLength(1)
  expect(await titles('/api/2/tag/arts/10.json')).toEqual(['Loved & <known>', 'Liked'])
  expect(await titles('/api/2/tag/Society%20%26%20Culture/10.json')).toEqual(['Loved & <known>'])
  expect(await titles('/api/2/tag/secrets/10.json')).toEqual([])
})

test('a podcast and an episode are described, and what is hidden is as unknown as what nobody named', async () => {
  const of = (url: string) => `podcast=${encodeURIComponent(url)}`
  expect((await get(`/api/2/data/podcast.json?url=${encodeURIComponent(at('loved'))}`)).body).toEqual(loved)
  const { body } = await get(`/api/2/data/episode.json?${of(at('loved'))}&url=${encodeURIComponent(media)}`)
  expect(body).toEqual({
    title: 'One',
    url: media,
    podcast_title: 'Loved & <known>',
    podcast_url: at('loved'),
    description: 'The first',
    website: 'https://pages.example/0',
    released: '2026-11-01T10:00:00',
    mygpo_link: '',
  })
  const secret = await get(`/api/2/data/podcast.json?url=${encodeURIComponent(hidden)}`)
  const unknown = await get('/api/2/data/podcast.json?url=https://nobody.example/feed')
  expect([secret.status, unknown.status]).toEqual([404, 404])
  expect(secret.text).toBe(unknown.text)
  expect((await get(`/api/2/data/episode.json?${of(at('loved'))}&url=https://media.example/2.mp3`)).status).toBe(404)
  expect((await get(`/api/2/data/episode.json?${of(at('liked'))}&url=${media}`)).status).toBe(404)
})

test('suggestions are what listeners of the same also follow, for who logs in', async () => {
  expect((await get('/suggestions/10.json')).status).toBe(401)
  const { body } = await newcomer.basic('GET', '/suggestions/10.json')
  expect(body.map(({ url }: { url: string }) => url)).toEqual([at('liked')])
})

describe('what makes no sense is refused', () => {
  test.each([
    '/toplist/0.json',
    '/toplist/101.json',
    '/toplist/many.json',
    '/toplist/1.pdf',
    '/search.json',
    '/search.json?q=%00',
    '/api/2/tags/0.json',
    '/api/2/tag/arts/0.json',
  ])('%s', async (path) => {
    expect((await get(path)).status).toBe(400)
  })
})

test('who asks too often is asked to wait', async () => {
  const limited = await startServer({ beside: server, rateLimits: true })
  const said = []
  for (let n = 0; n < 61; n++) said.push((await ask(`${limited.url}/toplist/1.json`, 'GET')).status)
  await limited.close()
  expect(said.filter((status) => status === 200)).toHaveLength(60)
  expect(said.at(-1)).toBe(429)
})
