import { describe, expect, test } from 'vitest'
import { type Arrangement, applicable, inOrder, rearrange, rearranged } from '../../src/podcast/arrangement.ts'
import { everything, type Seen } from '../../src/podcast/seen.ts'

const at = 1000

/** The arrangement after the list was set by a device whose number it is. */
function set(
  now: Arrangement,
  known: Arrangement,
  list: readonly string[],
  written: { number: number; author: string | null },
  time = at,
  seen: Seen = { what: 'until', number: 1, author: written.author, ownSince: written.number - 1 },
): Arrangement {
  return rearranged(now, applicable(now, rearrange(known, list, time), seen), written)
}

const base = set({}, {}, ['a', 'b', 'c'], { number: 1, author: 'desk' })
const phone = (number: number) => ({ number, author: 'phone' })
const tablet = (number: number) => ({ number, author: 'tablet' })

describe('two devices at once', () => {
  test('both additions are kept', () => {
    const one = set(base, base, ['a', 'b', 'c', 'x'], phone(2))
    const both = set(one, base, ['y', 'a', 'b', 'c'], tablet(3))
    expect(inOrder(both)).toEqual(['y', 'a', 'b', 'c', 'x'])
  })

  test('a removal wins over a move, whoever comes first', () => {
    const moved = set(base, base, ['c', 'a', 'b'], phone(2), at + 500)
    expect(inOrder(set(moved, base, ['a', 'b'], tablet(3)))).toEqual(['a', 'b'])
    const removed = set(base, base, ['a', 'b'], tablet(2))
    expect(inOrder(set(removed, base, ['c', 'a', 'b'], phone(3), at + 500))).toEqual(['a', 'b'])
  })

  test('the last writer places an item that both moved, and on a tie one and the same', () => {
    const first = (list: string[], time: number, other: string[], otherTime: number) =>
      inOrder(set(set(base, base, list, phone(2), time), base, other, tablet(3), otherTime))
    expect(first(['c', 'a', 'b'], at + 2, ['a', 'c', 'b'], at + 1)).toEqual(['c', 'a', 'b'])
    expect(first(['a', 'c', 'b'], at + 1, ['c', 'a', 'b'], at + 2)).toEqual(['c', 'a', 'b'])
    expect(first(['a', 'c', 'b'], at + 1, ['c', 'a', 'b'], at + 1)).toEqual(
      first(['c', 'a', 'b'], at + 1, ['a', 'c', 'b'], at + 1),
    )
  })

  test('a move by a clock that is behind still counts as after the place it leaves', () => {
    const late = set(base, base, ['c', 'a', 'b'], phone(2), 5)
    expect(inOrder(late)).toEqual(['c', 'a', 'b'])
    expect(late.c?.at).toBe(at + 1)
  })

  test('who puts an item where another device put it too counts as having said so later', () => {
    const once = set(base, base, ['a', 'b', 'c', 'x'], phone(2), at + 1)
    const twice = set(once, base, ['a', 'b', 'c', 'x'], tablet(3), at + 5)
    const elsewhere = set(twice, base, ['x', 'a', 'b', 'c'], { number: 4, author: 'car' }, at + 3)
    expect(inOrder(elsewhere)).toEqual(['a', 'b', 'c', 'x'])
  })
})

