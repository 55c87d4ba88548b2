import type { Category } from '../shapes.ts'
import { all, type Elements } from './elements.ts'
import { oneLine } from './html.ts'

const most = 50

/** What a feed or item is about: the categories of iTunes with those under them first, then those in plain words. */
export function categoriesOf(elements: Elements): readonly Category[] {
  const nested = all(elements, 'itunes:category', 'googleplay:category').flatMap((category) => {
    const name = category.attribute('text') ?? category.text
    const under = all(category.inside, 'itunes:category').map((sub) => sub.attribute('text') ?? sub.text)
    return [{ name, under: null }, ...under.map((sub) => ({ name: sub, under: name }))]
  })
  const plain = [
    ...all(elements, 'rss:category', 'dc:subject', 'media:category').map(({ text }) => text),
    ...all(elements, 'atom:category').map(
      (category) => category.attribute('label') ?? category.attribute('term') ?? '',
    ),
  ].map((name) => ({ name, under: null }))
  const found = new Map<string, Category>()
  for (const { name, under } of [...nested, ...plain]) {
    const category = { name: oneLine(name), under: under === null ? null : oneLine(under) }
    const key = `${category.name}\n${category.under ?? ''}`.toLowerCase()
    if (category.name !== '' && !found.has(key)) found.set(key, category)
  }
  return [...found.values()].slice(0, most)
}
