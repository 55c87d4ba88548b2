import { hash } from 'node:crypto'

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** Dark enough for white letters. */
const colours = ['#1f5fa8', '#7a3b8f', '#a3211f', '#2c7a3f', '#8a5a00', '#37596b']

/** A picture for a podcast without one: its initial, or a note where it has no name to be shown. */
export function placeholder(podcast: string, title: string | null): string {
  const initial = title === null ? undefined : initialOf(title)
  const colour = colours[Number.parseInt(hash('sha1', podcast, 'hex').slice(0, 8), 16) % colours.length] ?? ''
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" role="img" aria-hidden="true"><rect width="100" height="100" fill="${colour}"/><text x="50" y="50" dy="0.36em" text-anchor="middle" font-family="system-ui, sans-serif" font-size="52" fill="#ffffff">${initial ?? '♪'}</text></svg>`
}

function initialOf(title: string): string | undefined {
  const word = title.match(/[\p{L}\p{N}].*/u)?.[0]
  const [first] = word === undefined ? [] : letters.segment(word)
  const letter = first?.segment.toUpperCase()
  // Longer ones are marks piled upon marks.
  return letter === undefined || letter.length > 4 ? undefined : letter
}
