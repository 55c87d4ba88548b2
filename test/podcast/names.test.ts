import { describe, expect, test } from 'vitest'
import {
  canonicalFeed,
  decodeFeed,
  decodeItem,
  enclosureForms,
  encodeItem,
  feedName,
  itemName,
} from '../../src/podcast/names.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('base64', () => {
  // Its bytes need `+`, `/` and padding: /?>~ in the standard alphabet.
  const feed = 'https://feeds.example/ÿ?>~~'
  const standard = base64(feed)
  const urlSafe = Buffer.from(feed).toString('base64url')

  test('is understood in both alphabets, padded or not, and mixed', () => {
    expect(standard).not.toBe(urlSafe)
    expect(standard).toMatch(/[+/]/)
    for (const spelled of [standard, urlSafe, standard.replace(/=+$/, ''), standard.replace('+', '-')])
      expect(decodeFeed(spelled), spelled).toBe(feed)
  })

  test('of one, two and three letters in the last group', () => {
    for (const end of ['x', 'xy', 'xyz']) {
      const url = `https://a.example/${end}`
      expect(decodeFeed(base64(url))).toBe(url)
      expect(decodeFeed(base64(url).replace(/=+$/, ''))).toBe(url)
    }
  })

  test('whose scheme was percent-encoded on the way is read as it was meant', () => {
    expect(decodeFeed(base64('https%3A//feeds.example/a'))).toBe('https://feeds.example/a')
    expect(decodeFeed(base64('http%3a%2F%2Ffeeds.example/a'))).toBe('http://feeds.example/a')
  })

  const good = base64('https://feeds.example/a')
  const refused: [string, string][] = [
    ['nothing', ''],
    ['padding alone', '=='],
    ['blanks', ` ${good}`],
    ['a line break', `${good}\n`],
    ['a letter of no alphabet', `${good.slice(0, -1)}!`],
    ['padding in the middle', `aHR0=${good}`],
    ['three padding characters', `${good.replace(/=+$/, '')}===`],
    ['a digit too many', `${base64('https://feeds.example/ab')}a`],
    ['bytes that are no text', Buffer.from('https://feeds.example/ÿ,https://m.example', 'latin1').toString('base64')],
    ['a text with a zero in it', base64('https://feeds.example/\0')],
    ['a name longer than any', base64(`https://feeds.example/${'a'.repeat(8_000)}`)],
    ['percent-encoding', encodeURIComponent(`${good}=`)],
  ]
  test.each(refused)('of %s is refused', (_what, encoded) => {
    expect(decodeFeed(encoded)).toBeNull()
    expect(decodeItem(encoded)).toBeNull()
    expect(feedName.safeParse(encoded).success).toBe(false)
    expect(itemName.safeParse(encoded).success).toBe(false)
  })
})

describe('a feed', () => {
  test.each([
    'https://feeds.example/a.xml',
    'http://feeds.example',
    'HTTPS://Feeds.Example/A',
    'feed://feeds.example/a',
    'feed:https://feeds.example/a',
    'itpc://feeds.example/a',
    'pcast://feeds.example/a',
    'podcast://feeds.example/a',
    'https://user:secret@feeds.example/a',
    'https://bücher.example/ä',
  ])('may be %s', (url) => {
    expect(decodeFeed(base64(url))).toBe(url)
    expect(feedName.parse(base64(url))).toBe(url)
  })

  test.each([
    'feeds.example/a.xml',
    'ftp://feeds.example/a',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'https://',
    'feed:',
    'just words',
    '/a.xml',
    'data:text/xml,<rss/>',
  ])('is not %s', (url) => {
    expect(decodeFeed(base64(url))).toBeNull()
  })

  test('loses blanks around it', () => {
    expect(decodeFeed(base64(' https://feeds.example/a\n'))).toBe('https://feeds.example/a')
  })
})

describe('an episode’s name is split', () => {
  const split: [why: string, text: string, guid: string, enclosure: string][] = [
    ['at the one comma', 'guid-1,https://m.example/1.mp3', 'guid-1', 'https://m.example/1.mp3'],
    [
      'at the last comma before http',
      'tag:host,2005:7,http://m.example/1.mp3',
      'tag:host,2005:7',
      'http://m.example/1.mp3',
    ],
    ['not at commas of the address', 'g,https://m.example/a,b,c.mp3', 'g', 'https://m.example/a,b,c.mp3'],
    [
      'after a guid that is an address',
      'https://s.example/?p=1,https://m.example/1',
      'https://s.example/?p=1',
      'https://m.example/1',
    ],
    ['after a guid with such a comma', 'a,http://b,https://m.example/1', 'a,http://b', 'https://m.example/1'],
    ['after a guid with the very same one', 'a,https://b,https://m.example/1', 'a,https://b', 'https://m.example/1'],
    ['whichever of http and https is last', 'a,https://b,http://m.example/1', 'a,https://b', 'http://m.example/1'],
    ['at the first comma without any http', 'guid,1,2,3', 'guid', '1,2,3'],
    ['with nothing before it', ',https://m.example/1.mp3', '', 'https://m.example/1.mp3'],
    ['with nothing behind it', 'guid-1,', 'guid-1', ''],
    ['without the blanks', ' guid-1 , https://m.example/1 ', 'guid-1', 'https://m.example/1'],
  ]
  test.each(split)('%s', (_why, text, guid, enclosure) => {
    expect(decodeItem(base64(text))).toEqual({ guid, enclosure })
    expect(itemName.parse(base64(text))).toEqual({ guid, enclosure })
  })

  test.each(['guid without a comma', ',', ' , '])('and %j is none', (text) => {
    expect(decodeItem(base64(text))).toBeNull()
  })

  test('and answered as one', () => {
    expect(encodeItem({ guid: 'ÿÿ>', enclosure: 'https://m.example/?' })).toBe('w7_Dvz4saHR0cHM6Ly9tLmV4YW1wbGUvPw')
  })
})

