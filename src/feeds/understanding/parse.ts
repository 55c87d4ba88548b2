import RssParser from 'rss-parser'
import type { FeedKind } from '../shapes.ts'
import type { Elements } from './elements.ts'
import { vocabulary } from './vocabulary.ts'

/*
 * Every element is a custom field, handed on as it is and as often as it is there. What rss-parser makes of the
 * elements it knows itself would not do: it keeps the first of several, loses what is nested, throws for an odd date,
 * and its snippets of texts take time by the square of a hostile text's length.
 */
const fields = [...vocabulary.keys()].map((name) => [name, name, { keepArray: true }])

const parser = new RssParser<Elements, Elements>({
  customFields: { feed: fields as never, item: fields as never },
})

// An element that holds nothing would be a string for the parser, and a string has a `link` in JavaScript: the attribute
// makes objects of them all.
const around: Record<FeedKind, (channel: string, items: string) => string> = {
  rss2: (channel, items) => `<rss version="2.0"><channel of="">${channel}${items}</channel></rss>`,
  rss1: (channel, items) => `<rdf:RDF><channel of="">${channel}</channel>${items}</rdf:RDF>`,
  atom: (channel, items) => `<feed of="">${channel}${items}</feed>`,
}

function itemOf(kind: FeedKind, fields: string): string {
  const name = kind === 'atom' ? 'entry' : 'item'
  return `<${name} of="">${fields}</${name}>`
}

/** The elements of each of these items, in order. */
export async function parseItems(kind: FeedKind, items: readonly string[]): Promise<readonly Elements[]> {
  return (await parser.parseString(around[kind]('', items.map((fields) => itemOf(kind, fields)).join('')))).items
}

/** The elements of the feed itself. */
export const parseChannel = (kind: FeedKind, channel: string): Promise<Elements> =>
  parser.parseString(around[kind](channel, ''))
