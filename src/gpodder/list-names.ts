/** A list as far as its name goes. */
export interface Titled {
  readonly id: string
  readonly title: string
  /** Comparable: when it was made. */
  readonly madeAt: number
}

/** The short name of a list in paths: its title's letters and digits, in lower case, with dashes between; may be empty. */
export const shortName = (title: string): string =>
  title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')

/** Lists by name. Where two have one title, the older has the plain name and the others a number behind it. */
export function byName<List extends Titled>(lists: readonly List[]): ReadonlyMap<string, List> {
  const named = new Map<string, List>()
  const oldestFirst = lists.toSorted((a, b) => a.madeAt - b.madeAt || (a.id < b.id ? -1 : 1))
  for (const list of oldestFirst) {
    const plain = shortName(list.title) || 'list'
    let name = plain
    for (let n = 2; named.has(name); n++) name = `${plain}-${n}`
    named.set(name, list)
  }
  return named
}
