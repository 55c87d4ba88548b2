import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NoFeed, ParsedFeed } from '../../src/feeds/shapes.ts'
import { readFeed } from '../../src/feeds/understanding/read-feed.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { unstorable } from '../../src/kernel/storable.ts'
import { runs } from '../support/runs.ts'
import { awkwardFeeds } from './expectations.ts'

const source = { url: 'https://feeds.example/dir/feed.xml', contentType: null }

/** Text as a feed may hold it, with all that has to be escaped; blanks around it are the feed's, not the text's. */
const words = fc
  .string({ unit: fc.constantFrom(...'ab é日😀&<>"\'ا;#x/=-]'), minLength: 1, maxLength: 20 })
  .map((text) => `w${text}w`.replace(/\s+/g, ' '))

const inXml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`).replaceAll('é', '&#xE9;')
const inCdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
const written = (text: string, cdata: boolean): string => (cdata ? inCdata(text) : inXml(text))

/** A title of RSS may hold HTML, so that signs of markup in one are not always taken as they stand. */
const withoutMarkup = (title: string): string => title.replace(/[<&]/g, '').replace(/ +/g, ' ')

const clock = (seconds: number): string =>
  [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((n) => String(Math.floor(n)).padStart(2, '0')).join(':')

const episode = fc.record({
  title: words,
  guid: words,
  seconds: fc.integer({ min: 1, max: 360_000 }),
  asClock: fc.boolean(),
  cdata: fc.boolean(),
  filler: fc.constantFrom('', '<!-- <item> -->', '\r\n  ', '<x:y xmlns:x="urn:x"><guid>no</guid></x:y>'),
})
type Episode = ReturnType<(typeof episode)['generate']>['value']

const prefixed = fc.record({ itunes: fc.constantFrom('itunes', 'i', 'IT', 'a.b-c'), episodes: fc.array(episode) })

const rss = (itunes: string, episodes: readonly Episode[]): string =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:${itunes}="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>
  <title>Made up</title>${episodes
    .map(
      ({ title, guid, seconds, asClock, cdata, filler }) =>
        `<item>${filler}<title>${written(withoutMarkup(title), cdata)}</title>${filler}<guid isPermaLink="false"> ${written(guid, !cdata)}\n</guid>
        <enclosure url="https://media.example/1.mp3" length="1" type="audio/mpeg"/>
        <${itunes}:duration>${asClock ? clock(seconds) : seconds}</${itunes}:duration></item>`,
    )
    .join(filler(episodes))}</channel></rss>`

const filler = ([first]: readonly Episode[]): string => first?.filler ?? ''

