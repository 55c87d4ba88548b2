import { expect, test } from 'vitest'
import { type Announced, type Moving, noticeMove } from '../../src/feeds/moves.ts'

const hour = 3_600_000
const there: Announced = { to: 'https://new.example/feed', why: 'permanent redirect' }
const other: Announced = { to: 'https://other.example/feed', why: 'permanent redirect' }

/** What is believed at each of these fetches. */
function believed(fetches: readonly (readonly [hours: number, announced: Announced | null])[]): boolean[] {
  let moving: Moving | null = null
  return fetches.map(([hours, announced]) => {
    const noticed = noticeMove(moving, announced, hours * hour)
    moving = noticed.moving
    return noticed.believed
  })
}

test('a move is believed at the third fetch in a row that says so, two days after the first, and once', () => {
  expect(
    believed([
      [0, there],
      [24, there],
      [48, there],
      [72, there],
    ]),
  ).toEqual([false, false, true, false])
})

test('three fetches of one afternoon are not enough, nor two of one week', () => {
  expect(
    believed([
      [0, there],
      [1, there],
      [2, there],
      [3, there],
    ]),
  ).not.toContain(true)
  expect(
    believed([
      [0, there],
      [168, there],
    ]),
  ).not.toContain(true)
})

test('one fetch without it, or with another target, begins anew', () => {
  expect(
    believed([
      [0, there],
      [24, there],
      [30, null],
      [48, there],
      [72, there],
    ]),
  ).not.toContain(true)
  expect(
    believed([
      [0, there],
      [24, other],
      [48, there],
      [72, there],
    ]),
  ).not.toContain(true)
})

test('the same address by another scheme or with a slash at its end is the same move', () => {
  const spelled = { ...there, to: 'http://NEW.example/feed/' }
  expect(
    believed([
      [0, there],
      [24, spelled],
      [48, there],
    ]),
  ).toEqual([false, false, true])
})

test('a feed that moves on after it moved is believed again', () => {
  expect(
    believed([
      [0, there],
      [24, there],
      [48, there],
      [72, other],
      [96, other],
      [120, other],
    ]),
  ).toEqual([false, false, true, false, false, true])
})
