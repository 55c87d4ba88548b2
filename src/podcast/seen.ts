import { authorKey, type Decider, type Fact, fold, type Recorded } from '../kernel/decider.ts'

/**
 * What a device had seen when it made an edit:
 * - `all`: a direct command, given on the present state;
 * - `until`: everything up to a number of the user's journal, and whatever the device wrote itself (a lost answer does
 *   not make a device concurrent with itself);
 * - `unknown`: a door without tokens, where only the edit's own time can tell.
 */
export type Seen =
  | { readonly what: 'all' }
  | {
      readonly what: 'until'
      readonly number: number
      readonly author: string | null
      /** What stands after this number was written by the very request that is being decided. */
      readonly ownSince: number
    }
  | { readonly what: 'unknown' }

/** Who wrote something, and when in the user's journal. */
export interface Written {
  readonly number: number
  readonly author: string | null
}

export const everything: Seen = { what: 'all' }

/** Whether the device that made the edit knew of something written. Never true where that is unknown. */
export function knows(seen: Seen, written: Written): boolean {
  if (seen.what === 'all') return true
  if (seen.what === 'unknown') return false
  return (
    written.number <= seen.number ||
    written.number > seen.ownSince ||
    (seen.author !== null && written.author === seen.author)
  )
}

/** A stream's state as the device knew it when it made its edit: what three-way merges start from. */
export function knownState<S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  events: readonly Recorded<F>[],
  seen: Seen,
): S {
  const known = events.filter((e) => knows(seen, { number: e.number, author: authorKey(e.author) }))
  return fold(decider, known)
}

/** An edit's time: what the device said, and what the door let in (clamped to the server's clock). */
export interface EditTime {
  readonly at: number
  readonly sentAt: number
}
