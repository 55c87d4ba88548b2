import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'

/** Characters of a file; one of ten thousand podcasts has about two million. More would keep everybody waiting. */
const longest = 4 * 1024 * 1024
/** Folders within folders. */
const deepest = 100

const lowerCase = (name: string): string => name.toLowerCase()

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  // Apps write xmlUrl, xmlurl and XMLURL.
  transformTagName: lowerCase,
  transformAttributeName: lowerCase,
  parseTagValue: false,
  // Numbered characters are among them.
  htmlEntities: true,
  maxNestedTags: deepest,
  // Where each element begins.
  captureMetaData: true,
})
const metadata = XMLParser.getMetaDataSymbol() as symbol

/** An element as the parser gives it: its children under its name, its attributes under `:@`. */
type Element = Readonly<Record<string, unknown>>
type Attributes = Readonly<Record<string, string | undefined>>

/** A podcast as an OPML file names it. */
export interface OpmlPodcast {
  /** Counted from 1. */
  readonly line: number
  /** As it stands there; empty where the file forgot it. */
  readonly url: string
  readonly title: string | null
  /** The names of the folders it is in, the outermost first; nameless ones are left out. */
  readonly folders: readonly string[]
}

export interface OpmlFile {
  /** What the file calls itself. */
  readonly title: string | null
  /** In order, however deep in folders. */
  readonly podcasts: readonly OpmlPodcast[]
  /** The folders that say of themselves that they are, with nothing in them. */
  readonly emptyFolders: readonly (readonly string[])[]
}

/**
 * What an OPML file (http://opml.org/spec2.opml) holds. Refuses what is no OPML and tells in which line, and every file
 * that declares entities: a few lines of those could fill the memory. A file of 4 MB takes a third of a second.
 */
export function readOutlines(file: string): OpmlFile | Refusal {
  if (file.length > longest) return refuse('payload_too_large', `An OPML file may have ${longest} characters.`)
  const text = file.replace(/^\uFEFF/, '').trimStart()
  if (text.includes('<!ENTITY')) return refuseValue('body', 'declares entities, which OPML has no need for')
  const before = linesIn(file.slice(0, file.length - text.length))
  const judged = XMLValidator.validate(text)
  if (judged !== true) {
    const { line, msg } = judged.err
    return refuseValue('body', `is not OPML: line ${line + before}: ${msg.slice(0, 200)}`)
  }
  const root = elementsOf(text)?.find((element) => 'opml' in element)
  if (!root) return refuseValue('body', 'is not OPML: it has no <opml>, or too many folders in folders')
  return { title: titleOf(root), ...outlinesIn(root, lineCounter(text, before)) }
}

/** The URLs of the feeds in an OPML file, in order; see `readOutlines`. */
export function readOpml(file: string): readonly string[] | Refusal {
  const read = readOutlines(file)
  return isRefusal(read) ? read : read.podcasts.map(({ url }) => url).filter((url) => url !== '')
}

function elementsOf(text: string): readonly Element[] | null {
  try {
    return parser.parse(text) as readonly Element[]
  } catch {
    return null
  }
}

const childrenOf = (element: Element, name: string): readonly Element[] =>
  Array.isArray(element[name]) ? (element[name] as readonly Element[]) : []

function titleOf(root: Element): string | null {
  const head = childrenOf(root, 'opml').find((element) => 'head' in element)
  const title = head && childrenOf(head, 'head').find((element) => 'title' in element)
  const text = title && childrenOf(title, 'title')[0]?.['#text']
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null
}

const linesIn = (text: string): number => text.split('\n').length - 1

/** Tells the line of an index; indexes must rise from call to call. */
function lineCounter(text: string, before: number): (index: number) => number {
  let line = before + 1
  let at = 0
  return (index) => {
    for (let next = text.indexOf('\n', at); next >= 0 && next < index; next = text.indexOf('\n', at)) {
      line++
      at = next + 1
    }
    return line
  }
}

interface Place {
  readonly element: Element
  readonly folders: readonly string[]
}

