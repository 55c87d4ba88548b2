import fc from 'fast-check'
import { expect, test } from 'vitest'
import { save } from '../../src/sharing/decider.ts'
import { converged, holdsInEveryOrder, past } from '../kernel/laws.ts'
import { commanded, devices, noon, synced, told } from '../kernel/stream.ts'
import { runs } from '../support/runs.ts'
import { says, speech } from './speech.ts'

const numRuns = runs(100, 1000)
const anybody = fc.constantFrom(...devices)
const anEdit = speech.said(0)

test('concurrent saves and unsaves come to the same in every order, however often they are repeated', () => {
  holdsInEveryOrder(speech)
})

test('of concurrent ones the newest stands, and on a tie the episode is saved', () => {
  fc.assert(
    fc.property(past(speech), fc.array(anEdit, { minLength: 2, maxLength: 4 }), (base, edits) => {
      const known = base.state?.saved
      const claims = edits.map(({ saved, at }) => ({
        saved,
        at: known && known.value !== saved ? Math.max(noon + at, known.at + 1) : noon + at,
      }))
      if (known) claims.push({ saved: known.value, at: known.at })
      claims.sort((a, b) => b.at - a.at || Number(b.saved) - Number(a.saved))
      expect(converged(speech, base, edits)).toMatchObject({
        saved: claims[0]?.saved,
        updated_at: new Date(claims[0]?.at ?? 0).toISOString(),
      })
    }),
    { numRuns },
  )
})

test('an edit in sight of what stands replaces it, whatever the clocks say', () => {
  fc.assert(
    fc.property(past(speech), anEdit, anybody, fc.boolean(), (stream, edit, author, direct) => {
      fc.pre(stream.state !== null)
      const { state } = direct
        ? commanded(save, stream, author, says(edit))
        : synced(save, stream, author, stream.head, says(edit))
      expect(state?.saved.value).toBe(edit.saved)
      expect(state?.saved.at).toBeGreaterThanOrEqual(stream.state?.saved.at ?? 0)
    }),
    { numRuns },
  )
})

test('where nobody knows what was seen, the newer replaces and the older changes nothing', () => {
  fc.assert(
    fc.property(past(speech), anEdit, anybody, (stream, edit, author) => {
      const before = stream.state
      const after = told(save, stream, author, says(edit)).state
      const at = noon + edit.at
      if (at > (before?.saved.at ?? 0)) expect(after?.saved).toMatchObject({ value: edit.saved, at })
      else if (at < (before?.saved.at ?? 0)) expect(after).toEqual(before)
      else expect(after?.saved.value).toBe(edit.saved || before?.saved.value)
    }),
    { numRuns },
  )
})
