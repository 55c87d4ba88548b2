import { Parser } from 'htmlparser2'

const reference = /&(?:#(\d{1,9})|#x([0-9a-f]{1,8})|([a-z][a-z0-9]{1,31}));/gi

/** Entities by their names in HTML; null for a name that HTML does not have. */
const named = new Map<string, string | null>([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** The most names kept: what a hostile document makes up must not stay for ever. */
const mostNames = 3000

function byName(name: string): string | null {
  const known = named.get(name)
  if (known !== undefined) return known
  let text = ''
  const ontext = (data: string) => {
    text += data
  }
  new Parser({ ontext }).end(`&${name};`)
  const found = text === `&${name};` ? null : text
  if (named.size < mostNames) named.set(name, found)
  return found
}

const windows1252 = new TextDecoder('windows-1252')

/** Numbers from 128 to 159 mean what windows-1252 has there, as in HTML: `&#146;` is an apostrophe. */
function byNumber(code: number): string {
  if (code > 0x10ffff) return '\ufffd'
  return code >= 0x80 && code <= 0x9f ? windows1252.decode(Uint8Array.of(code)) : String.fromCodePoint(code)
}

/**
 * Resolves character references and the entities of HTML once. Whatever else a document declares stays as it is
 * written: nothing is ever expanded that is not one character or two.
 *
 * @param unknown hears of each name that nobody knows
 */
export function resolveEntities(text: string, unknown?: (name: string) => void): string {
  if (!text.includes('&')) return text
  const resolved = text.replace(reference, (written, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return byNumber(Number.parseInt(decimal, 10))
    if (hex !== undefined) return byNumber(Number.parseInt(hex, 16))
    const found = byName(name ?? '')
    if (found === null) unknown?.(name ?? '')
    return found ?? written
  })
  return withoutControls(resolved).toWellFormed()
}

const inXml: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as it may stand in XML and in HTML, between tags and in quoted attributes. */
export const escapeMarkup = (text: string): string => text.replace(/[&<>"]/g, (found) => inXml[found] ?? found)

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to go
const uncalledFor = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g

/** Without the characters XML forbids (and PostgreSQL, for the first of them). */
export const withoutControls = (text: string): string => text.replace(uncalledFor, '')
