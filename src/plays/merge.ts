import type { MergeReason } from '../podcast/register.ts'
import { knows, type Seen, type Written } from '../podcast/seen.ts'

/** What is known of one listener's play of one episode. Seconds are whole, times milliseconds. */
export interface PlayValue {
  readonly position: number
  readonly played: boolean
  readonly duration: number | null
  readonly at: number
}

/** A place in an episode, perhaps said to start over. */
interface Place {
  readonly position: number
  readonly played: boolean
  readonly reset: boolean
  readonly at: number
}

/** A place that somebody said, and a duration that somebody said. */
export type Spot = Place & Written
export type Length = Pick<PlayValue, 'duration'> & Written

/**
 * What the parts of a play took the place of in sight: concurrent devices edited that, and to say it once more is no
 * edit.
 */
export interface PlayPast {
  readonly spotBefore: Spot | null
  readonly lengthBefore: Length | null
}

export interface PlayStanding extends PlayValue, PlayPast {
  /** Who said position and played. */
  readonly saidBy: Written
  /** Who said the duration. */
  readonly timedBy: Written
  /** The event that last started this episode over. */
  readonly startedOver: Written | null
}

export interface PlayEdit extends PlayValue {
  /** Started over on purpose. */
  readonly reset: boolean
  readonly seen: Seen
}

interface SpotVerdict {
  readonly spot: Omit<PlayValue, 'duration'>
  readonly says: boolean
  readonly before: Spot | null
  readonly concurrent: boolean
  readonly reason: MergeReason
}

export interface PlayVerdict {
  readonly value: PlayValue
  readonly past: PlayPast
  /** Whether the edit says position and played now, and whether it says the duration: `taken` when either. */
  readonly says: boolean
  readonly times: boolean
  readonly taken: boolean
  readonly concurrent: boolean
  readonly reason: MergeReason
}

/** Reset beats played, played beats a position, the further beats the nearer, then the newer. */
function rank(a: Place, b: Place): [number, MergeReason] {
  if (a.reset !== b.reset) return [Number(a.reset) - Number(b.reset), 'reset']
  if (a.played !== b.played) return [Number(a.played) - Number(b.played), 'played']
  if (a.position !== b.position) return [a.position - b.position, 'further']
  return [a.at - b.at, a.at > b.at ? 'newer' : 'older']
}

/** The app by whose name the play gateway writes; its device is the play token. */
export const gatewayApp = 'gateway'

/**
 * Whether somebody only saw that the play began, not where it is. That is the least that can be said: whatever a device
 * says of it is as if it were the first to, however long ago that was and whatever the device had seen.
 */
export const hasMerelyBegun = (
  { position, played }: Pick<PlayValue, 'position' | 'played'>,
  saidBy: Written,
): boolean => position === 0 && !played && saidBy.author?.startsWith(`${gatewayApp}\n`) === true

/** Starting over what was started over, at the same place, says nothing new. */
const repeats = (a: Place, b: Place): boolean =>
  a.position === b.position && a.played === b.played && (!a.reset || b.reset)

function mergeSpot(current: PlayStanding, edit: PlayEdit): SpotVerdict {
  const { position, played, reset, at, seen } = edit
  const now: Spot = {
    position: current.position,
    played: current.played,
    reset: current.startedOver?.number === current.saidBy.number,
    at: current.at,
    ...current.saidBy,
  }
  if (hasMerelyBegun(now, now))
    return { spot: { position, played, at }, says: true, before: null, concurrent: false, reason: 'first' }
  const same = repeats(edit, now)
  const stays = { spot: current, says: false, before: current.spotBefore }
  if (knows(seen, current.saidBy)) {
    if (same && (seen.what === 'all' || at <= now.at)) return { ...stays, concurrent: false, reason: 'same' }
    const spot = { position, played, at: same ? at : Math.max(at, now.at + 1) }
    return { spot, says: true, before: now, concurrent: false, reason: same ? 'same' : 'seen' }
  }
  if (seen.what === 'unknown') {
    const newer = at > now.at || (at === now.at && rank(edit, { ...now, reset: false })[0] > 0)
    if (!newer) return { ...stays, concurrent: false, reason: 'older' }
    return { spot: { position, played, at }, says: true, before: now, concurrent: false, reason: 'newer' }
  }
  const known = current.spotBefore && knows(seen, current.spotBefore) ? current.spotBefore : null
  const anew = known !== null && !repeats(edit, known)
  if (known && !anew && at <= known.at) return { ...stays, concurrent: false, reason: 'same' }
  const spot = { position, played, at: anew ? Math.max(at, known.at + 1) : at }
  const unknownRestart = current.startedOver !== null && !knows(seen, current.startedOver)
  const [order, reason] = rank({ ...spot, reset }, { ...now, reset: unknownRestart })
  if (order > 0) return { spot, says: true, before: current.spotBefore, concurrent: !same, reason }
  return { ...stays, concurrent: !same, reason: order === 0 ? 'same' : reason }
}

/** A duration told in sight replaces; of concurrent ones the longest stands, and silence says nothing. */
function mergeLength(current: PlayStanding, { duration, seen }: PlayEdit) {
  const stays = { duration: current.duration, times: false, before: current.lengthBefore }
  if (duration === null || duration === current.duration) return stays
  if (knows(seen, current.timedBy))
    return { duration, times: true, before: { duration: current.duration, ...current.timedBy } }
  const known = current.lengthBefore && knows(seen, current.lengthBefore) ? current.lengthBefore : null
  if (known?.duration === duration || duration < (current.duration ?? 0)) return stays
  return { ...stays, duration, times: true }
}

/**
 * Merges one edit into a play. In sight of the value it replaces: rewinding and un-playing on purpose work. Concurrent
 * edits are ranked by `rank`, a total order, so that arrival order never matters. Where nobody knows what the device
 * had seen, the edit's own time decides.
 */
export function mergePlay(current: PlayStanding | null, edit: PlayEdit): PlayVerdict {
  if (!current) {
    const { position, played, duration, at } = edit
    const past = { spotBefore: null, lengthBefore: null }
    const value = { position, played, duration, at }
    return { value, past, says: true, times: true, taken: true, concurrent: false, reason: 'first' }
  }
  const { spot, says, before, concurrent, reason } = mergeSpot(current, edit)
  const length = mergeLength(current, edit)
  const { times } = length
  return {
    value: { position: spot.position, played: spot.played, duration: length.duration, at: spot.at },
    past: { spotBefore: before, lengthBefore: length.before },
    says,
    times,
    taken: says || times,
    concurrent,
    reason,
  }
}
