import type { RssFeed } from 'feedsmith'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { feedId, itemId, startServer } from '../support/instance.ts'
import { type GatewayWorld, gatewayWorld, newest, type Reader, written } from './world.ts'

let world: GatewayWorld
beforeAll(async () => {
  world = await gatewayWorld()
})
afterAll(() => world.close())

const day = 86_400_000
const titles = (feed: RssFeed.Feed<string>) => feed.items?.map((item) => item.title)

async function following(...names: string[]): Promise<Reader> {
  const reader = await world.reader()
  for (const name of names) await world.follow(reader, world.feedUrl(name))
  return reader
}

describe('the feed of all subscriptions', () => {
  test('is read back right by a parser that is not ours', async () => {
    world.publish(
      'whole',
      written(
        'Tea &amp; Talk',
        [
          {
            guid: 'one',
            title: '“First” &lt;words&gt; &amp; é 🎙',
            extra: `<link>https://show.example/one?a=1&amp;b=2</link>
<description><![CDATA[<p>Hello <b>there</b> &amp; you</p>]]></description>
<itunes:duration>1:02:03</itunes:duration><itunes:image href="https://show.example/one.jpg"/>
<itunes:explicit>yes</itunes:explicit><itunes:season>2</itunes:season><itunes:episode>7</itunes:episode>
<itunes:episodeType>bonus</itunes:episodeType>
<podcast:season name="The second">2</podcast:season><podcast:episode display="Seven">7</podcast:episode>
<podcast:chapters url="https://show.example/one.json" type="application/json+chapters"/>
<podcast:transcript url="https://show.example/one.vtt" type="text/vtt" language="en" rel="captions"/>
<podcast:person role="guest" img="https://show.example/ada.jpg" href="https://ada.example/">Ada &amp; co</podcast:person>
<podcast:soundbite startTime="73.5" duration="60">Best bit</podcast:soundbite>`,
          },
        ],
        '<itunes:image href="https://show.example/cover.jpg"/><itunes:author>The teapots</itunes:author>',
      ),
    )
    const url = world.feedUrl('whole')
    const reader = await following('whole')
    const { username, secret } = reader
    const feed = await world.read(reader, 'subscriptions.xml')
    expect(feed).toMatchObject({
      title: `Subscriptions · ${username}`,
      link: world.server.url,
      generator: 'Balados Sync',
      atom: {
        links: [
          { href: `${world.server.url}/rss/${secret}/subscriptions.xml`, rel: 'self', type: 'application/rss+xml' },
        ],
      },
      itunes: { type: 'episodic', author: username, block: true, explicit: true },
      podcast: { guid: expect.stringMatching(/^[0-9a-f-]{36}$/), locked: { value: true } },
    })
    expect(feed.items).toHaveLength(1)
    expect(feed.items?.[0]).toMatchObject({
      title: 'Tea & Talk - “First” <words> & é 🎙',
      link: 'https://show.example/one?a=1&b=2',
      description: 'Hello there & you',
      guid: { value: expect.stringMatching(/^[0-9a-f-]{36}$/), isPermaLink: false },
      pubDate: new Date(newest).toUTCString(),
      enclosures: [
        {
          url: `${world.server.url}/play/${secret}/${feedId(url)}/${itemId('one', 'https://media.example/one.mp3')}`,
          length: 12345,
          type: 'audio/mpeg',
        },
      ],
      content: { encoded: '<p>Hello <b>there</b> &amp; you</p>' },
      itunes: {
        title: '“First” <words> & é 🎙',
        author: 'The teapots',
        duration: 3723,
        image: 'https://show.example/one.jpg',
        explicit: true,
        season: 2,
        episode: 7,
        episodeType: 'bonus',
      },
      podcast: {
        season: { number: 2, name: 'The second' },
        episode: { number: 7, display: 'Seven' },
        chapters: { url: 'https://show.example/one.json', type: 'application/json+chapters' },
        transcripts: [{ url: 'https://show.example/one.vtt', type: 'text/vtt', language: 'en', rel: 'captions' }],
        persons: [
          { display: 'Ada & co', role: 'guest', img: 'https://show.example/ada.jpg', href: 'https://ada.example/' },
        ],
        soundbites: [{ startTime: 73.5, duration: 60, display: 'Best bit' }],
      },
    })
  })

  test('names the source of what anybody may read', async () => {
    world.publish('sourced', written('Sourced', [{ guid: 'sourced' }]))
    const reader = await following('sourced')
    // Another process of the same instance, which remembers nothing of the time before the feed was read.
    const beside = await startServer({ beside: world.server })
    onTestFinished(() => beside.close())
    const text = await (await fetch(`${beside.url}/rss/${reader.secret}/subscriptions`)).text()
    expect(text).toContain(`<source url="${world.feedUrl('sourced')}">Sourced</source>`)
  })

  test('holds the newest 100 of all podcasts, by publication', async () => {
    const episodes = (from: number) =>
      Array.from({ length: 80 }, (_, n) => ({ guid: `${2 * n + from}`, age: 2 * n + from }))
    world.publish('even', written('Even', episodes(0)))
    world.publish('odd', written('Odd', episodes(1)))
    const reader = await following('even', 'odd')
    const feed = await world.read(reader, 'subscriptions')
    expect(titles(feed)).toEqual(
      Array.from({ length: 100 }, (_, n) => `${n % 2 === 0 ? 'Even' : 'Odd'} - Episode ${n}`),
    )
    expect(new Set(feed.items?.map((item) => item.guid?.value)).size).toBe(100)
  })

  test('leaves out a podcast whose feed fails or was never read, names it in a comment, and shows the others', async () => {
    world.publish('sound', written('Sound', [{ guid: 'sound' }]))
    world.publish('broken', 500)
    const reader = await following('sound', 'broken')
    const text = await (await world.get(`/rss/${reader.secret}/subscriptions`)).text()
    expect(text).toContain(`<!-- Left out: ${new URL(world.origin.url).host} was not read yet -->`)
    expect(titles(await world.read(reader, 'subscriptions'))).toEqual(['Sound - Episode sound'])
  })

  test('tells a failing podcast as it was last read for a day, then leaves it out, whatever its title is', async () => {
    world.publish('nasty', written('A --&gt; &lt;item/&gt; --- --', [{ guid: 'nasty' }]))
    const reader = await following('nasty')
    const fail = (status: string, hours: number) =>
      world.server.fresh.stores.cache.pool.query(
        `update cache.feeds set status = $2, failures = 1, failing_since = now() - make_interval(hours => $3) where podcast_id = $1`,
        [podcast, status, hours],
      )
    const podcast = await world.server.instance.catalog.knownPodcast(world.feedUrl('nasty'))
    await fail('failing', 23)
    expect((await world.read(reader, 'subscriptions')).items).toHaveLength(1)
    for (const [status, words] of [
      ['failing', 'fails'],
      ['gone', 'is gone'],
      ['locked', 'asks for a password'],
    ] as const) {
      await fail(status, status === 'failing' ? 25 : 0)
      const text = await (await world.get(`/rss/${reader.secret}/subscriptions`)).text()
      const [comment = ''] = text.match(/<!--[\s\S]*?-->/) ?? []
      expect(comment.slice(4, -3)).not.toContain('--')
      expect(comment).toContain(words)
      const feed = await world.read(reader, 'subscriptions')
      expect(feed.items ?? []).toEqual([])
      expect(feed.title).toBe(`Subscriptions · ${reader.username}`)
    }
  })

  test('is empty, and still a feed, for somebody who follows nothing', async () => {
    const reader = await world.reader()
    expect(await world.read(reader, 'subscriptions')).toMatchObject({ title: `Subscriptions · ${reader.username}` })
  })

  test('is kept by the reader alone, and not sent again while nothing changed', async () => {
    world.publish('kept', written('Kept', [{ guid: 'kept' }]))
    const reader = await following('kept')
    const path = `/rss/${reader.secret}/subscriptions.xml`
    const first = await world.get(path)
    expect(Object.fromEntries(first.headers)).toMatchObject({
      'content-type': 'application/rss+xml; charset=utf-8',
      'cache-control': 'private, max-age=60',
      'referrer-policy': 'no-referrer',
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
    })
    const again = await world.get(path, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    expect(again.headers.get('cache-control')).toBe('private, max-age=60')
    await reader.app.call('DELETE', `/subscriptions/${feedId(world.feedUrl('kept'))}`)
    const changed = await world.get(path, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
    expect(changed.status).toBe(200)
    const head = await world.get(path, { method: 'HEAD' })
    expect([head.status, head.headers.get('etag')]).toEqual([200, changed.headers.get('etag')])
  })

  test('holds what no XML can hold without it, and no text without measure', async () => {
    world.publish(
      'odd-signs',
      written('Bell &#7; &#xFFFE; here', [
        { guid: 'long', title: 'T'.repeat(3000), extra: `<description>${'word '.repeat(40_000)}</description>` },
      ]),
    )
    const reader = await following('odd-signs')
    const text = await (await world.get(`/rss/${reader.secret}/subscriptions`)).text()
    for (const sign of ['\x07', '\uFFFE']) expect(text).not.toContain(sign)
    expect(text.length).toBeLessThan(20_000)
    const [item] = (await world.read(reader, 'subscriptions')).items ?? []
    expect(item?.title?.startsWith('Bell')).toBe(true)
    expect(item?.description).toHaveLength(4_000)
  })

  test('is also of private podcasts, which it names nowhere but where they are played', async () => {
    world.publish('private/member', written('Members', [{ guid: 'secret' }]))
    const reader = await following('private/member')
    const [item] = (await world.read(reader, 'subscriptions')).items ?? []
    expect(item).toMatchObject({ title: 'Members - Episode secret' })
    expect(item?.source).toBeUndefined()
    expect(item?.enclosures?.[0]?.url).toContain(`/play/${reader.secret}/`)
    expect((await fetch(item?.enclosures?.[0]?.url ?? '', { redirect: 'manual' })).headers.get('location')).toBe(
      'https://media.example/secret.mp3',
    )
  })
})

describe('the feeds of collections and playlists', () => {
  const item = (feed: string, guid: string) => ({
    rss_source_feed: feedId(world.feedUrl(feed)),
    rss_source_item: itemId(guid, `https://media.example/${guid}.mp3`),
  })

  test('a collection holds the podcasts that are in it', async () => {
    world.publish('in', written('In', [{ guid: 'in' }]))
    world.publish('out', written('Out', [{ guid: 'out' }]))
    const reader = await following('in', 'out')
    const made = await reader.app.call('POST', '/collections', { title: 'Mornings', description: 'With coffee' })
    await reader.app.call('POST', `/collections/${made.body.id}/feeds`, {
      rss_source_feed: feedId(world.feedUrl('in')),
    })
    for (const ending of ['', '.xml']) {
      const feed = await world.read(reader, `collections/${made.body.id}${ending}`)
      expect(feed).toMatchObject({ title: `Mornings · ${reader.username}`, description: 'With coffee' })
      expect(titles(feed)).toEqual(['In - Episode in'])
    }
  })

  test('a playlist and the queue keep their own order, with the dates of publication', async () => {
    world.publish(
      'order',
      written(
        'Order',
        ['a', 'b', 'c'].map((guid, age) => ({ guid, age })),
      ),
    )
    const reader = await following('order')
    const items = ['b', 'c', 'a'].map((guid) => item('order', guid))
    const made = await reader.app.call('POST', '/playlists', { name: 'Slow', items })
    await reader.app.call('PUT', '/queue', { items: items.toReversed() })
    const playlist = await world.read(reader, `playlists/${made.body.id}.xml`)
    expect(titles(playlist)).toEqual(['Order - Episode b', 'Order - Episode c', 'Order - Episode a'])
    expect(playlist.items?.map((one) => Date.parse(String(one.pubDate)))).toEqual(
      [1, 2, 0].map((n) => newest - n * day),
    )
    const queue = (await reader.app.call('GET', '/queue')).body
    for (const path of ['queue', 'queue.xml', `playlists/${queue.id}`])
      expect(titles(await world.read(reader, path))).toEqual([
        'Order - Episode a',
        'Order - Episode c',
        'Order - Episode b',
      ])
    const guids = await Promise.all(
      ['queue', `playlists/${made.body.id}`, 'subscriptions'].map(
        async (path) => (await world.read(reader, path)).podcast?.guid,
      ),
    )
    expect(new Set(guids).size).toBe(3)
  })

  test('somebody else’s, a deleted and an unknown list are 404, one’s own that nobody filled are empty', async () => {
    const [mine, theirs] = [await world.reader(), await world.reader()]
    const made = {
      collections: (await theirs.app.call('POST', '/collections', { title: 'Theirs' })).body.id,
      playlists: (await theirs.app.call('POST', '/playlists', { name: 'Theirs' })).body.id,
    }
    const status = async (reader: Reader, path: string) => (await world.get(`/rss/${reader.secret}/${path}`)).status
    for (const kind of ['collections', 'playlists'] as const) {
      const path = `${kind}/${made[kind]}`
      expect([await status(theirs, path), await status(mine, path)]).toEqual([200, 404])
      await theirs.app.call('DELETE', `/${path}`)
      expect(await status(theirs, path)).toBe(404)
      for (const id of ['x', crypto.randomUUID(), '']) expect(await status(mine, `${kind}/${id}`)).toBe(404)
    }
    const queue = (await mine.app.call('GET', '/queue')).body.id
    const home = (await mine.app.call('GET', '/collections')).body.collections[0].id
    for (const path of ['queue', `playlists/${queue}`, `collections/${home}`]) {
      expect(await status(mine, path)).toBe(200)
      if (path !== 'queue') expect(await status(theirs, path)).toBe(404)
    }
  })
})
