import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NoFeedCode } from '../../src/feeds/shapes.ts'

/**
 * What a feed must be understood as, written by hand from its bytes. Only what is named is compared, but the number
 * of episodes always is. Times are written as ISO 8601.
 */
export interface Expectation {
  /** The test's name. */
  readonly says: string
  readonly url?: string
  readonly contentType?: string
  readonly refused?: NoFeedCode
  /** Words the refusal's message must have. */
  readonly message?: string
  readonly feed?: Readonly<Record<string, unknown>>
  readonly episodes?: readonly Readonly<Record<string, unknown>>[]
  /** All notes, by what they say and how often they were met. */
  readonly notes?: Readonly<Record<string, number>>
}

export interface Specimen extends Expectation {
  readonly name: string
  readonly bytes: Buffer
}

const folder = fileURLToPath(new URL('awkward', import.meta.url))

/** The feeds of `awkward/`, each `NAME.xml` beside its `NAME.json`. */
export function awkwardFeeds(): readonly Specimen[] {
  const files = readdirSync(folder)
  const names = [...new Set(files.map((file) => file.replace(/\.(?:xml|json)$/, '')))]
  return names.map((name) => ({
    name,
    bytes: readFileSync(join(folder, `${name}.xml`)),
    ...(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Expectation),
  }))
}

const times = new Set(['publishedAt', 'builtAt'])

/** The same with times as ISO 8601, as expectations have them. */
export function withIsoTimes<T extends object>(value: T): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, at]) => [
      key,
      times.has(key) && typeof at === 'number' ? new Date(at).toISOString() : at,
    ]),
  )
}
