import { describe, expect, test } from 'vitest'
import { mergeRegister, prefersGreater, prefersTrue, type Register } from '../../src/podcast/register.ts'
import type { Seen } from '../../src/podcast/seen.ts'

const stands: Register<boolean> = { value: true, at: 100, number: 5, author: 'pod.example\ntablet' }
const all: Seen = { what: 'all' }
const unknown: Seen = { what: 'unknown' }
const until = (number: number): Seen => ({ what: 'until', number, author: 'pod.example\nphone', ownSince: 9 })
const merge = (value: boolean, at: number, seen: Seen, known: Register<boolean> | null = null) =>
  mergeRegister(stands, known, { value, at, seen }, prefersTrue)

test('the first word is taken as it is', () => {
  const said = { value: false, at: 1, seen: unknown }
  expect(mergeRegister(null, null, said, prefersTrue)).toEqual({
    taken: true,
    at: 1,
    concurrent: false,
    reason: 'first',
  })
})

describe('in sight', () => {
  test('another value replaces, at least a moment after what it replaces', () => {
    for (const seen of [all, until(5)]) {
      expect(merge(false, 300, seen)).toEqual({ taken: true, at: 300, concurrent: false, reason: 'seen' })
      expect(merge(false, 1, seen)).toEqual({ taken: true, at: 101, concurrent: false, reason: 'seen' })
    }
  })

  test('the same value counts only when a device says it later', () => {
    expect(merge(true, 101, until(5))).toMatchObject({ taken: true, at: 101, concurrent: false, reason: 'same' })
    expect(merge(true, 100, until(5))).toMatchObject({ taken: false, concurrent: false, reason: 'same' })
    expect(merge(true, 101, all)).toMatchObject({ taken: false, reason: 'same' })
  })
})

describe('concurrently', () => {
  test('the newest is taken, and who loses is told why', () => {
    expect(merge(false, 101, until(4))).toEqual({ taken: true, at: 101, concurrent: true, reason: 'newer' })
    expect(merge(false, 99, until(4))).toEqual({ taken: false, at: 99, concurrent: true, reason: 'older' })
  })

  test('on a tie the preferred value is taken', () => {
    expect(merge(false, 100, until(4))).toEqual({ taken: false, at: 100, concurrent: true, reason: 'tie' })
    const gone = { ...stands, value: false }
    const back = { value: true, at: 100, seen: until(4) }
    expect(mergeRegister(gone, null, back, prefersTrue)).toMatchObject({ taken: true, reason: 'tie' })
  })

  test('two devices that say the same do not contend', () => {
    expect(merge(true, 200, until(4))).toMatchObject({ taken: true, concurrent: false })
    expect(merge(true, 50, until(4))).toMatchObject({ taken: false, concurrent: false })
    expect(merge(true, 100, until(4))).toMatchObject({ taken: false, concurrent: false })
  })

  test('what changes the value its device knew stands after it, wherever the clock is', () => {
    const known: Register<boolean> = { value: true, at: 150, number: 3, author: null }
    expect(merge(false, 1, until(4), known)).toMatchObject({ taken: true, at: 151 })
    // Who only repeats what it knew has no such claim.
    expect(merge(false, 1, until(4), { ...known, value: false })).toMatchObject({ taken: false, at: 1 })
  })
})

describe('where nobody knows what was seen', () => {
  test('the edit’s own time decides, and nothing is a conflict', () => {
    expect(merge(false, 101, unknown)).toEqual({ taken: true, at: 101, concurrent: false, reason: 'newer' })
    expect(merge(false, 99, unknown)).toEqual({ taken: false, at: 99, concurrent: false, reason: 'older' })
    expect(merge(false, 99, unknown, stands)).toMatchObject({ taken: false, at: 99 })
  })
})

test('words are preferred in a fixed order, and none is like an empty one', () => {
  expect(prefersGreater('b', 'a')).toBe(1)
  expect(prefersGreater('a', 'b')).toBe(-1)
  expect(prefersGreater(null, '')).toBe(0)
  expect(prefersGreater('a', null)).toBe(1)
})
