import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type SubscriptionState, subscription } from '../../src/subscriptions/decider.ts'
import { converged, holdsInEveryOrder, past } from '../kernel/laws.ts'
import { commanded, devices, empty, noon, synced, told } from '../kernel/stream.ts'
import { runs } from '../support/runs.ts'
import { type Said, says, speech } from './speech.ts'

const numRuns = runs(100, 1000)
const anybody = fc.constantFrom(...devices)
const anEdit = speech.said(0)

/** Whether the times as shown tell the state: the later one does. */
function tellsApart({ active, subscribedAt, unsubscribedAt }: SubscriptionState): void {
  expect(subscribedAt).not.toBe(unsubscribedAt)
  expect((subscribedAt ?? 0) > (unsubscribedAt ?? 0)).toBe(active?.value)
}

test('concurrent edits of a subscription come to the same in every order, however often they are repeated', () => {
  holdsInEveryOrder(speech)
})

test('of concurrent edits the newest stands, on a tie the one that subscribes, and both times are shown', () => {
  fc.assert(
    fc.property(past(speech), fc.array(anEdit, { minLength: 2, maxLength: 4 }), (base, edits) => {
      const { active: known, subscribedAt, unsubscribedAt } = base.state
      const claims = edits.map(({ active, at }) => ({
        active,
        // What turns a subscription stands after what it turns, wherever the device's clock is.
        at: known && known.value !== active ? Math.max(noon + at, known.at + 1) : noon + at,
      }))
      if (known) {
        const other = known.value ? unsubscribedAt : subscribedAt
        claims.push({ active: known.value, at: known.at })
        if (other !== null) claims.push({ active: !known.value, at: other })
      }
      claims.sort((a, b) => b.at - a.at || Number(b.active) - Number(a.active))
      const best = claims[0] ?? { active: false, at: 0 }
      const other = claims.find((claim) => claim.active !== best.active)
      const holds = new Date(Math.max(best.at, (other?.at ?? 0) + 1)).toISOString()
      const loses = other ? new Date(other.at).toISOString() : null
      expect(converged(speech, base, edits)).toMatchObject({
        active: best.active,
        subscribed_at: best.active ? holds : loses,
        unsubscribed_at: best.active ? loses : holds,
      })
    }),
    { numRuns },
  )
})

test('the later of the two times always tells the state, and the later of them never falls', () => {
  fc.assert(
    fc.property(past(speech, 10), ({ events }) => {
      let latest = 0
      events.reduce((state, event) => {
        const next = subscription.evolve(state, event)
        if (next.active) tellsApart(next)
        const now = Math.max(next.subscribedAt ?? 0, next.unsubscribedAt ?? 0)
        expect(now).toBeGreaterThanOrEqual(latest)
        latest = now
        return next
      }, subscription.initial)
    }),
    { numRuns },
  )
})

test('an edit in sight of what stands replaces it, whatever the clocks say', () => {
  fc.assert(
    fc.property(past(speech), anEdit, anybody, fc.boolean(), (stream, edit, author, direct) => {
      fc.pre(stream.state.active !== null)
      const { state } = direct
        ? commanded(subscription, stream, author, says(edit))
        : synced(subscription, stream, author, stream.head, says(edit))
      expect(state.active?.value).toBe(edit.active)
      tellsApart(state)
    }),
    { numRuns },
  )
})

test('a device whose answer was lost is not concurrent with itself', () => {
  fc.assert(
    fc.property(past(speech), anybody, anEdit, anEdit, (base, author, first, second) => {
      const once = synced(subscription, base, author, base.head, says(first))
      fc.pre(once.state.active?.number === once.head)
      const { state } = synced(subscription, once, author, base.head, says(second))
      expect(state.active?.value).toBe(second.active)
    }),
    { numRuns },
  )
})

test('where nobody knows what was seen, the newer replaces and the older changes nothing but a label', () => {
  fc.assert(
    fc.property(past(speech), anEdit, anybody, (stream, edit, author) => {
      const before = stream.state
      fc.pre(before.active !== null)
      const after = told(subscription, stream, author, says(edit)).state
      const at = noon + edit.at
      if (at > (before.active?.at ?? 0)) expect(after.active).toMatchObject({ value: edit.active, at })
      else if (at < (before.active?.at ?? 0)) {
        expect(after.active).toEqual(before.active)
        expect(after).toMatchObject({ subscribedAt: before.subscribedAt, unsubscribedAt: before.unsubscribedAt })
      } else expect(after.active?.value).toBe(edit.active || before.active?.value)
    }),
    { numRuns },
  )
})

test('edits told without a token come to the same state in every order too', () => {
  fc.assert(
    fc.property(fc.array(anEdit, { minLength: 1, maxLength: 6 }), fc.func(fc.nat()), (edits, chance) => {
      const outcome = (order: readonly Said[]) => {
        const { active, label } = order.reduce(
          (stream, edit) => told(subscription, stream, devices[0], says(edit)),
          empty(subscription),
        ).state
        return [active?.value, active?.at, label]
      }
      const shuffled = edits.map((edit, i) => ({ edit, by: chance(i) })).sort((a, b) => a.by - b.by)
      expect(outcome(shuffled.map(({ edit }) => edit))).toEqual(outcome(edits))
    }),
    { numRuns },
  )
})
