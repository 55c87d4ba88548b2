import type { FeedKind } from '../shapes.ts'
import type { Scope } from './namespaces.ts'
import { type Reading, vocabulary } from './vocabulary.ts'

/**
 * What an open element is: `around` the fields (root, channel), an `item`, a `field` or a `part` of one, `markup` in a
 * field of HTML, an `inline` element in a field of text, or `ignored` with all it holds.
 */
export type Role = 'around' | 'item' | 'field' | 'part' | 'markup' | 'inline' | 'ignored'

export interface Open {
  role: Role
  /** As it is written: the field's name, or the tag of markup. */
  readonly name: string
  readonly reading: Reading
  /** Its text is markup's text, in which `<` is a character. */
  readonly literal: boolean
  readonly scope: Scope
  /** `xml:base` in force, null where none is. */
  readonly base: string | null
}

/** The root elements of feeds. */
export const roots = new Map<string, FeedKind>([
  ['rss', 'rss2'],
  ['rdf', 'rss1'],
  ['feed', 'atom'],
  ['channel', 'rss2'],
])

/** Elements of HTML without an end tag. */
export const childless = new Set(['area', 'br', 'col', 'embed', 'hr', 'img', 'input', 'link', 'meta', 'source', 'wbr'])

/** Fields that are no element of HTML: they end a field of HTML that was left open. */
export const noMarkup = (name: string): boolean =>
  vocabulary.has(name) && (!name.startsWith('rss:') || /:(?:guid|pubdate|enclosure)$/.test(name))
