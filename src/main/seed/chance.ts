import { hash } from 'node:crypto'

/** Luck that can be had again: the same words give the same draws, on every machine. */
export interface Chance {
  /** At least 0, below 1. */
  draw(): number
  /** True this often, 0 to 1. */
  happens(often: number): boolean
  /** A whole number, both ends included. */
  between(least: number, most: number): number
  /** One of them; undefined of none. */
  pick<T>(of: readonly T[]): T | undefined
  /** All of them in another order. */
  shuffled<T>(of: readonly T[]): T[]
}

/**
 * A generator seeded by words: mulberry32 by Tommy Ettinger, in the public domain
 * (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c). Good enough for a demo, for nothing secret.
 */
export function chanceOf(words: string): Chance {
  let state = Number.parseInt(hash('sha256', words).slice(0, 8), 16)
  const draw = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    draw,
    happens: (often) => draw() < often,
    between: (least, most) => least + Math.floor(draw() * (most - least + 1)),
    pick: (of) => of[Math.floor(draw() * of.length)],
    shuffled: (of) =>
      of
        .map((one) => ({ one, at: draw() }))
        .sort((a, b) => a.at - b.at)
        .map(({ one }) => one),
  }
}
