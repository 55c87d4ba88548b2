import fc from 'fast-check'
import { expect, test } from 'vitest'
import { play } from '../../src/plays/decider.ts'
import { converged, holdsInEveryOrder, past } from '../kernel/laws.ts'
import { commanded, devices, empty, noon, shown, synced, told } from '../kernel/stream.ts'
import { runs } from '../support/runs.ts'
import { type Said, says, speech } from './speech.ts'

const numRuns = runs(100, 1000)
const { readModel } = speech
const plays = past(speech)
const played = past(speech).filter((stream) => stream.state !== null)
const anEdit = speech.said(0)
const anybody = fc.constantFrom(...devices)

test('concurrent edits of a play come to the same in every order, however often they are repeated', () => {
  holdsInEveryOrder(speech)
})

test('of concurrent edits the one stands that starts over, else that finishes, else the further, else the newer', () => {
  fc.assert(
    fc.property(plays, fc.array(anEdit, { minLength: 2, maxLength: 4 }), ({ state, ...base }, edits) => {
      const restarts = state !== null && state.startedOver?.number === state.saidBy.number
      const repeats = (edit: Said) =>
        edit.position === state?.position && edit.played === state.played && (!edit.reset || restarts)
      const claims = edits
        .map((edit) => ({ ...edit, at: noon + edit.at }))
        .filter((edit) => !repeats(edit) || edit.at > (state?.at ?? 0))
        // What changes a play stands after what it changes, wherever the device's clock is.
        .map((edit) => (state === null || repeats(edit) ? edit : { ...edit, at: Math.max(edit.at, state.at + 1) }))
      const [best] = claims.sort(
        (a, b) =>
          Number(b.reset) - Number(a.reset) ||
          Number(b.played) - Number(a.played) ||
          b.position - a.position ||
          b.at - a.at,
      )
      const wanted = best ?? state
      expect(converged(speech, { state, ...base }, edits)).toMatchObject({
        position: wanted?.position,
        played: wanted?.played,
        updated_at: new Date(wanted?.at ?? 0).toISOString(),
      })
    }),
    { numRuns },
  )
})

test('an edit in sight of what stands replaces it, whatever the clocks say, and stands later', () => {
  fc.assert(
    fc.property(played, anEdit, anybody, fc.boolean(), (stream, edit, author, direct) => {
      const before = stream.state
      const { state } = direct
        ? commanded(play, stream, author, says(edit))
        : synced(play, stream, author, stream.head, says(edit))
      expect(state).toMatchObject({ position: edit.position, played: edit.played })
      expect(state?.duration).toBe(edit.duration ?? before?.duration)
      expect(state?.at).toBeGreaterThanOrEqual(before?.at ?? 0)
      if (edit.position !== before?.position || edit.played !== before?.played)
        expect(state?.at).toBeGreaterThan(before?.at ?? 0)
    }),
    { numRuns },
  )
})

test('a device whose answer was lost is not concurrent with itself', () => {
  fc.assert(
    fc.property(plays, anybody, anEdit, anEdit, (base, author, first, second) => {
      const once = synced(play, base, author, base.head, says(first))
      fc.pre(once.state?.saidBy.number === once.head)
      const { state } = synced(play, once, author, base.head, says(second))
      expect(state).toMatchObject({ position: second.position, played: second.played })
    }),
    { numRuns },
  )
})

test('where nobody knows what was seen, the newer replaces and the older changes nothing', () => {
  fc.assert(
    fc.property(played, anEdit, anybody, (stream, edit, author) => {
      const before = stream.state
      const after = told(play, stream, author, says(edit)).state
      const at = noon + edit.at
      if (at > (before?.at ?? 0)) expect(after).toMatchObject({ position: edit.position, played: edit.played, at })
      else if (at < (before?.at ?? 0))
        expect(after).toMatchObject({ position: before?.position, played: before?.played, at: before?.at })
      else if (before?.played && !edit.reset) expect(after?.played).toBe(true)
    }),
    { numRuns },
  )
})

test('edits told without a token come to the same in every order too', () => {
  fc.assert(
    fc.property(fc.array(anEdit, { minLength: 1, maxLength: 5 }), fc.func(fc.nat()), (edits, chance) => {
      const all = edits.map((edit) => ({ ...edit, reset: false }))
      const outcome = (order: readonly Said[]) =>
        shown(
          readModel,
          order.reduce((stream, edit) => told(play, stream, devices[0], says(edit)), empty(play)),
        )
      const shuffled = all.map((edit, i) => ({ edit, by: chance(i) })).sort((a, b) => a.by - b.by)
      expect(outcome(shuffled.map(({ edit }) => edit))).toEqual(outcome(all))
    }),
    { numRuns },
  )
})

test('nobody takes away a start over they did not know of, and whoever knew of it can', () => {
  fc.assert(
    fc.property(plays, anEdit, anEdit, anEdit, (base, restart, knowing, unknowing) => {
      const [phone, tablet, car] = devices
      const over = synced(play, base, phone, base.head, says({ ...restart, reset: true, at: restart.at + 20 }))
      fc.pre(over.state?.startedOver?.number === over.head)
      const on = synced(play, over, tablet, over.head, says({ ...knowing, reset: false }))
      expect(on.state).toMatchObject({ position: knowing.position, played: knowing.played })
      const late = synced(play, on, car, base.head, says({ ...unknowing, reset: false, at: unknowing.at + 40 }))
      expect(late.state).toMatchObject({ position: knowing.position, played: knowing.played })
    }),
    { numRuns },
  )
})
