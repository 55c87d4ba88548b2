/** An element as rss-parser hands it on: its text alone, or what it holds by name. */
type Raw =
  | string
  | { readonly _?: string; readonly $?: Readonly<Record<string, string>>; readonly [name: string]: unknown }

/** The elements of a feed, of an item or inside an element, by name; each may be there more than once. */
export type Elements = Readonly<Record<string, unknown>>

export interface Element {
  /** Without blanks around it; may be empty. */
  readonly text: string
  /** The attribute without blanks around it, null when it is not there or empty; names are in lower case. */
  attribute(name: string): string | null
  readonly inside: Elements
}

const nothing: Elements = {}

function element(raw: Raw): Element {
  if (typeof raw === 'string') return { text: raw.trim(), attribute: () => null, inside: nothing }
  return { text: (raw._ ?? '').trim(), attribute: (name) => raw.$?.[name]?.trim() || null, inside: raw }
}

const none: readonly Element[] = []

/** All elements of these names, one name after the other. Asked a hundred times for each item: no name costs nothing. */
export function all(elements: Elements, ...names: readonly string[]): readonly Element[] {
  let found: Element[] | undefined
  for (const name of names) {
    const raws = elements[name] as readonly Raw[] | undefined
    if (raws === undefined) continue
    found ??= []
    for (const raw of raws) found.push(element(raw))
  }
  return found ?? none
}

/** The first text that says something, of the first name that has one. */
export function firstText(elements: Elements, ...names: readonly string[]): string | null {
  for (const name of names) for (const { text } of all(elements, name)) if (text !== '') return text
  return null
}
