import { knows, type Seen, type Written } from './seen.ts'

/** One value that the newest edit wins, with what is needed to merge the next one. Times are milliseconds. */
export interface Register<Value> extends Written {
  readonly value: Value
  readonly at: number
}

/** Why one side of a merge stands. */
export type MergeReason =
  | 'first'
  | 'seen'
  | 'newer'
  | 'older'
  | 'tie'
  | 'reset'
  | 'played'
  | 'further'
  | 'merged'
  | 'same'

/** What became of an edit. `concurrent` tells whether somebody else had changed the value since the device saw it. */
export interface Verdict {
  readonly taken: boolean
  /** The time the value stands under when taken: never before one it replaces knowingly. */
  readonly at: number
  readonly concurrent: boolean
  readonly reason: MergeReason
}

/**
 * Merges one edit into a register. An edit made in sight of the value replaces it, whatever the device's clock says;
 * of concurrent edits the newest wins and on a tie the one `prefers` puts higher, so that arrival order never matters.
 *
 * @param known the register as the device knew it: a concurrent edit stands at least a moment after it, in whatever
 *   order the edits arrive
 * @param prefers positive when the first value wins a tie
 */
export function mergeRegister<Value>(
  current: Register<Value> | null,
  known: Register<Value> | null,
  edit: { readonly value: Value; readonly at: number; readonly seen: Seen },
  prefers: (a: Value, b: Value) => number,
): Verdict {
  if (!current) return { taken: true, at: edit.at, concurrent: false, reason: 'first' }
  const same = prefers(edit.value, current.value) === 0
  if (knows(edit.seen, current)) {
    if (same) {
      const confirms = edit.seen.what !== 'all' && edit.at > current.at
      return { taken: confirms, at: edit.at, concurrent: false, reason: 'same' }
    }
    return { taken: true, at: Math.max(edit.at, current.at + 1), concurrent: false, reason: 'seen' }
  }
  const concurrent = edit.seen.what === 'until' && !same
  const changes = edit.seen.what === 'until' && known !== null && prefers(edit.value, known.value) !== 0
  const at = changes ? Math.max(edit.at, known.at + 1) : edit.at
  if (at !== current.at) return { taken: at > current.at, at, concurrent, reason: at > current.at ? 'newer' : 'older' }
  return { taken: prefers(edit.value, current.value) > 0, at, concurrent, reason: 'tie' }
}

/** True before false: a tie between subscribing and unsubscribing, saving and unsaving, keeps. */
export const prefersTrue = (a: boolean, b: boolean): number => Number(a) - Number(b)

/** Any fixed order will do for a tie between words, as long as every device uses the same. */
export const prefersGreater = (a: string | null, b: string | null): number => {
  const left = a ?? ''
  const right = b ?? ''
  return left < right ? -1 : left > right ? 1 : 0
}
