import { hash } from 'node:crypto'
import { type EpisodeName, enclosureForms } from './names.ts'

/**
 * Kinds of names. An enclosure without its query is a weaker name than one with it: `bare` belongs to an episode that
 * has no guid, `bare of guid` to one that has, and the two are never taken for each other by guids that differ.
 */
type AliasKind = 'url' | 'guid' | 'enclosure' | 'bare' | 'bare of guid'

/** Before a key: the names of episodes are told apart within their podcast. */
export const scopeOf = (podcast: string): string => `${podcast} `

/** Scoped keys as the parameters of a statement, keys and podcasts; joined, which costs less than arrays. */
export const columns = (scoped: readonly string[]): [keys: string, podcasts: string] => [
  scoped.map((key) => key.slice(37)).join(),
  scoped.map((key) => key.slice(0, 36)).join(),
]

/** A name as a fixed-size key: URLs can be longer than an index entry may be. */
export const nameKey = (kind: AliasKind, name: string): string => {
  const hex = hash('sha256', `${kind}\n${name}`, 'hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

export interface EpisodeKeys {
  /**
   * What to look an episode up by, the most telling first: guid, then enclosure with its query. Without the query two
   * episodes are one only where one of them has no guid to tell them apart.
   */
  readonly lookUps: readonly string[]
  /** What an episode is known by once it was named so. */
  readonly names: readonly string[]
}

/** @param scope what to put before each key */
export function keysOf({ guid, enclosure }: EpisodeName, scope = ''): EpisodeKeys {
  const keyOf = (kind: AliasKind, name: string) => scope + nameKey(kind, name)
  const byGuid = guid === '' ? [] : [keyOf('guid', guid)]
  if (enclosure === '') return { lookUps: byGuid, names: byGuid }
  const { full, bare } = enclosureForms(enclosure)
  const byFull = keyOf('enclosure', full)
  const byBare = keyOf('bare', bare)
  if (guid !== '') {
    const weaker = bare === full ? [] : [keyOf('bare of guid', bare)]
    return { lookUps: [...byGuid, byFull, byBare], names: [...byGuid, byFull, ...weaker] }
  }
  return {
    lookUps: [byFull, byBare, keyOf('enclosure', bare), keyOf('bare of guid', bare)],
    names: [byFull, byBare],
  }
}

/** The names that alone tell which episode is meant: its guid, and its enclosure with its query. */
export function tellingKeys({ guid, enclosure }: EpisodeName): string[] {
  const byGuid = guid === '' ? [] : [nameKey('guid', guid)]
  return enclosure === '' ? byGuid : [...byGuid, nameKey('enclosure', enclosureForms(enclosure).full)]
}
