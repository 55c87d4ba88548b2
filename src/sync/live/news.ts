import type { Changes } from '../changes.ts'
import { laneNames, type Row } from '../lane.ts'

/** Rows that are told together; with them told, all up to `number` is. */
export interface Part {
  readonly changes: Changes
  readonly number: number
  readonly rows: number
}

const numberOf = (row: Row): number => row.number

/**
 * Cuts changes into parts of about `most` rows, in the order they were written, so that a reader who is cut off in the
 * middle goes on from there. Rows beyond `head`, written since it was looked at, go with the last part.
 */
export function partsOf(changes: Changes, head: number, most: number): Part[] {
  const all = laneNames.flatMap((lane) => changes[lane].map((row) => ({ lane, row })))
  all.sort((a, b) => numberOf(a.row) - numberOf(b.row))
  const parts: Part[] = []
  for (let from = 0; from < all.length; ) {
    let to = Math.min(from + most, all.length)
    const last = numberOf((all[to - 1] as (typeof all)[number]).row)
    while (to < all.length && numberOf((all[to] as (typeof all)[number]).row) === last) to++
    const some = noChanges()
    for (const { lane, row } of all.slice(from, to)) some[lane].push(row)
    parts.push({ changes: some, number: to === all.length ? head : Math.min(last, head), rows: to - from })
    from = to
  }
  return parts.length > 0 ? parts : [{ changes: noChanges(), number: head, rows: 0 }]
}

const noChanges = (): Changes => Object.fromEntries(laneNames.map((lane) => [lane, []])) as unknown as Changes

/** What of the changes is news to a reader who was told up to `after` and is not told what it said itself. */
export function newsFor(changes: Changes, after: number, author: string | null): Changes {
  const news = noChanges()
  for (const lane of laneNames)
    news[lane] = changes[lane].filter((row) => numberOf(row) > after && (author === null || row.echo !== author))
  return news
}

export const countRows = (changes: Changes): number => laneNames.reduce((sum, lane) => sum + changes[lane].length, 0)

/** The highest number of the rows; 0 without any. */
export const newestOf = (changes: Changes): number =>
  Math.max(0, ...laneNames.map((lane) => (changes[lane].at(-1)?.number as number | undefined) ?? 0))
