import { Parser } from 'htmlparser2'
import type { FeedKind } from '../shapes.ts'
import { escapeMarkup, resolveEntities, withoutControls } from './entities.ts'
import { nameIn, type Scope, scopeInside, scopeOfRss } from './namespaces.ts'
import type { NoteTaker } from './notes.ts'
import { childless, noMarkup, type Open, type Role, roots } from './open-elements.ts'
import { type Reading, vocabulary } from './vocabulary.ts'

/** What a document was rewritten to: XML that any parser reads, with one name for each thing. */
export interface Rewriting {
  /** Takes the next piece of the document. */
  write(text: string): void
  /** The document is at its end. */
  end(): void
  /** The fields of each item that became whole since the last call. */
  takeItems(): string[]
  /** The fields of the feed itself, without its items; whole after `end`. */
  channel(): string
  /** Null as long as no root element of a feed was met. */
  kind(): FeedKind | null
  /** The first element, in lower case and without prefix: what the document is when it is no feed. */
  firstElement(): string | null
  /** True for a document that is not worth reading on. */
  hopeless(): boolean
  /** Whether the document ended before its root element did. */
  cut(): boolean
}

/** Deeper nesting is no feed; far deeper, and finding the element an end tag belongs to takes for ever. */
const deepest = 2000
const longestAttribute = 8192
/** Characters of one field, and of all fields of an item or of the feed: more is no text that anyone wrote. */
const longestField = 1024 * 1024
const longestPlace = 4 * longestField

/**
 * Rewrites a feed of any kind, whole or broken, in well-formed XML without document type, entities, comments or
 * namespaces, that holds the fields of `vocabulary.ts` and nothing else.
 *
 * @param base the document's address, which `xml:base` is resolved against
 */
