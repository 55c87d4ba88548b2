import fc from 'fast-check'
import { expect, test } from 'vitest'
import { privacy } from '../../src/privacy/decider.ts'
import { converged, holdsInEveryOrder, past } from '../kernel/laws.ts'
import { commanded, devices, noon, synced, told } from '../kernel/stream.ts'
import { runs } from '../support/runs.ts'
import { levels, says, speech } from './speech.ts'

const numRuns = runs(100, 1000)
const anybody = fc.constantFrom(...devices)
const aChoice = speech.said(0)

test('concurrent choices of privacy come to the same in every order, however often they are repeated', () => {
  holdsInEveryOrder(speech)
})

test('of concurrent choices the newest stands, and on a tie the more private one', () => {
  fc.assert(
    fc.property(past(speech), fc.array(aChoice, { minLength: 2, maxLength: 4 }), (base, choices) => {
      const known = base.state?.level
      const claims = choices.map(({ level, at }) => ({
        level,
        at: known && known.value !== level ? Math.max(noon + at, known.at + 1) : noon + at,
      }))
      if (known) claims.push({ level: known.value, at: known.at })
      claims.sort((a, b) => b.at - a.at || levels.indexOf(b.level) - levels.indexOf(a.level))
      expect(converged(speech, base, choices)).toMatchObject({
        level: claims[0]?.level,
        updated_at: new Date(claims[0]?.at ?? 0).toISOString(),
      })
    }),
    { numRuns },
  )
})

test('a choice in sight of what stands replaces it, whatever the clocks say', () => {
  fc.assert(
    fc.property(past(speech), aChoice, anybody, fc.boolean(), (stream, choice, author, direct) => {
      const { state } = direct
        ? commanded(privacy, stream, author, says(choice))
        : synced(privacy, stream, author, stream.head, says(choice))
      expect(state?.level.value).toBe(choice.level)
      expect(state?.level.at).toBeGreaterThanOrEqual(stream.state?.level.at ?? 0)
    }),
    { numRuns },
  )
})

test('where nobody knows what was seen, the newer replaces and the older changes nothing', () => {
  fc.assert(
    fc.property(past(speech), aChoice, anybody, (stream, choice, author) => {
      const before = stream.state
      const after = told(privacy, stream, author, says(choice)).state
      const at = noon + choice.at
      if (at > (before?.level.at ?? 0)) expect(after?.level).toMatchObject({ value: choice.level, at })
      else if (at < (before?.level.at ?? 0)) expect(after).toEqual(before)
      else expect(levels.indexOf(after?.level.value ?? 'public')).toBeGreaterThanOrEqual(levels.indexOf(choice.level))
    }),
    { numRuns },
  )
})
