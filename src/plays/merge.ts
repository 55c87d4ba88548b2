import type { MergeReason } from '../podcast/register.ts'
import { knows, type Seen, type Written } from '../podcast/seen.ts'

/** What is known of one listener's play of one episode. Seconds are whole, times milliseconds. */
export interface PlayValue {
  readonly position: number
  readonly played: boolean
  readonly duration: number | null
  readonly at: number
}

export interface PlayStanding extends PlayValue, Written {
  readonly startedOver: Written | null
}

export interface PlayEdit extends PlayValue {
  /** Started over on purpose. */
  readonly reset: boolean
  readonly seen: Seen
}

export interface PlayVerdict {
  /** The value after the merge; the very `current` object when nothing changes. */
  readonly value: PlayValue
  readonly taken: boolean
  readonly concurrent: boolean
  readonly reason: MergeReason
}

/** Reset beats played, played beats a position, the further beats the nearer, then the newer. */
function rank(a: PlayValue & { reset: boolean }, b: PlayValue & { reset: boolean }): [number, MergeReason] {
  if (a.reset !== b.reset) return [Number(a.reset) - Number(b.reset), 'reset']
  if (a.played !== b.played) return [Number(a.played) - Number(b.played), 'played']
  if (a.position !== b.position) return [a.position - b.position, 'further']
  return [a.at - b.at, a.at > b.at ? 'newer' : 'older']
}

const longest = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b)

/**
 * Merges one edit into a play. In sight of the value it replaces: rewinding and un-playing on purpose work. Concurrent
 * edits are ranked by `rank`, a total order, so that arrival order never matters. Where nobody knows what the device
 * had seen, the edit's own time decides, and an older played mark is still not lost.
 */
export function mergePlay(current: PlayStanding | null, edit: PlayEdit): PlayVerdict {
  const { position, played, at } = edit
  if (!current)
    return { value: { position, played, duration: edit.duration, at }, taken: true, concurrent: false, reason: 'first' }
  const same = position === current.position && played === current.played && !edit.reset
  if (knows(edit.seen, current)) {
    const duration = edit.duration ?? current.duration
    const says = !same || duration !== current.duration || (edit.seen.what !== 'all' && at > current.at)
    if (!says) return { value: current, taken: false, concurrent: false, reason: 'same' }
    const value = { position, played, duration, at: same ? Math.max(at, current.at) : Math.max(at, current.at + 1) }
    return { value, taken: true, concurrent: false, reason: same ? 'same' : 'seen' }
  }
  const duration = longest(edit.duration, current.duration)
  const keeps: PlayVerdict =
    duration === current.duration
      ? { value: current, taken: false, concurrent: false, reason: 'older' }
      : { value: { ...current, duration }, taken: true, concurrent: false, reason: 'older' }
  if (edit.seen.what === 'unknown') {
    const wins = at > current.at || (at === current.at && rank({ ...edit }, { ...current, reset: false })[0] > 0)
    return wins ? { value: { position, played, duration, at }, taken: true, concurrent: false, reason: 'newer' } : keeps
  }
  const unknownRestart = current.startedOver !== null && !knows(edit.seen, current.startedOver)
  const [order, reason] = rank(edit, { ...current, reset: unknownRestart })
  if (order > 0) return { value: { position, played, duration, at }, taken: true, concurrent: !same, reason }
  return { ...keeps, concurrent: !same, reason: order === 0 ? 'same' : reason }
}
