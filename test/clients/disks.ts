import type { Storage } from '../../clients/typescript/src/index.ts'

/** A disk whose power can be cut: after `cut(n)` it takes n more writes. */
export interface Disk extends Storage {
  readonly kept: Map<string, string>
  cut(after: number): void
}

export function openDisk(kept: Map<string, string> = new Map()): Disk {
  let left = Number.POSITIVE_INFINITY
  return {
    kept,
    cut(after) {
      left = after
    },
    get: async (key) => kept.get(key),
    async set(key, value) {
      if (left-- <= 0) throw new Error('the power is gone')
      kept.set(key, value)
    },
  }
}
