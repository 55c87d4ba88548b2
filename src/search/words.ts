/** What somebody looks for, apart into what is written out and a last word that may still be being typed. */
export interface Wanted {
  /** As web search engines take it: `"a phrase"`, `-without`, `this or that`. */
  readonly whole: string
  /** Null where the last word stands in quotes, is one not to be found, or one of two. */
  readonly begun: { readonly before: string; readonly word: string } | null
}

// Two letters begin half of all words there are: they are a word or nothing.
const lastWord = /^(.*?)([\p{L}\p{N}]{3,})$/su

/** Reads what was typed into a search box. */
export function readWanted(typed: string): Wanted {
  const whole = typed.trim()
  const [, before = '', word] = whole.match(lastWord) ?? []
  const quoted = (before.match(/"/g)?.length ?? 0) % 2 === 1
  const begins = before === '' || /\s$/.test(before)
  if (word === undefined || quoted || !begins || /(^|\s)or\s+$/i.test(before)) return { whole, begun: null }
  return { whole, begun: { before: before.trim(), word } }
}