describe('a removal', () => {
  test('takes away only what its device knew: an item added again meanwhile stays', () => {
    const gone = set(base, base, ['a', 'b'], phone(2))
    const again = set(gone, gone, ['a', 'b', 'c'], phone(3))
    expect(inOrder(set(again, base, ['a', 'b'], tablet(4)))).toEqual(['a', 'b', 'c'])
  })

  test('leaves an item that another device has added meanwhile too, whoever was first', () => {
    const mine = set(base, base, ['a', 'b', 'c', 'x'], phone(2))
    const both = set(mine, base, ['a', 'b', 'c', 'x'], tablet(3))
    expect(inOrder(set(both, mine, ['a', 'b', 'c'], phone(4)))).toEqual(['a', 'b', 'c', 'x'])
    const theirs = set(base, base, ['a', 'b', 'c', 'x'], tablet(2))
    const all = set(theirs, base, ['a', 'b', 'c', 'x'], phone(3))
    const knownToPhone = set(base, base, ['a', 'b', 'c', 'x'], phone(3))
    expect(inOrder(set(all, knownToPhone, ['a', 'b', 'c'], phone(4)))).toEqual(['a', 'b', 'c', 'x'])
    // A device that knows of both additions takes it away.
    expect(inOrder(set(all, all, ['a', 'b', 'c'], { number: 4, author: 'desk' }, at, everything))).toEqual([
      'a',
      'b',
      'c',
    ])
  })

  test('keeps of each device its newest addition only', () => {
    const mine = set(base, base, ['a', 'b', 'c', 'x'], phone(2))
    const both = set(mine, base, ['x', 'a', 'b', 'c'], tablet(3))
    const again = set(both, base, ['a', 'x', 'b', 'c'], tablet(4))
    expect(again.x?.added).toEqual([phone(2), tablet(4)])
  })
})

test('items that share a place stand in the order of their names, and make room between them', () => {
  const both = set(set(base, base, ['a', 'b', 'c', 'y'], phone(2)), base, ['a', 'b', 'c', 'x'], tablet(3))
  expect(both.x?.place).toBe(both.y?.place)
  expect(inOrder(both)).toEqual(['a', 'b', 'c', 'x', 'y'])
  const between = rearrange(both, ['a', 'b', 'c', 'x', 'z', 'y'], at)
  expect(between.added.map(([item]) => item)).toEqual(['z'])
  expect(between.moved.map(([item]) => item)).toEqual(['y'])
  expect(inOrder(rearranged(both, between, phone(4)))).toEqual(['a', 'b', 'c', 'x', 'z', 'y'])
  const turned = rearrange(both, ['a', 'b', 'c', 'y', 'x'], at)
  expect(inOrder(rearranged(both, turned, phone(4)))).toEqual(['a', 'b', 'c', 'y', 'x'])
})

test('an item listed twice is there once, where it was listed first', () => {
  expect(inOrder(set(base, base, ['b', 'a', 'b', 'c', 'a'], phone(2)))).toEqual(['b', 'a', 'c'])
})

describe('ten thousand items', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => `podcast-${i % 7}/episode-${i}`)
  const known = set({}, {}, long, phone(1))

  test('are added, reversed, shuffled, halved and taken away in little time', () => {
    const started = performance.now()
    expect(inOrder(known)).toEqual(long)
    const reversed = long.toReversed()
    expect(inOrder(set(known, known, reversed, phone(2)))).toEqual(reversed)
    const riffled = [...long.filter((_, i) => i % 2 === 0), ...long.filter((_, i) => i % 2 === 1)]
    const edit = rearrange(known, riffled, at)
    expect(edit.moved.length).toBeLessThanOrEqual(5_000)
    expect(inOrder(set(known, known, riffled, phone(2)))).toEqual(riffled)
    expect(inOrder(set(known, known, long.slice(5_000), phone(2)))).toEqual(long.slice(5_000))
    expect(set(known, known, [], phone(2))).toEqual({})
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  test('move one at a time', () => {
    const last = long.at(-1) as string
    expect(rearrange(known, [last, ...long.slice(0, -1)], at)).toMatchObject({ added: [], removed: [] })
    expect(rearrange(known, [last, ...long.slice(0, -1)], at).moved).toHaveLength(1)
  })
})

test('a place between the same two items can be found again and again', () => {
  let now = set({}, {}, ['first', 'last'], phone(1))
  let list = ['first', 'last']
  for (let i = 0; i < 300; i++) {
    list = list.toSpliced(1, 0, `item ${i}`)
    now = set(now, now, list, phone(2 + i), at + i, everything)
  }
  expect(inOrder(now)).toEqual(list)
  expect(Math.max(...Object.values(now).map((item) => item.place.length))).toBeLessThan(100)
})
