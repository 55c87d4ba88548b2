import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Answer, answer } from '../kernel/endpoint.ts'

/**
 * Answers that are the same for everybody, remembered for a moment: however many ask, the work is done once. What
 * changes shows at once where this process made the change, and after {@link briefly} at the latest elsewhere.
 */
export interface Brief {
  /** The answer under this key, made where none is remembered. */
  of(key: string, make: () => Promise<object>): Promise<Answer>
  /** Forgets everything: something has changed. */
  forget(): void
}

/** Milliseconds. */
const briefly = 1_000
const most = 500

export function createBrief(): Brief {
  const remembered = new LRUCache<string, Promise<Answer>>({ max: most, ttl: briefly })
  return {
    of(key, make) {
      const known = remembered.get(key)
      if (known) return known
      const made = make().then((body) => {
        const mark = createHash('sha256').update(JSON.stringify(body)).digest('base64url').slice(0, 22)
        return answer(200, body, { ETag: `W/"${mark}"`, 'Cache-Control': `public, max-age=${briefly / 1000}` })
      })
      remembered.set(key, made)
      made.catch(() => {
        if (remembered.peek(key) === made) remembered.delete(key)
      })
      return made
    },
    forget: () => remembered.clear(),
  }
}
