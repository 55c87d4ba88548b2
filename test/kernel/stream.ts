import { expect } from 'vitest'
import { type Author, authorKey, type Decider, type Fact, fold, type Recorded } from '../../src/kernel/decider.ts'
import type { ReadModel } from '../../src/kernel/read-model.ts'
import { isRefusal, type Refusal } from '../../src/kernel/refusal.ts'
import { knownState, type Seen } from '../../src/podcast/seen.ts'

/** One stream of a user's journal, as the server keeps it. */
export interface Stream<State, F extends Fact> {
  readonly events: readonly Recorded<F>[]
  readonly state: State
  /** The user's newest number, events of other streams included. */
  readonly head: number
}

/** What the server hands a command: the present state, and what the device had seen of it. */
export interface View<State> {
  readonly state: State
  readonly known: State
  readonly seen: Seen
}

/** An edit, given the view the server has of it. */
export type Order<State, Command> = (view: View<State>) => Command

/** Milliseconds: a moment to count from. */
export const noon = Date.UTC(2026, 10, 22, 12)
export const recordedAt = Date.UTC(2026, 10, 23)

export const phone: Author = { app: 'pod.example', device: 'phone' }
export const tablet: Author = { app: 'pod.example', device: 'tablet' }
export const car: Author = { app: 'other.example', device: 'phone' }
export const desk: Author = { app: 'other.example', device: 'desk' }
export const devices = [phone, tablet, car, desk] as const
/** An app that does not name its devices. */
export const nameless: Author = { app: 'old.example', device: null }

/** A state as a checkpoint gives it back; fails when it is not plain JSON. */
export function plain<State>(state: State): State {
  const read = JSON.parse(JSON.stringify(state)) as State
  expect(read).toStrictEqual(state)
  return read
}

export const empty = <S, C, F extends Fact>(decider: Decider<S, C, F>): Stream<S, F> => ({
  events: [],
  state: decider.initial,
  head: 0,
})

/** The stream after these facts, all of one request. */
export function append<S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  stream: Stream<S, F>,
  facts: readonly F[],
  author: Author,
): Stream<S, F> {
  // Another stream's event comes first: numbers are the user's, not the stream's.
  const first = stream.head + 2
  const fresh = facts.map(
    (fact, i): Recorded<F> => ({
      fact: plain(fact),
      id: `event-${first + i}`,
      stream: `${decider.kind}/1`,
      number: first + i,
      stamp: first + i,
      author,
      recordedAt,
    }),
  )
  const state = fresh.reduce((old, event) => plain(decider.evolve(old, event)), stream.state)
  // What the journal reads of such a stream is its newest event.
  if (decider.newestIsWhole && fresh.length > 0) expect(fold(decider, fresh.slice(-1))).toStrictEqual(state)
  return { events: [...stream.events, ...fresh], state, head: stream.head + 1 + facts.length }
}

/** What a decider answers to one edit by a device whose token is `token`, and the stream after it. */
export function decided<S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  stream: Stream<S, F>,
  author: Author,
  seen: Seen,
  order: Order<S, C>,
): { readonly answer: readonly F[] | Refusal; readonly stream: Stream<S, F> } {
  const known = seen.what === 'until' ? knownState(decider, stream.events, seen) : stream.state
  const answer = decider.decide(stream.state, order({ state: stream.state, known, seen }))
  return { answer, stream: isRefusal(answer) ? stream : append(decider, stream, answer, author) }
}

/** What a device has seen when its token is a number of the journal; what it writes now comes after the head. */
export const until = (token: number, author: Author, stream: { readonly head: number }): Seen => ({
  what: 'until',
  number: token,
  author: authorKey(author),
  ownSince: stream.head,
})

/** The stream after a direct command, which sees everything. */
export const commanded = <S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  stream: Stream<S, F>,
  author: Author,
  order: Order<S, C>,
): Stream<S, F> => decided(decider, stream, author, { what: 'all' }, order).stream

/** The stream after an edit of a device whose token is `token`. */
export const synced = <S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  stream: Stream<S, F>,
  author: Author,
  token: number,
  order: Order<S, C>,
): Stream<S, F> => decided(decider, stream, author, until(token, author, stream), order).stream

/** The stream after an edit through a door without tokens. */
export const told = <S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  stream: Stream<S, F>,
  author: Author,
  order: Order<S, C>,
): Stream<S, F> => decided(decider, stream, author, { what: 'unknown' }, order).stream

/** What a listener sees of a stream: the row without what only the server's bookkeeping needs. */
export function shown<S>(readModel: ReadModel<S>, stream: { readonly state: S }): Record<string, unknown> | null {
  const row = readModel.row('1', stream.state)
  if (row === null) return null
  const { number: _number, stamp: _stamp, echo: _echo, ...visible } = row
  return visible
}

/** Given these facts, when this command, then those facts: each fact a request of its own. */
export const given = <S, C, F extends Fact>(decider: Decider<S, C, F>, facts: readonly F[], author: Author = phone) => {
  const stream = facts.reduce((old, fact) => append(decider, old, [fact], author), empty(decider))
  return {
    stream,
    when: (order: Order<S, C>, by: Author = phone, token = stream.head) =>
      decided(decider, stream, by, until(token, by, stream), order).answer,
    whenCommanded: (order: Order<S, C>, by: Author = phone) =>
      decided(decider, stream, by, { what: 'all' }, order).answer,
    whenTold: (order: Order<S, C>, by: Author = phone) =>
      decided(decider, stream, by, { what: 'unknown' }, order).answer,
  }
}
