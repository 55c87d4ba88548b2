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
  readonly id: string
  /** The stream's name, `<kind>/<id>`. */
  readonly stream: string
  /** The user's own gapless number of the event: the cursor of devices. */
  readonly number: number
  /** Whole seconds; one per append and user, never falling: the `since` of doors that count in time. */
  readonly stamp: number
  readonly author: Author
  /** When the server recorded it, in milliseconds since 1970. */
  readonly recordedAt: number
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

/** The server itself, which is nobody's device: so that every device hears what it wrote. */
export const balados: Author = { app: 'balados', device: null }

/** The author as one comparable word, or null where a device can't be told from another of the same app. */
export function authorKey(author: Author): string | null {
  return author.device === null ? null : `${author.app}\n${author.device}`
}

/**
 * What a stream says last whose thing turned out to be another's: an episode known by two ids, a podcast by two feeds.
 * What stood in it was said again there. Any kind of stream may say it, so no decider has to know it.
 */
export type StreamMerged = Fact<
  'StreamMerged',
  { readonly podcast: string | null; readonly into: string; readonly at: number }
>

/** The state after an event; after a merge nothing is left, and whatever comes later begins anew. */
export function after<State, Command, F extends Fact>(
  decider: Decider<State, Command, F>,
  state: State,
  event: Recorded<F>,
): State {
  return (event.fact as Fact).type === 'StreamMerged' ? decider.initial : decider.evolve(state, event)
}

export function fold<State, Command, F extends Fact>(
  decider: Decider<State, Command, F>,
  events: Iterable<Recorded<F>>,
): State {
  let state = decider.initial
  for (const event of events) state = after(decider, state, event)
  return state
}

/**
 * Lifts stored data of past versions to the present shape: for each event type the steps from version 1 on. The
 * present version of a type is the number of its steps plus one.
 */
export type Upcasts = Readonly<Record<string, readonly ((data: never) => unknown)[]>>

export const presentVersion = (upcasts: Upcasts, type: string): number => (upcasts[type]?.length ?? 0) + 1

export function upcast(upcasts: Upcasts, type: string, version: number, data: unknown): unknown {
  const steps = upcasts[type] ?? []
  if (version > steps.length + 1) throw new Error(`event ${type} version ${version} is newer than this server`)
  return steps.slice(version - 1).reduce<unknown>((old, step) => step(old as never), data)
}
