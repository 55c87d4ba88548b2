import type { Refusal } from './refusal.ts'

/** A fact: what happened, as data. Stored for ever as it is; a changed shape is a new `version` with an upcast. */
export interface Fact<Type extends string = string, Data = unknown> {
  readonly type: Type
  readonly data: Data
}

/** Which device of which app wrote something. `device` is null for apps that do not name their devices. */
export interface Author {
  readonly app: string
  readonly device: string | null
}

/** What the journal adds to a fact when it is appended. */
export interface Recorded<F extends Fact = Fact> {
  readonly fact: F
  /** The user's own gapless number of the event: the cursor of devices. */
  readonly number: number
  /** Whole seconds; one per append and user, never falling: the `since` of doors that count in time. */
  readonly stamp: number
  readonly author: Author
}

/**
 * A pure state machine over one small stream. No clock, no randomness, no I/O: times and ids come in with the
 * command. `State` is plain JSON, so that a checkpoint can hold it as it is.
 */
export interface Decider<State, Command, F extends Fact> {
  /** First part of the stream's name: `play` in `play/<episode id>`. */
  readonly kind: string
  readonly initial: State
  decide(state: State, command: Command): readonly F[] | Refusal
  evolve(state: State, event: Recorded<F>): State
  /** True when each event tells the whole state of its stream, so that reading the newest one is enough. */
  readonly newestIsWhole: boolean
}

/** The author as one comparable word, or null where a device can't be told from another of the same app. */
export function authorKey(author: Author): string | null {
  return author.device === null ? null : `${author.app}\n${author.device}`
}

export function fold<State, Command, F extends Fact>(
  decider: Decider<State, Command, F>,
  events: Iterable<Recorded<F>>,
): State {
  let state = decider.initial
  for (const event of events) state = decider.evolve(state, event)
  return state
}
