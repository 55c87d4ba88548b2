import type { PlayData } from '../plays/events.ts'

/** Seconds of an episode, from and to. */
type Stretch = readonly [from: number, to: number]

/** What is kept of one listener's way through one episode, to tell what of it they really heard. */
export interface Trace {
  /** Where they were last, in seconds, and the time of that edit in milliseconds. */
  readonly position: number
  readonly at: number
  /** What they really heard, apart from each other and in order; null once it counts as played. */
  readonly heard: readonly Stretch[] | null
}

/** So many seconds are a play, however long the episode is. */
const enoughSeconds = 20 * 60
/** So many times the time between two edits somebody may have listened meanwhile; what is further was skipped. */
const fastest = 3

/**
 * The stretch that an edit says was really heard: from where it says that listening began, else from the last known
 * position, where the time between the edits was enough for it.
 */
function stretchOf(before: Trace | null, { position, started, saidBy, at }: PlayData): Stretch | null {
  // Where another edit's position stands, what this one said of its beginning is about another end.
  if (started !== null && saidBy === null && started < position) return [started, position]
  if (before === null || position <= before.position) return null
  const heard = (position - before.position) * 1000 <= fastest * (at - before.at)
  return heard ? [before.position, position] : null
}

/** The stretches with one more; what was heard twice was heard once. */
export function heardAlso(heard: readonly Stretch[], [from, to]: Stretch): Stretch[] {
  const apart = heard.filter(([a, b]) => b < from || a > to)
  const met = heard.filter(([a, b]) => b >= from && a <= to)
  const whole: Stretch = [Math.min(from, ...met.map(([a]) => a)), Math.max(to, ...met.map(([, b]) => b))]
  return [...apart, whole].toSorted(([a], [b]) => a - b)
}

/** Finished, or 20 minutes or 70 % of it really heard. */
function isPlay(heard: readonly Stretch[], { played, duration }: PlayData): boolean {
  const seconds = heard.reduce((sum, [from, to]) => sum + to - from, 0)
  return played || seconds >= enoughSeconds || (duration !== null && duration > 0 && seconds * 10 >= duration * 7)
}

/** The trace after one more event of the play. */
export function traced(before: Trace | null, data: PlayData): Trace {
  const { position, at } = data
  if (before?.heard === null) return before
  const stretch = stretchOf(before, data)
  const heard = stretch ? heardAlso(before?.heard ?? [], stretch) : (before?.heard ?? [])
  return { position, at, heard: isPlay(heard, data) ? null : heard }
}
