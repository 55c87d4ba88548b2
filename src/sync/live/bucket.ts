/** A bucket that leaks: full at first, each frame takes one out, and time fills it again. */
export interface Bucket {
  /** False when it is empty. @param now milliseconds since 1970 */
  take(now: number): boolean
}

/** @param refill per second */
export function createBucket(size: number, refill: number, now: number): Bucket {
  let level = size
  let last = now
  return {
    take(at) {
      level = Math.min(size, level + (Math.max(0, at - last) / 1000) * refill)
      last = Math.max(last, at)
      if (level < 1) return false
      level -= 1
      return true
    },
  }
}