describe('two spellings of one feed', () => {
  const canonical = 'feeds.example/Show'
  test.each([
    'https://feeds.example/Show',
    'http://feeds.example/Show',
    'HTTPS://FEEDS.EXAMPLE/Show',
    'https://feeds.example:443/Show',
    'http://feeds.example:80/Show',
    'https://feeds.example:80/Show',
    'https://feeds.example/Show/',
    'https://feeds.example/Show///',
    'https://feeds.example/Show#latest',
    'https://feeds.example/a/../Show',
    'feed://feeds.example/Show',
    'feed:https://feeds.example/Show',
    'feed://https://feeds.example/Show',
    'itpc://feeds.example/Show',
    'pcast://feeds.example/Show',
    'podcast://feeds.example/Show',
    'https%3A//feeds.example/Show',
    'https%3A%2F%2Ffeeds.example/Show',
  ])('%s is the same', (url) => {
    expect(canonicalFeed(url)).toBe(canonical)
  })

  test.each([
    ['https://feeds.example/show', 'feeds.example/show'],
    ['https://feeds.example/Show?format=xml', 'feeds.example/Show?format=xml'],
    ['https://feeds.example/Show/?format=xml', 'feeds.example/Show?format=xml'],
    ['https://feeds.example:8080/Show', 'feeds.example:8080/Show'],
    ['https://me:pw@feeds.example/Show', 'me:pw@feeds.example/Show'],
    ['https://you:pw@feeds.example/Show', 'you:pw@feeds.example/Show'],
    ['https://www.feeds.example/Show', 'www.feeds.example/Show'],
    ['https://feeds.example', 'feeds.example'],
    ['https://feeds.example/', 'feeds.example'],
    ['https://bücher.example/a', 'xn--bcher-kva.example/a'],
    ['https://feeds.example/caf%25C3%25A9', 'feeds.example/caf%C3%A9'],
    ['https://feeds.example/café', 'feeds.example/caf%C3%A9'],
    ['no address at all', 'no address at all'],
  ])('%s is %s', (url, other) => {
    expect(canonicalFeed(url)).toBe(other)
  })
})

describe('two spellings of one enclosure', () => {
  const table: [url: string, canonical: string, bare: string][] = [
    ['https://m.example/1.mp3', 'm.example/1.mp3', 'm.example/1.mp3'],
    ['http://m.example/1.mp3', 'm.example/1.mp3', 'm.example/1.mp3'],
    ['https://M.Example/1.mp3?utm_source=app&t=1', 'm.example/1.mp3?utm_source=app&t=1', 'm.example/1.mp3'],
    ['https://m.example/1.M4A?x=1', 'm.example/1.M4A?x=1', 'm.example/1.M4A'],
    ['https://m.example/1.mp3#t=30', 'm.example/1.mp3', 'm.example/1.mp3'],
    ['https%3A%2F%2Fm.example/1.mp3', 'm.example/1.mp3', 'm.example/1.mp3'],
    ['https://m.example:8443/1.mp3?x', 'm.example:8443/1.mp3?x', 'm.example:8443/1.mp3'],
    ['https://m.example/get.php?id=7', 'm.example/get.php?id=7', 'm.example/get.php?id=7'],
    ['https://m.example/1.mp3/go?id=9', 'm.example/1.mp3/go?id=9', 'm.example/1.mp3/go?id=9'],
    ['https://m.example/go.mp3?http://h/7.mp3', 'm.example/go.mp3?http://h/7.mp3', 'm.example/go.mp3?http://h/7.mp3'],
    ['https://m.example/go.mp3?f=7.m4a', 'm.example/go.mp3?f=7.m4a', 'm.example/go.mp3?f=7.m4a'],
    ['', '', ''],
    ['words', 'words', 'words'],
    ['magnet:?xt=urn:btih:c12f', 'magnet:?xt=urn:btih:c12f', 'magnet:?xt=urn:btih:c12f'],
  ]
  test.each(table)('%s is %s, barely %s', (url, canonical, bare) => {
    expect(enclosureForms(url)).toEqual({ full: canonical, bare })
  })
})
