import { generateNKeysBetween } from 'fractional-indexing'
import { knows, type Seen, type Written } from './seen.ts'

/** One item's place among others: a fractional key, last writer wins; and who added it, which removals must know. */
export interface Placed extends Written {
  readonly place: string
  readonly at: number
  /** Each device's newest addition. */
  readonly added: readonly Written[]
}

/** Items in an order that several devices change at once. Keys are item names; order is by place, then by name. */
export type Arrangement = Readonly<Record<string, Placed>>

/** An item, its place, and the time that counts when another device placed it too. */
export type Placing = readonly [item: string, place: string, at: number]

/** What an edit does to an arrangement. */
export interface Rearrangement {
  readonly added: readonly Placing[]
  readonly moved: readonly Placing[]
  readonly removed: readonly string[]
}

export const unchanged: Rearrangement = { added: [], moved: [], removed: [] }

export const changesNothing = (r: Rearrangement): boolean =>
  r.added.length === 0 && r.moved.length === 0 && r.removed.length === 0

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The items in order. */
export function inOrder(arrangement: Arrangement): string[] {
  return Object.entries(arrangement)
    .sort(([a, x], [b, y]) => compare(x.place, y.place) || compare(a, b))
    .map(([item]) => item)
}

/** Indexes of a longest run of rising numbers: the items that can stay where they are. */
function longestRise(numbers: readonly number[]): Set<number> {
  const tails: number[] = []
  const before: number[] = []
  numbers.forEach((n, i) => {
    let low = 0
    let high = tails.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((numbers[tails[middle] as number] as number) < n) low = middle + 1
      else high = middle
    }
    before[i] = low > 0 ? (tails[low - 1] as number) : -1
    tails[low] = i
  })
  const rise = new Set<number>()
  for (let i = tails.at(-1) ?? -1; i >= 0; i = before[i] as number) rise.add(i)
  return rise
}

/**
 * What a device did to go from the arrangement it knew to the list it sends: the fewest moves, and places between the
 * neighbours that stay. It depends on those two alone, so that the same edit is the same in whatever order it arrives.
 *
 * @param at the edit's time; an item placed knowingly stands at least a moment after the place it leaves
 */
export function rearrange(known: Arrangement, wanted: readonly string[], at: number): Rearrangement {
  const list = [...new Set(wanted)]
  const listed = new Set(list)
  const removed = Object.keys(known).filter((item) => !listed.has(item))
  const rank = new Map(inOrder(known).map((item, i) => [item, i]))
  const old = list.map((item, i) => ({ i, rank: rank.get(item) })).filter((x) => x.rank !== undefined)
  const rise = longestRise(old.map((x) => x.rank as number))
  const staying = new Set([...rise].map((r) => list[old[r]?.i as number] as string))

  const added: Placing[] = []
  const moved: Placing[] = []
  let left = null as string | null
  let run: string[] = []
  const place = (right: string | null) => {
    generateNKeysBetween(left, right, run.length).forEach((key, i) => {
      const item = run[i] as string
      const before = known[item]
      if (before) moved.push([item, key, Math.max(at, before.at + 1)])
      else added.push([item, key, at])
    })
    left = right ?? left
    run = []
  }
  for (const item of list) {
    const anchor = staying.has(item) ? known[item]?.place : undefined
    // Two items may share a place after concurrent additions; what belongs between them pushes the second one on.
    if (anchor !== undefined && (left === null || anchor > left || (anchor === left && run.length === 0))) place(anchor)
    else run.push(item)
  }
  place(null)
  return { added, moved, removed }
}

/**
 * What of a device's rearrangement still applies to the present arrangement: additions of both are kept, a removal
 * wins over a move and takes away only additions it knew of, a place is last-writer-wins.
 */
export function applicable(current: Arrangement, edit: Rearrangement, seen: Seen): Rearrangement {
  const wins = ([item, place, at]: Placing): boolean => {
    const now = current[item]
    return now !== undefined && (knows(seen, now) ? place !== now.place : isLater({ place, at }, now))
  }
  return {
    // What another device has added meanwhile too is added once more: a removal must know of both.
    added: edit.added,
    moved: edit.moved.filter(wins),
    removed: edit.removed.filter((item) => current[item]?.added.every((written) => knows(seen, written))),
  }
}

/** The last writer of a place; on a tie any fixed order will do. */
const isLater = (a: Pick<Placed, 'place' | 'at'>, b: Pick<Placed, 'place' | 'at'>): boolean =>
  a.at > b.at || (a.at === b.at && a.place > b.place)

/** The arrangement after a rearrangement that was written at `written`. */
export function rearranged(current: Arrangement, edit: Rearrangement, written: Written): Arrangement {
  const next: Record<string, Placed> = { ...current }
  for (const [item, place, at] of edit.added) {
    const now = current[item]
    const others = now?.added.filter((addition) => addition.author !== written.author) ?? []
    const placed = !now || isLater({ place, at }, now) ? { place, at, ...written } : now
    next[item] = { ...placed, added: [...others, written] }
  }
  for (const [item, place, at] of edit.moved)
    next[item] = { place, at, ...written, added: next[item]?.added ?? [written] }
  for (const item of edit.removed) delete next[item]
  return next
}
