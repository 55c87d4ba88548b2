import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser'
import { type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'

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
})

/** An element as the parser gives it: its children under its name, its attributes under `:@`. */
type Element = Readonly<Record<string, unknown>>

/**
 * The URLs of the feeds in an OPML file (http://opml.org/spec2.opml), in order, however deep in folders. Refuses what
 * is no OPML and tells in which line, and every file that declares entities: a few lines of those could fill the memory.
 */
export function readOpml(file: string): readonly string[] | Refusal {
  if (file.length > longest) return refuse('payload_too_large', `An OPML file may have ${longest} characters.`)
  const text = file.replace(/^\uFEFF/, '').trimStart()
  if (text.includes('<!ENTITY')) return refuseValue('body', 'declares entities, which OPML has no need for')
  const judged = XMLValidator.validate(text)
  if (judged !== true) {
    const { line, msg } = judged.err
    const before = file.slice(0, file.indexOf(text)).split('\n').length - 1
    return refuseValue('body', `is not OPML: line ${line + before}: ${msg.slice(0, 200)}`)
  }
  const root = elementsOf(text)?.find((element) => 'opml' in element)
  return root ? feedsIn(root) : refuseValue('body', 'is not OPML: it has no <opml>, or too many folders in folders')
}

function elementsOf(text: string): readonly Element[] | null {
  try {
    return parser.parse(text) as readonly Element[]
  } catch {
    return null
  }
}

function feedsIn(root: Element): readonly string[] {
  const feeds: string[] = []
  const left: Element[] = [root]
  for (let element = left.pop(); element; element = left.pop()) {
    const url = 'outline' in element ? urlOf((element[':@'] ?? {}) as Readonly<Record<string, string>>) : ''
    if (url !== '') feeds.push(url)
    for (const name of ['opml', 'body', 'outline'])
      for (const child of ((element[name] ?? []) as Element[]).toReversed()) left.push(child)
  }
  return feeds
}

/** Some apps write `url`, which is a page's or another file's where the outline says so. */
function urlOf({ xmlurl = '', url = '', type = '' }: Readonly<Record<string, string>>): string {
  return (xmlurl || (/^(link|include)$/i.test(type) ? '' : url)).trim()
}

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
  const outline = urls.map((url) => ({ '@type': 'rss', '@text': inXml(url), '@xmlUrl': inXml(url) }))
  return writeXml({ opml: { '@version': '2.0', head: { title: inXml(title) }, body: { outline } } })
}

/** Characters XML can't hold, or would read as blanks, as URLs write them. */
export const inXml = (text: string): string =>
  text.toWellFormed().replace(/[\p{Cc}\uFFFE\uFFFF]/gu, (sign) => encodeURIComponent(sign))
