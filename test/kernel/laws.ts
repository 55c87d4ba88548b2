import fc from 'fast-check'
import { expect } from 'vitest'
import type { Decider, Fact } from '../../src/kernel/decider.ts'
import type { ReadModel } from '../../src/kernel/read-model.ts'
import { runs } from '../support/runs.ts'
import { commanded, devices, empty, nameless, type Order, type Stream, shown, synced, told } from './stream.ts'

/** How devices speak of one kind of thing. */
export interface Speech<State, Command, F extends Fact, Said> {
  readonly decider: Decider<State, Command, F>
  readonly readModel: ReadModel<State>
  /** Few values, so that ties and repeats are common; times are milliseconds after noon, from `earliest` on. */
  said(earliest: number): fc.Arbitrary<Said>
  /** What a device sends that has this state. */
  says(said: Said, has: State): Order<State, Command>
}

const everybody = [...devices, nameless]

/**
 * A stream with a past: direct commands, syncs with whatever token and edits told without one, of whatever device. It
 * ends before the latest times that `said(0)` gives and begins after the earliest.
 */
export function past<S, C, F extends Fact, Said>(
  speech: Speech<S, C, F, Said>,
  maxLength = 4,
): fc.Arbitrary<Stream<S, F>> {
  const { decider, says } = speech
  const step = fc.record({
    said: speech.said(2),
    author: fc.constantFrom(...everybody),
    door: fc.constantFrom('command', 'command', 'time', 'token'),
    token: fc.integer({ min: 0, max: 10 }),
  })
  return fc.array(step, { maxLength }).map((steps) =>
    steps.reduce<Stream<S, F>>((stream, { said, author, door, token }) => {
      const order = says(said, stream.state)
      if (door === 'command') return commanded(decider, stream, author, order)
      if (door === 'time') return told(decider, stream, author, order)
      return synced(decider, stream, author, Math.min(token, stream.head), order)
    }, empty(decider)),
  )
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]))
}

/**
 * What a listener sees after edits of one device each, all made with `base` in sight. Fails when it is not the same in
 * every order, and however often the edits are repeated.
 *
 * @param repeats false for lists: of two items put to one place at one moment, an edit heard again knows the one and not the
 *   other. The journal hears an edit once, whatever is repeated: see test/sync/repeats.property.test.ts
 */
export function converged<S, C, F extends Fact, Said>(
  { decider, readModel, says }: Pick<Speech<S, C, F, Said>, 'decider' | 'readModel' | 'says'>,
  base: Stream<S, F>,
  edits: readonly Said[],
  repeats = true,
): Record<string, unknown> | null {
  const requests = edits.map((said, i) => ({ author: devices[i] ?? devices[0], order: says(said, base.state) }))
  const outcome = (order: typeof requests) =>
    shown(
      readModel,
      order.reduce((stream, edit) => synced(decider, stream, edit.author, base.head, edit.order), base),
    )
  const first = outcome(requests)
  for (const order of permutations(requests)) {
    const names = order.map((request) => requests.indexOf(request)).join(', ')
    expect(outcome(order), `in the order ${names}`).toEqual(first)
    if (!repeats) continue
    expect(outcome([...order, ...order]), `in the order ${names}, twice`).toEqual(first)
    expect(outcome(order.flatMap((edit) => [edit, edit])), `in the order ${names}, each twice`).toEqual(first)
  }
  return first
}

/**
 * The law of concurrent edits: commutative, associative and idempotent, from whatever past that all devices know.
 */
export function holdsInEveryOrder<S, C, F extends Fact, Said>(speech: Speech<S, C, F, Said>, repeats = true): void {
  const edits = fc.array(speech.said(0), { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(past(speech), edits, (base, concurrent) => {
      converged(speech, base, concurrent, repeats)
    }),
    { numRuns: runs(100, 1000) },
  )
}