const atom = (itunes: string, episodes: readonly Episode[]): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:${itunes}="http://www.itunes.com/dtds/podcast-1.0.dtd"><title>Made up</title>${episodes
    .map(
      ({ title, guid, seconds, asClock, cdata }) =>
        `<entry><title type="text">${written(title, cdata)}</title><id>${written(guid, cdata)}</id>
        <link rel="enclosure" href="https://media.example/1.mp3"/>
        <${itunes}:duration>${asClock ? clock(seconds) : seconds}</${itunes}:duration></entry>`,
    )
    .join('')}</feed>`

async function understood(bytes: Uint8Array): Promise<ParsedFeed> {
  const feed = await readFeed(bytes, source)
  if (isRefusal(feed)) throw new Error(feed.message)
  return feed
}

const encodings = ['utf8', 'utf16le'] as const

test('what a well-formed feed says comes back, in every kind and encoding', async () => {
  await fc.assert(
    fc.asyncProperty(
      prefixed,
      fc.constantFrom(rss, atom),
      fc.constantFrom(...encodings),
      async ({ itunes, episodes }, kind, encoding) => {
        const text = kind(itunes, episodes)
        const mark = encoding === 'utf16le' ? '\ufeff' : ''
        const feed = await understood(Buffer.from(mark + text, encoding))
        expect(feed).toMatchObject({ title: 'Made up', cut: false })
        expect(feed.episodes.map(({ title, guid, duration }) => ({ title, guid, duration }))).toEqual(
          episodes.map(({ title, guid, seconds }) => ({
            title: kind === rss ? withoutMarkup(title) : title,
            guid,
            duration: seconds,
          })),
        )
      },
    ),
    { numRuns: runs(100, 2000) },
  )
})

test('a feed cut anywhere keeps the items that were whole, as they were', async () => {
  await fc.assert(
    fc.asyncProperty(prefixed, fc.nat(), async ({ itunes, episodes }, at) => {
      const bytes = Buffer.from(rss(itunes, episodes))
      const whole = await understood(bytes)
      const cut = bytes.subarray(0, bytes.indexOf('<title>') + (at % (bytes.length - bytes.indexOf('<title>'))))
      const part = await understood(cut)
      expect(part.cut).toBe(true)
      const ends = cut.toString('latin1').split('</item>').length - 1
      expect(part.episodes).toEqual(whole.episodes.slice(0, part.episodes.length))
      // An end tag may stand in a comment or in CDATA; an item may not be lost.
      expect(part.episodes.length).toBeLessThanOrEqual(ends)
      expect(part.episodes.length).toBeGreaterThanOrEqual(whole.episodes.length - (episodes.length - ends))
    }),
    { numRuns: runs(60, 1000) },
  )
})

const real = readdirSync(new URL('feeds', import.meta.url))
  .map((name) => readFileSync(new URL(`feeds/${name}`, import.meta.url)))
  .filter((bytes) => bytes.length < 20_000)
const specimens = [...real, ...awkwardFeeds().map(({ bytes }) => bytes)]

const mutation = fc.record({
  at: fc.nat(),
  remove: fc.nat({ max: 200 }),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc
      .constantFrom(
        '<',
        '>',
        ']]>',
        '<![CDATA[',
        '<!--',
        '-->',
        '&',
        '&#',
        '"',
        '</item>',
        '<item>',
        '<entry>',
        '<?',
        '<!',
      )
      .map((text) => Buffer.from(text)),
  ),
})

function mutated(
  bytes: Uint8Array,
  changes: readonly { at: number; remove: number; insert: Uint8Array }[],
): Uint8Array {
  return changes.reduce<Uint8Array>((now, { at, remove, insert }) => {
    const where = now.length === 0 ? 0 : at % now.length
    return Buffer.concat([now.subarray(0, where), insert, now.subarray(where + remove)])
  }, bytes)
}

/** What holds for anything that is read at all. */
function isSound(result: ParsedFeed | NoFeed): void {
  expect(unstorable(result)).toBeUndefined()
  expect(JSON.parse(JSON.stringify(result))).toEqual(result)
  if (isRefusal(result)) return
  for (const { enclosure, link, description, duration, publishedAt } of result.episodes) {
    for (const url of [enclosure?.url, link]) if (url) expect(URL.parse(url)?.protocol).toMatch(/^https?:$/)
    expect(description?.html ?? '').not.toMatch(/<(?:script|img|iframe|style|svg|form)|<[^>]*(?:\son\w+=|javascript:)/i)
    if (duration !== null) expect(Number.isSafeInteger(duration) && duration > 0).toBe(true)
    if (publishedAt !== null) expect(Number.isSafeInteger(publishedAt)).toBe(true)
  }
}

test('bytes at random are refused or read, and soon', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), async (bytes, inside) => {
      const around = inside ? Buffer.concat([Buffer.from('<rss><channel><item>'), bytes]) : bytes
      isSound(await readFeed(around, source))
    }),
    { numRuns: runs(100, 5_000) },
  )
})

test('a feed with bytes changed, added and taken away is refused or read, and soon', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...specimens),
      fc.array(mutation, { minLength: 1, maxLength: 8 }),
      async (bytes, changes) => {
        const started = performance.now()
        isSound(await readFeed(mutated(bytes, changes), source))
        expect(performance.now() - started).toBeLessThan(5000)
      },
    ),
    { numRuns: runs(150, 5_000) },
  )
})
