import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeFeed, decodeItem, encodeFeed, encodeItem } from '../../src/podcast/names.ts'
import { runs } from '../support/runs.ts'

const numRuns = runs(200, 2000)

/** Text as it may stand in a feed: any letters, no blanks around it, nothing that ends a string. */
const words = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((text) => text === text.trim() && !text.includes('\0'))
const guid = fc.oneof(
  words,
  fc.constantFrom('tag:host,2005:cms/42', ',', ',,', 'a,b,c', 'https://site.example/?p=7', 'http://a,http:/b'),
  fc.tuple(words, words).map((parts) => parts.join(',').trim()),
)
const enclosure = fc
  .webUrl({ withQueryParameters: true, withFragments: true, size: '-1' })
  .filter((url) => !/,https?:\/\//.test(url))
const commas = fc.webUrl({ size: '-1' }).map((url) => `${url},1,2`)

test('any guid and web address come back as they were, whatever commas the guid has', () => {
  fc.assert(
    fc.property(guid, fc.oneof(enclosure, commas), (guid, enclosure) => {
      expect(decodeItem(encodeItem({ guid, enclosure }))).toEqual({ guid, enclosure })
    }),
    { numRuns },
  )
})

test('an episode without a web address comes back where its guid has no comma', () => {
  const other = fc.oneof(
    words.filter((text) => !/,https?:\/\//.test(text)),
    fc.constantFrom('', 'magnet:?xt=urn:btih:c12fe1', 'ftp://host/a,b.mp3'),
  )
  fc.assert(
    fc.property(words, other, (word, enclosure) => {
      const name = { guid: word.replaceAll(',', ''), enclosure }
      fc.pre(name.guid === name.guid.trim() && (name.guid !== '' || name.enclosure !== ''))
      expect(decodeItem(encodeItem(name))).toEqual(name)
    }),
    { numRuns },
  )
})

test('a feed comes back as it was, from any alphabet, padded or not, and is answered in the url-safe one', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, size: '-1' }), words, (url, word) => {
      const feed = `${url.trim()}?q=${word.replaceAll(/\s/g, '')}`
      const encoded = encodeFeed(feed)
      expect(encoded).toMatch(/^[A-Za-z0-9_-]+$/)
      const standard = Buffer.from(feed).toString('base64')
      const padded = encoded.padEnd(Math.ceil(encoded.length / 4) * 4, '=')
      for (const spelled of [encoded, standard, padded, standard.replace(/=+$/, '')])
        expect(decodeFeed(spelled), spelled).toBe(feed)
    }),
    { numRuns },
  )
})

test('whatever text comes in, the answer is a name or null', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), words), (text) => {
      const name = decodeItem(text)
      if (name !== null) expect(encodeItem(name)).toMatch(/^[A-Za-z0-9_-]+$/)
      const feed = decodeFeed(text)
      if (feed !== null) expect(decodeFeed(encodeFeed(feed))).toBe(feed)
    }),
    { numRuns },
  )
})
