import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Circumstances,
  type FeedRhythm,
  planNext,
  planRetry,
  spanInWords,
  type Trouble,
} from '../../src/feeds/plan.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const now = Date.UTC(2026, 10, 22, 12)
/** In the middle of its spread, followed by a few. */
const usual: Circumstances = { now, followers: 3, told: false, spread: 0.5 }

const rhythm = (published: readonly number[], more: Partial<FeedRhythm['hints']> & { complete?: boolean } = {}) => {
  const { complete = false, ...hints } = more
  const none = { ttlMinutes: null, everyMinutes: null, skipHours: [], skipDays: [] }
  return { published, complete, hints: { ...none, ...hints } }
}
/** Twelve episodes, `gap` apart, the newest `ago` old. */
const every = (gap: number, ago = gap / 2) => Array.from({ length: 12 }, (_, i) => now - ago - i * gap)

describe('a feed that was read is looked at again', () => {
  test.each([
    ['a news feed of each hour, every quarter of an hour', rhythm(every(hour)), 15 * minute],
    ['a daily one, every two hours', rhythm(every(day)), 2 * hour],
    ['a weekly one, every fourteen hours', rhythm(every(7 * day)), 14 * hour],
    ['a monthly one, every day', rhythm(every(30 * day)), day],
    [
      'one whose next episode is due in an hour, just after that',
      rhythm(every(7 * day, 7 * day - hour)),
      hour + 5 * minute,
    ],
    ['one that has been silent for three months, every day', rhythm(every(7 * day, 90 * day)), day],
    ['one whose newest episode is two years old, every week', rhythm(every(7 * day, 730 * day)), 7 * day],
    ['one that says it is complete, every week', rhythm(every(day), { complete: true }), 7 * day],
    ['one without dates, every six hours', rhythm([]), 6 * hour],
    ['one with a single episode, every six hours', rhythm([now - day]), 6 * hour],
    ['one that asks for four hours, not before', rhythm(every(hour), { ttlMinutes: 240 }), 4 * hour],
    ['one that asks for a year, after a day', rhythm(every(hour), { everyMinutes: 525_600 }), day],
  ])('%s', (_, feed, expected) => {
    expect(planNext(feed, usual).at - now).toBe(expected)
  })

  test('not before its server calls it stale, within reason', () => {
    expect(planNext(rhythm(every(hour)), usual, hour).at - now).toBe(hour)
    expect(planNext(rhythm(every(hour)), usual, 365 * day).at - now).toBe(6 * hour)
  })

  test('more often when many follow it, seldom when it is only played', () => {
    expect(planNext(rhythm(every(7 * day)), { ...usual, followers: 100 }).at - now).toBe(7 * hour)
    expect(planNext(rhythm(every(hour)), { ...usual, followers: 0 }).at - now).toBe(6 * hour)
  })

  test('outside of the hours and days it asks to be left alone in', () => {
    const noons = rhythm(every(hour), { skipHours: [12, 13, 14] })
    expect(new Date(planNext(noons, usual).at).toISOString()).toBe('2026-11-22T15:15:00.000Z')
    // That day is a Sunday.
    expect(new Date(planNext(rhythm(every(hour), { skipDays: [0] }), usual).at).getUTCDay()).toBe(1)
    const never = rhythm(every(hour), { skipDays: [0, 1, 2, 3, 4, 5, 6] })
    expect(planNext(never, usual).at - now).toBe(15 * minute)
  })

  test('four times less often while a hub tells of its changes, and once a day at least', () => {
    const told = { ...usual, told: true }
    const ofEvery = (gap: number) => (planNext(rhythm(every(gap)), told).at - now) / hour
    expect(ofEvery(hour)).toBe(1)
    expect(ofEvery(2 * day)).toBe(16)
    expect(ofEvery(7 * day)).toBe(24)
    expect(planNext(rhythm(every(2 * day)), told).why).toBe('an episode every 2 days; its hub tells of changes')
    const dead = rhythm([now - 500 * day])
    expect(planNext(dead, told)).toEqual(planNext(dead, usual))
  })

  test('and is told why in words', () => {
    expect(planNext(rhythm(every(7 * day)), usual).why).toBe('an episode every 7 days')
    expect(planNext(rhythm(every(hour), { ttlMinutes: 240 }), usual, 5 * hour).why).toBe(
      'an episode every 60 minutes; it asks for 4 hours between two looks; its server calls it fresh for 5 hours',
    )
  })

  test('never sooner than in 13 minutes nor later than in eight days, whatever it says', () => {
    const feed = fc.record({
      published: fc
        .array(fc.integer({ min: 0, max: now + 400 * day }), { maxLength: 12 })
        .map((times) => times.sort((a, b) => b - a)),
      complete: fc.boolean(),
      hints: fc.record({
        ttlMinutes: fc.option(fc.integer({ min: 0, max: 10_000_000 })),
        everyMinutes: fc.option(fc.integer({ min: 0, max: 10_000_000 })),
        skipHours: fc.array(fc.integer({ min: 0, max: 23 })),
        skipDays: fc.array(fc.integer({ min: 0, max: 6 })),
      }),
    })
    const circumstances = fc.record({
      now: fc.constant(now),
      followers: fc.nat(1_000_000),
      told: fc.boolean(),
      spread: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    fc.assert(
      fc.property(feed, circumstances, fc.nat(10 * 365 * day), (read, around, fresh) => {
        const { at, why } = planNext(read, around, fresh)
        expect(at - now).toBeGreaterThanOrEqual(13 * minute)
        expect(at - now).toBeLessThanOrEqual(7 * day * 1.1 + 2 * day)
        expect(Number.isInteger(at)).toBe(true)
        expect(why).not.toMatch(/NaN|undefined/)
      }),
    )
  })
})

describe('a feed that failed is tried again', () => {
  const wait = (failures: number, trouble: Trouble = 'passing', more: { since?: number; retryAfter?: number } = {}) =>
    planRetry({ failures, trouble, since: more.since ?? now, retryAfter: more.retryAfter ?? null }, usual).at - now

  test('soon at first, then ever later, at last once a day', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 40].map((failures) => wait(failures) / minute)).toEqual([
      10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440,
    ])
  })

  test('once a week when nothing has come from it for a month', () => {
    expect(wait(30, 'passing', { since: now - 31 * day })).toBe(7 * day)
  })

  test('the next day when it is gone, then once a week', () => {
    expect(wait(1, 'gone')).toBe(day)
    expect(wait(2, 'gone')).toBe(7 * day)
  })

  test('once a day when it asks for a password or may not be asked for', () => {
    expect([wait(1, 'locked'), wait(9, 'locked'), wait(1, 'refused')]).toEqual([day, day, day])
  })

  test('not before its server wants it to, up to a week', () => {
    expect(wait(1, 'asked to wait', { retryAfter: 3 * hour })).toBe(3 * hour)
    expect(wait(1, 'asked to wait', { retryAfter: 1000 })).toBe(10 * minute)
    expect(wait(1, 'asked to wait', { retryAfter: 365 * day })).toBe(7 * day)
  })
})

test('spans are told in whole units', () => {
  const told = [0, 90_000, 15 * minute, 60 * minute, 119 * minute, 2 * hour, 47 * hour, 2 * day, 400 * day]
  expect(told.map(spanInWords)).toEqual([
    '1 minute',
    '2 minutes',
    '15 minutes',
    '60 minutes',
    '119 minutes',
    '2 hours',
    '47 hours',
    '2 days',
    '400 days',
  ])
})
