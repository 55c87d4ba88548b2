import { describe, expect, test } from 'vitest'
import { knownState } from '../../src/podcast/seen.ts'
import { subscription } from '../../src/subscriptions/decider.ts'
import type { SubscriptionEvent } from '../../src/subscriptions/events.ts'
import { subscriptions } from '../../src/subscriptions/projection.ts'
import { converged } from '../kernel/laws.ts'
import { append, empty, given, noon, phone, shown, synced, tablet, until } from '../kernel/stream.ts'
import { says, speech } from './speech.ts'

const subscribed: SubscriptionEvent = { type: 'FeedSubscribed', data: { at: noon, label: null, asSent: true } }
const left: SubscriptionEvent = { type: 'FeedUnsubscribed', data: { at: noon + 10, asSent: true } }

describe('deciding', () => {
  test('a first subscription, with the label its app gives it', () => {
    expect(given(subscription, []).when(says({ active: true, sourceId: 'x', at: 0 }))).toEqual([
      { type: 'FeedSubscribed', data: { at: noon, label: { sourceId: 'x', at: noon }, asSent: true } },
    ])
  })

  test('leaving, by a clock that is behind, a moment after subscribing', () => {
    expect(given(subscription, [subscribed]).when(says({ active: false, at: -50 }))).toEqual([
      { type: 'FeedUnsubscribed', data: { at: noon + 1, asSent: false } },
    ])
  })

  test('coming back', () => {
    expect(given(subscription, [subscribed, left]).when(says({ active: true, at: 20 }))).toEqual([
      { type: 'FeedSubscribed', data: { at: noon + 20, label: null, asSent: true } },
    ])
  })

  test('what is said again later is confirmed, so that what is older loses to it', () => {
    expect(given(subscription, [subscribed]).when(says({ active: true, at: 30 }))).toEqual([
      { type: 'SubscriptionConfirmed', data: { active: true, at: noon + 30, label: null, asSent: true } },
    ])
    const older = given(subscription, [
      subscribed,
      { type: 'SubscriptionConfirmed', data: { active: true, at: noon + 30, label: null, asSent: true } },
    ])
    expect(older.when(says({ active: false, at: 20 }), tablet, 2)).toMatchObject([{ type: 'SubscriptionOverruled' }])
    expect(older.when(says({ active: false, at: 31 }), tablet, 2)).toMatchObject([{ type: 'FeedUnsubscribed' }])
  })

  test('what is said again no later, or by a direct command, changes nothing', () => {
    expect(given(subscription, [subscribed]).when(says({ active: true, at: 0 }))).toEqual([])
    expect(given(subscription, [subscribed]).whenCommanded(says({ active: true, at: 30 }))).toEqual([])
    expect(given(subscription, [subscribed, left]).whenCommanded(says({ active: false, at: 30 }))).toEqual([])
  })

  test('leaving what one sees one does not follow is nothing', () => {
    expect(given(subscription, []).whenCommanded(says({ active: false, at: 0 }))).toEqual([])
  })

  test('leaving what a device did not see whether one follows is kept, for a subscription made earlier to meet', () => {
    expect(given(subscription, []).when(says({ active: false, at: 9 }))).toEqual([
      { type: 'FeedUnsubscribed', data: { at: noon + 9, asSent: true } },
    ])
  })

  test('an edit that comes after a newer one of another device leaves its time, and its label', () => {
    expect(given(subscription, [left]).when(says({ active: true, sourceId: 'x', at: 5 }), tablet, 0)).toEqual([
      { type: 'SubscriptionOverruled', data: { active: true, at: noon + 5 } },
      { type: 'FeedLabelled', data: { sourceId: 'x', at: noon + 5 } },
    ])
    expect(given(subscription, [left]).whenTold(says({ active: true, at: 5 }), tablet)).toEqual([])
  })

  test('a label is given by whoever subscribes, and the newest stands', () => {
    const labelled = given(subscription, [
      { type: 'FeedSubscribed', data: { at: noon, label: { sourceId: 'x', at: noon }, asSent: true } },
    ])
    expect(labelled.whenCommanded(says({ active: true, sourceId: 'x', at: 9 }))).toEqual([])
    expect(labelled.whenCommanded(says({ active: true, sourceId: 'y', at: 9 }))).toEqual([
      { type: 'FeedLabelled', data: { sourceId: 'y', at: noon + 9 } },
    ])
    expect(labelled.when(says({ active: true, sourceId: 'y', at: -9 }))).toEqual([])
    expect(labelled.when(says({ active: false, sourceId: 'y', at: 9 }))).toMatchObject([{ type: 'FeedUnsubscribed' }])
  })
})

describe('showing', () => {
  const shownAfter = (...facts: SubscriptionEvent[]) => shown(subscriptions, given(subscription, facts).stream)

  test('nothing of what was never said', () => {
    expect(shown(subscriptions, empty(subscription))).toBeNull()
  })

  test('both times once both were said', () => {
    expect(shownAfter(subscribed, left)).toEqual({
      source_id: null,
      active: false,
      subscribed_at: '2026-11-22T12:00:00.000Z',
      unsubscribed_at: '2026-11-22T12:00:00.010Z',
      inserted_at: '2026-11-23T00:00:00.000Z',
      updated_at: '2026-11-22T12:00:00.010Z',
    })
  })

  test('a moment between the two where both were said at once', () => {
    const base = append(subscription, empty(subscription), [subscribed], phone)
    const tie = [
      { active: false, at: 70 },
      { active: true, at: 70 },
    ]
    expect(converged(speech, base, tie)).toMatchObject({
      active: true,
      subscribed_at: '2026-11-22T12:00:00.071Z',
      unsubscribed_at: '2026-11-22T12:00:00.070Z',
    })
  })

  test('a label beside whatever else stands', () => {
    expect(shownAfter(subscribed, { type: 'FeedLabelled', data: { sourceId: 'z', at: noon } })).toMatchObject({
      source_id: 'z',
      active: true,
    })
  })
})

test('a device that confirmed knows that it follows, without having seen who subscribed', () => {
  const first = synced(subscription, empty(subscription), tablet, 0, says({ active: true, at: 0 }))
  const again = synced(subscription, first, phone, 0, says({ active: true, at: 5 }))
  expect(again.events.at(-1)?.fact.type).toBe('SubscriptionConfirmed')
  const known = knownState(subscription, again.events, until(0, phone, again))
  expect(known.active).toMatchObject({ value: true, at: noon + 5 })
})
