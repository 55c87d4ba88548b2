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

const around: Record<FeedKind, (channel: string, items: string) => string> = {
  rss2: (channel, items) => `<rss version="2.0"><channel>${channel}${items}</channel></rss>`,
  rss1: (channel, items) => `<rdf:RDF><channel>${channel}</channel>${items}</rdf:RDF>`,
  // An element that holds nothing at all would not be there for the parser.
  atom: (channel, items) => `<feed version="1">${channel}${items}</feed>`,
}

/** The elements of each of these rewritten items, in order. */
export async function parseItems(kind: FeedKind, items: readonly string[]): Promise<readonly Elements[]> {
  return (await parser.parseString(around[kind]('', items.join('')))).items
}

/** The elements of the feed itself. */
export const parseChannel = (kind: FeedKind, channel: string): Promise<Elements> =>
  parser.parseString(around[kind](channel, ''))
