import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, feedId, startServer, type TestServer } from '../support/instance.ts'
import { runs } from '../support/runs.ts'
import { bring, followed, shelves, take } from './opml-app.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const urls = [
  'http://localhost:1/a.xml',
  'http://localhost:1/b.xml?x=1&y="<2>"',
  'http://listener:secret@localhost:1/c',
  "http://localhost:1/d'e/é%20ü",
  'feed://localhost:1/f.xml',
  'http://localhost:1/g.xml',
  'http://localhost:1/h.xml',
]

/** Titles that a reader of XML leaves as they are: without blanks around them. */
const title = fc.oneof(
  fc.constantFrom('News', 'news', 'A / B', '<&">', "l'été", 'feeds', '🎧', ']]>'),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => text === text.trim()),
)

const lives = fc.record({
  /** In the order in which they are followed. */
  feeds: fc.uniqueArray(fc.constantFrom(...urls), { minLength: 1 }),
  collections: fc.uniqueArray(fc.record({ title, feeds: fc.uniqueArray(fc.constantFrom(...urls)) }), {
    maxLength: 4,
    // Collections stand in the order of their titles, whatever the case; the same ones in any.
    selector: (each) => each.title.normalize('NFC').trim().toLowerCase(),
  }),
  home: fc.uniqueArray(fc.constantFrom(...urls)),
})

async function live(app: App, { feeds, collections, home }: typeof lives extends fc.Arbitrary<infer T> ? T : never) {
  const done = async (said: ReturnType<App['call']>) => {
    const { status, body } = await said
    if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
    return body
  }
  for (const url of feeds) await done(app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) }))
  const put = (id: string, list: readonly string[]) =>
    done(app.call('PUT', `/collections/${id}/feeds`, { feeds: list.filter((url) => feeds.includes(url)).map(feedId) }))
  for (const each of collections) {
    const { id } = await done(app.call('POST', '/collections', { title: each.title }))
    await put(id, each.feeds)
  }
  const { body } = await app.call('GET', '/collections')
  await put(body.collections[0].id, home)
}

test('what one listener takes along is, brought by another, the same podcasts in the same collections and order', async () => {
  await fc.assert(
    fc.asyncProperty(
      lives.filter(({ collections }) => collections.every((each) => each.title !== 'Subscriptions')),
      async (life) => {
        const [one, other] = [await server.allow(await server.addUser()), await server.allow(await server.addUser())]
        await live(one, life)
        const { text } = await take(server.url, one)
        expect(await bring(other, text)).toMatchObject({ state: 'done', failed: [] })
        expect(await followed(other)).toEqual(await followed(one))
        const [home, ...rest] = await shelves(one)
        const [homeThere, ...restThere] = await shelves(other)
        expect(restThere).toEqual(rest)
        // What is in no collection lands in the default one, after what was there.
        const placed = [home, ...rest].flatMap((shelf) => shelf?.feeds ?? [])
        const loose = (await followed(one)).filter((url) => !placed.includes(url))
        const there = homeThere?.feeds ?? []
        expect(there.slice(0, home?.feeds.length)).toEqual(home?.feeds)
        expect(there.slice(home?.feeds.length).toSorted()).toEqual(loose)
        expect((await take(server.url, other)).text.replace(/<head>.*<\/head>/s, '')).toHaveLength(
          text.replace(/<head>.*<\/head>/s, '').length,
        )
      },
    ),
    { numRuns: runs(25, 300), seed: 20_261_122 },
  )
}, 120_000)
