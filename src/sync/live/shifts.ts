import type { Channel } from './channel.ts'

/** The channels that are open, looked after in turn: thousands must not ask the database in one moment. */
export interface Shifts {
  /** Adds one; it is gone with the function that comes back. */
  add(channel: Channel): () => void
  all(): Iterable<Channel>
  stop(): void
}

const count = 16

/** @param every milliseconds between two beats of one channel */
export function createShifts(every: number): Shifts {
  const shifts = Array.from({ length: count }, () => new Set<Channel>())
  let next = 0
  let turn = 0
  const timer = setInterval(() => {
    for (const channel of shifts[turn++ % count] ?? []) channel.beat()
  }, every / count)
  return {
    add(channel) {
      const shift = shifts[next++ % count]
      shift?.add(channel)
      return () => shift?.delete(channel)
    },
    all: () => shifts.flatMap((shift) => [...shift]),
    stop: () => clearInterval(timer),
  }
}
