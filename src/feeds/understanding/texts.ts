import type { RichText } from '../shapes.ts'
import { all, type Element, type Elements } from './elements.ts'
import { asOneLine, oneLine, richText } from './html.ts'

/** A title: one line, without the tags and doubled escapes that some feeds put in theirs. */
export function titleOf(elements: Elements, ...names: readonly string[]): string | null {
  for (const title of all(elements, ...names)) {
    const literal = title.attribute('type')?.toLowerCase() === 'text'
    const line = literal ? asOneLine(title.text) : oneLine(title.text)
    if (line !== '') return line
  }
  return null
}

/** Atom says which texts are plain (`type="text"`, also where it says nothing); everyone else writes HTML. */
function isLiteral(name: string, element: Element): boolean {
  const type = element.attribute('type')?.toLowerCase() ?? null
  if (!name.startsWith('atom:')) return type === 'plain'
  // Atom 0.3 says `text/html`, and `mode="escaped"` of HTML too.
  return element.attribute('mode') === null && (type === null || type === 'text' || type === 'text/plain')
}

/** The first text of these names that says something. */
export function textOf(elements: Elements, base: string, ...names: readonly string[]): RichText | null {
  for (const name of names)
    for (const element of all(elements, name)) {
      const here = element.attribute('xml:base') ?? base
      const text = element.text === '' ? null : richText(element.text, here, isLiteral(name, element))
      if (text !== null) return text
    }
  return null
}
