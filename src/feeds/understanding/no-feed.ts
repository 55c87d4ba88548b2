import type { NoFeed, NoFeedCode } from '../shapes.ts'

export const noFeed = (code: NoFeedCode, message: string): NoFeed => ({ refused: 'upstream', code, message })

/** Documents in XML that are taken for feeds now and then. */
const documents = new Map([
  ['opml', 'a list of feeds (OPML)'],
  ['urlset', 'a site map'],
  ['sitemapindex', 'a site map'],
  ['error', 'an error message in XML'],
  ['svg', 'a picture (SVG)'],
])

const ofHtml = new Set(
  'html head body div p br b a span script style title meta link table center font h1 h2 pre'.split(' '),
)

/**
 * What a document without the root element of a feed is, in words.
 *
 * @param head how its text begins
 * @param first its first element, in lower case
 */
export function whatItIs(head: string, first: string | null): NoFeed {
  const text = head.replace(/^[\ufeff\s]+/, '')
  if (text === '') return noFeed('empty', 'the answer is empty')
  if (/^[{[]/.test(text))
    return /"version"\s*:\s*"https?:\\?\/\\?\/jsonfeed\.org/.test(text)
      ? noFeed('json', 'the answer is a JSON Feed, and only RSS and Atom are understood')
      : noFeed('json', 'the answer is JSON, not a feed')
  if (/^(?:<!--[\s\S]{0,2000}?-->\s*)?<!doctype\s+html/i.test(text) || (first !== null && ofHtml.has(first)))
    return noFeed('html', 'the answer is a web page, not a feed')
  if (/[\0\ufffd]{4}/.test(text.slice(0, 200)) || /^(?:ID3|.PNG|GIF8|%PDF|PK)/.test(text))
    return noFeed('not_xml', 'the answer is a file that is no text')
  if (first === null) return noFeed('not_xml', 'the answer is text that is no XML')
  const document = documents.get(first)
  if (document) return noFeed('not_a_feed', `the answer is ${document}, not a feed`)
  const name = /^[a-z][a-z0-9-]{0,30}$/.test(first) ? ` (its root is ${first})` : ''
  return noFeed('not_a_feed', `the answer is XML, but neither RSS nor Atom${name}`)
}
