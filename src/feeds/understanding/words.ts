import type { Owner } from '../shapes.ts'
import { type Elements, firstText } from './elements.ts'
import { oneLine } from './html.ts'

const address = /[^\s<>()"',;:]+@[^\s<>()"',;:]+\.[^\s<>()"',;:]+/

/** `ada@example.org (Ada)`, `Ada <ada@example.org>`, a name alone or an address alone, as RSS writes people. */
export function mailbox(text: string | null): Owner {
  const written = oneLine(text ?? '').replace(/^mailto:/i, '')
  const email = address.exec(written)?.[0] ?? null
  const rest = email === null ? written : written.replace(email, '')
  const name = rest
    .replace(/[<([]\s*[>)\]]/g, '')
    .replace(/^[\s<>("',;-]+|[\s<>("',;-]+$/g, '')
    .replace(/^([^(]*)\)$/, '$1')
    .trim()
  return { name: name === '' ? null : name, email }
}

/** `yes` and `no` in the forms feeds have for it; null for anything else. */
export function yesOrNo(text: string | null): boolean | null {
  const said = text?.toLowerCase() ?? ''
  if (/^(?:yes|true|1|explicit|y|on)$/.test(said)) return true
  return /^(?:no|false|0|clean|n|off)$/.test(said) ? false : null
}

/** Whether one of the elements of these names says yes. */
export const saysYes = (elements: Elements, ...names: readonly string[]): boolean =>
  names.some((name) => yesOrNo(firstText(elements, name)) === true)

/** The first number in a text, not negative: 2 of `S2`, `Season 2`, `#2`, `2.0`. */
export function readNumber(text: string | null): number | null {
  const digits = /\d{1,9}(?:\.\d{1,3})?/.exec(text ?? '')?.[0]
  return digits === undefined || /-\s*\d/.test(text ?? '') ? null : Number(digits)
}

/** A whole number above zero and nothing else, null otherwise. */
export function readCount(text: string | null): number | null {
  const digits = /^\s*(\d{1,15})(?:\.0+)?\s*$/.exec(text ?? '')?.[1]
  return Number(digits ?? 0) || null
}

/** A time within a recording in seconds, which may have a fraction. */
export function readSeconds(text: string | null): number | null {
  return /^\d{1,9}(?:\.\d{1,9})?$/.test(text ?? '') ? Number(text) : null
}

const mostKeywords = 100

/** The words between commas, each once. */
export const keywordsOf = (texts: readonly string[]): readonly string[] =>
  [...new Set(texts.flatMap((text) => text.split(',')).map(oneLine))]
    .filter((word) => word !== '')
    .slice(0, mostKeywords)