function outlinesIn(root: Element, lineOf: (index: number) => number): Omit<OpmlFile, 'title'> {
  const podcasts: OpmlPodcast[] = []
  const emptyFolders: (readonly string[])[] = []
  const left: Place[] = [{ element: root, folders: [] }]
  for (let next = left.pop(); next; next = left.pop()) {
    const { element } = next
    let { folders } = next
    const children = ['opml', 'body', 'outline'].flatMap((name) => childrenOf(element, name))
    if ('outline' in element) {
      const said = (element[':@'] ?? {}) as Attributes
      const name = (said.text ?? said.title ?? '').trim()
      if (isPodcast(said, children)) {
        const line = lineOf((element as Record<symbol, { startIndex?: number } | undefined>)[metadata]?.startIndex ?? 0)
        podcasts.push({ line, url: urlOf(said), title: (said.title || said.text)?.trim() || null, folders })
      } else {
        folders = name === '' ? folders : [...folders, name]
        if (children.length === 0 && said.type === emptyFolder && name !== '') emptyFolders.push(folders)
      }
    }
    for (const child of children.toReversed()) left.push({ element: child, folders })
  }
  return { podcasts, emptyFolders }
}

/** What is not a podcast although it has a `url`: a page, another file, what Overcast writes below a podcast. */
const others = /^(?:link|include|podcast-episode|podcast-playlist)$/i

/** Some apps write `url`, which is a page's or another file's where the outline says so. */
const urlOf = ({ xmlurl = '', url = '', type = '' }: Attributes): string =>
  (xmlurl || (others.test(type) ? '' : url)).trim()

/** An outline of a feed is a podcast also when its URL is missing, so that somebody can be told. */
const isPodcast = (said: Attributes, children: readonly Element[]): boolean =>
  urlOf(said) !== '' || (children.length === 0 && (said.xmlurl !== undefined || /^rss$/i.test(said.type ?? '')))

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  format: true,
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
})

const head = { '@version': '1.0', '@encoding': 'UTF-8' }

/** An XML document of this content: attributes are prefixed with `@`. */
export const writeXml = (content: object): string => builder.build({ '?xml': head, ...content })

/** These feeds as an OPML file. */
export function writeOpml(title: string, urls: readonly string[]): string {
  const outline = urls.map((url) => outlineOf({ url, title: null, page: null }))
  return writeXml({ opml: { '@version': '2.0', head: { title: inXml(title) }, body: { outline } } })
}

/** A podcast to be written into a file. */
export interface ListedPodcast {
  readonly url: string
  readonly title: string | null
  /** Its web page. */
  readonly page: string | null
}

export interface ListedFolder {
  readonly title: string
  readonly podcasts: readonly ListedPodcast[]
}

/** What an empty folder says it is, so that it is not taken for a line of text. */
const emptyFolder = 'folder'

/** So many outlines are written in a few milliseconds. */
const atOnce = 500

/**
 * An OPML file piece by piece, so that whoever writes a long one can do something else in between.
 *
 * @param podcasts those in no folder, which come first
 * @param created milliseconds since 1970
 */
export function* opmlPieces(
  about: { readonly title: string; readonly created: number },
  podcasts: readonly ListedPodcast[],
  folders: readonly ListedFolder[],
): Generator<string> {
  const dateCreated = new Date(about.created).toUTCString()
  yield `${writeXml({ head: { title: spoken(about.title), dateCreated } }).replace('<head>', '<opml version="2.0">\n<head>')}<body>\n`
  yield* outlinePieces(podcasts)
  for (const folder of folders) {
    const text = spoken(folder.title)
    if (folder.podcasts.length === 0) {
      yield builder.build({ outline: { '@text': text, '@title': text, '@type': emptyFolder } })
      continue
    }
    yield builder.build({ outline: { '@text': text, '@title': text } }).replace(/\/>\s*$/, '>\n')
    yield* outlinePieces(folder.podcasts)
    yield '</outline>\n'
  }
  yield '</body>\n</opml>\n'
}

function* outlinePieces(podcasts: readonly ListedPodcast[]): Generator<string> {
  for (let at = 0; at < podcasts.length; at += atOnce)
    yield builder.build({ outline: podcasts.slice(at, at + atOnce).map(outlineOf) })
}

function outlineOf({ url, title, page }: ListedPodcast) {
  const xmlUrl = inXml(url)
  const named = title === null ? '' : spoken(title)
  return {
    '@type': 'rss',
    '@text': named || xmlUrl,
    ...(named === '' ? {} : { '@title': named }),
    '@xmlUrl': xmlUrl,
    ...(page === null ? {} : { '@htmlUrl': inXml(page) }),
  }
}

/** Characters XML can't hold, or would read as blanks, as URLs write them. */
export const inXml = (text: string): string =>
  text.toWellFormed().replace(/[\p{Cc}\uFFFE\uFFFF]/gu, (sign) => encodeURIComponent(sign))

/** A person's words: there such characters are blanks. */
const spoken = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\uFFFE\uFFFF]+/gu, ' ')
    .trim()
