import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PlayData } from '../../src/plays/events.ts'
import { heardAlso, type Trace, traced } from '../../src/popularity/listened.ts'

const edit = (said: Partial<PlayData>): PlayData => ({
  podcast: '',
  position: 0,
  played: false,
  duration: null,
  started: null,
  at: 0,
  saidBy: null,
  timedBy: null,
  spotBefore: null,
  lengthBefore: null,
  startedOver: null,
  asSent: true,
  ...said,
})
const through = (...edits: Partial<PlayData>[]) =>
  edits.reduce<Trace | null>((trace, said) => traced(trace, edit(said)), null)

test('stretches stay apart, in order, and hold each second once', () => {
  const stretch = fc
    .tuple(fc.nat(50), fc.integer({ min: 1, max: 10 }))
    .map(([from, long]) => [from, from + long] as const)
  fc.assert(
    fc.property(fc.array(stretch), (some) => {
      const heard = some.reduce<readonly (readonly [number, number])[]>(heardAlso, [])
      const seconds = (of: readonly (readonly [number, number])[]) =>
        of.flatMap(([from, to]) => Array.from({ length: to - from }, (_, n) => from + n))
      expect(seconds(heard)).toEqual([...new Set(seconds(some))].sort((a, b) => a - b))
      for (const [i, [from]] of heard.entries()) if (i > 0) expect(from).toBeGreaterThan(heard[i - 1]?.[1] ?? 0)
    }),
  )
})

test('an edit that lost to another says nothing of where listening began', () => {
  const saidBy = { number: 1, author: null }
  expect(through({ position: 1500, started: 0, saidBy })?.heard).toEqual([])
  expect(through({ position: 1500, started: 0 })?.heard).toBeNull()
})

test('a beginning after the end is none', () => {
  expect(through({ position: 10 }, { position: 20, started: 30, at: 10_000 })?.heard).toEqual([[10, 20]])
})

test('an edit with an older time hears nothing, and what is played stays so', () => {
  expect(through({ position: 10, at: 60_000 }, { position: 20, at: 50_000 })?.heard).toEqual([])
  expect(through({ position: 10, played: true }, { position: 0 })?.heard).toBeNull()
})

test('seventy per cent of nothing are not a play', () => {
  expect(through({ position: 0, duration: 0 })?.heard).toEqual([])
})