export function rewriting(base: string, notes: NoteTaker): Rewriting {
  const open: Open[] = []
  const items: string[] = []
  let kind: FeedKind | null = null
  let first: string | null = null
  let channel = ''
  /** What is written of the item that is open, null outside. */
  let item: string | null = null
  let itemsMet = 0
  let raw = ''
  /** Characters written of the field that is open. */
  let fieldSize = 0
  let inCdata = false
  let ending = false
  /** How many elements are open around the root. */
  let aroundRoot = 0
  let rootClosed = false
  let tooDeep = false

  const where = () => (item === null ? null : `item ${itemsMet}`)
  const odd = (prefix: string) => notes.note(`the prefix ${prefix} is not declared as the usual one`)
  const unknownEntity = (name: string) => notes.note(`the entity ${name} is none of HTML and stands as it is`, where())

  function put(xml: string): void {
    if (item === null) channel += xml
    else item += xml
  }

  /** Text of the field that is open; beyond a length that no text has it is left out. */
  function putInField(text: string): void {
    fieldSize += text.length
    if (fieldSize <= longestField) put(escapeMarkup(text))
    else notes.note('a text is longer than a million characters and cut')
  }

  const top = (): Open | undefined => open.at(-1)

  function putText(text: string): void {
    const at = top()
    if (!at || at.role === 'around' || at.role === 'item' || at.role === 'ignored') return
    if (at.reading !== 'text' && at.reading !== 'html') return
    putInField(at.literal ? escapeMarkup(text) : text)
  }

  /** Text comes in pieces that may part an entity: it waits until something else comes. */
  function flush(): void {
    if (raw === '') return
    // Nothing more of a text that is cut is worth the work.
    const text = fieldSize > longestField ? raw : resolveEntities(raw, unknownEntity)
    raw = ''
    putText(withoutControls(text))
  }

  /** Ends the fields that are open, because something follows that can't be inside them. */
  function endFields(): void {
    for (let i = open.length - 1; i >= 0; i -= 1) {
      const at = open[i] as Open
      if (at.role === 'around' || at.role === 'item') return
      if (at.role === 'field' || at.role === 'part') {
        put(`</${at.name}>`)
        notes.note(`the element ${at.name} has no end`, where())
      }
      at.role = 'around'
    }
  }

  function finishItem(): void {
    if (item !== null) items.push(item)
    item = null
  }

  function startItem(): void {
    endFields()
    if (item !== null) {
      notes.note('an item begins before the one before it ends', where())
      finishItem()
      for (const at of open) if (at.role === 'item') at.role = 'ignored'
    }
    item = ''
    itemsMet += 1
  }

  function attributesOf(attributes: Readonly<Record<string, string>>, at: string | null): string {
    let written = at === null ? '' : ` xml:base="${escapeMarkup(at)}"`
    for (const name in attributes) {
      const short = name.toLowerCase()
      if (short.startsWith('xmlns') || short === 'xml:base' || !/^[a-z][\w.:-]*$/.test(short)) continue
      const value = withoutControls(resolveEntities(attributes[name] ?? '', unknownEntity))
      if (value.length <= longestAttribute) written += ` ${short}="${escapeMarkup(value)}"`
      else notes.note(`an attribute is longer than ${longestAttribute} characters and left out`, where())
    }
    return written
  }

  function startField(
    name: string,
    role: 'field' | 'part',
    attributes: Readonly<Record<string, string>>,
    scope: Scope,
    inside: string | null,
  ): Open {
    if ((item ?? channel).length > longestPlace) {
      notes.note('an item or the feed has more fields than any real one, and the rest is left out', where())
      return { role: 'ignored', name, reading: 'empty', literal: false, scope, base: inside }
    }
    put(`<${name}${attributesOf(attributes, inside)}>`)
    if (role === 'field') fieldSize = 0
    const xhtml = attributes.type?.toLowerCase() === 'xhtml'
    return { role, name, reading: vocabulary.get(name) ?? 'text', literal: xhtml, scope, base: inside }
  }

  /** The root is looked for past anything before it: some servers print their warnings first. */
  function startRoot(name: string, attributes: Readonly<Record<string, string>>, declared: Scope): Open {
    const local = name.slice(name.indexOf(':') + 1).toLowerCase()
    first ??= local
    // A page may quote a feed, and is none.
    kind = first === 'html' ? null : (roots.get(local) ?? null)
    if (kind === null) return { role: 'ignored', name, reading: 'empty', literal: false, scope: declared, base: null }
    aroundRoot = open.length
    if (local !== first) notes.note('the feed begins after something else')
    if (local === 'channel') notes.note('the feed has a channel and no rss around it')
    const language = attributes['xml:lang']
    if (language) put(`<xml:lang>${escapeMarkup(language)}</xml:lang>`)
    const scope = kind === 'atom' ? declared : scopeOfRss(declared)
    return { role: 'around', name, reading: 'empty', literal: false, scope, base: baseInside(null, attributes) }
  }

  function baseInside(outer: string | null, attributes: Readonly<Record<string, string>>): string | null {
    const said = attributes['xml:base']
    return said ? (URL.parse(resolveEntities(said).trim(), outer ?? base)?.href ?? outer) : outer
  }

  function start(tag: string, attributes: Readonly<Record<string, string>>): Open {
    const parent = top()
    const declared = scopeInside(parent?.scope ?? new Map(), attributes)
    if (kind === null) return startRoot(tag, attributes, declared)
    const inside = baseInside(parent?.base ?? null, attributes)
    const name = nameIn(declared, tag, kind === 'atom' ? 'atom' : 'rss', odd)
    const as = (role: Role, reading: Reading, literal = false, scope = declared): Open => {
      const written = role === 'markup' ? tag.slice(tag.indexOf(':') + 1).toLowerCase() : (name ?? tag)
      return { role, name: written, reading, literal, scope, base: inside }
    }

    if (name === (kind === 'atom' ? 'atom:entry' : 'rss:item')) {
      startItem()
      const named = Object.keys(attributes).find((attribute) => /(?:^|:)about$/i.test(attribute))
      const about = kind === 'rss1' && named ? attributes[named] : undefined
      if (about) put(`<rdf:about>${escapeMarkup(withoutControls(resolveEntities(about)))}</rdf:about>`)
      return as('item', 'empty')
    }
    const fieldHere = name !== null && vocabulary.has(name)
    const field = (role: 'field' | 'part') => startField(name ?? tag, role, attributes, declared, inside)
    switch (parent?.role ?? 'around') {
      case 'around':
      case 'item':
        if (name === 'rss:channel') return as('around', 'empty', false, scopeOfRss(declared))
        return fieldHere ? field('field') : as('ignored', 'empty')
      case 'field':
      case 'part':
      case 'markup':
      case 'inline': {
        const reading = parent?.reading ?? 'empty'
        if (typeof reading !== 'string')
          return name !== null && reading.includes(name) ? field('part') : as('ignored', 'empty')
        if (name !== null && (reading === 'html' ? noMarkup(name) : fieldHere)) {
          endFields()
          return field('field')
        }
        if (reading === 'empty') return as('ignored', 'empty')
        if (reading === 'text') return as('inline', 'text', parent?.literal)
        const markup = as('markup', 'html', parent?.literal)
        putInField(`<${markup.name}${attributesOf(attributes, null)}>`)
        return markup
      }
      case 'ignored':
        return as('ignored', 'empty')
    }
  }

  function close(at: Open): void {
    switch (at.role) {
      case 'item':
        if (!ending) finishItem()
        else notes.note('the document ends within an item, which is left out', where())
        item = null
        break
      case 'field':
      case 'part':
        put(`</${at.name}>`)
        break
      case 'markup':
        if (!childless.has(at.name)) putInField(`</${at.name}>`)
        break
      default:
    }
    if (open.length === aroundRoot && kind !== null && !ending) rootClosed = true
  }

  const parser = new Parser(
    {
      onopentag: (tag, attributes) => {
        if (tooDeep) return
        flush()
        if (open.length >= deepest) tooDeep = true
        else open.push(start(tag, attributes))
      },
      onclosetag: () => {
        if (tooDeep) return
        flush()
        const at = open.pop()
        if (at) close(at)
      },
      ontext: (text) => {
        if (inCdata) putText(withoutControls(text))
        else raw += text
        if (raw.length > longestField) flush()
      },
      oncdatastart: () => {
        flush()
        inCdata = true
      },
      oncdataend: () => {
        inCdata = false
      },
      onprocessinginstruction: (name, data) => {
        if (/^!entity$/i.test(name) || /^!doctype[^>]*<!entity/i.test(data))
          notes.note('the document declares entities of its own, which are not expanded')
      },
    },
    { xmlMode: true, decodeEntities: false },
  )

  return {
    write: (text) => parser.write(text),
    end: () => {
      ending = true
      parser.end()
    },
    takeItems: () => items.splice(0),
    channel: () => channel,
    kind: () => kind,
    firstElement: () => first,
    hopeless: () => tooDeep || (kind === null && first === 'html'),
    cut: () => kind !== null && !rootClosed,
  }
}
