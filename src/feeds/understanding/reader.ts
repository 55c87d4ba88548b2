import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import { Piscina } from 'piscina'
import { isRefusal } from '../../kernel/refusal.ts'
import type { CreateFeedReader, FeedSource, NoFeed, ParsedFeed } from '../shapes.ts'
import { type Question, type Reply, unpack } from './carrying.ts'
import { noFeed } from './no-feed.ts'

const megabyte = 1024 * 1024

/**
 * Starts reading feeds in threads of their own, each with so much memory and no more, so that no document harms the
 * process or holds up a request: one that takes too long or too much ends its thread, and is refused. Threads begin
 * with the first feed and end after a minute without one.
 */
export const createFeedReader: CreateFeedReader = ({
  threads = Math.max(1, availableParallelism() - 1),
  timeout = 30_000,
  memory = 256,
  largest = 64 * megabyte,
} = {}) => {
  const pool = new Piscina<Question, Reply>({
    filename: new URL('./worker.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: 60_000,
    resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    // The secrets of the process are no business of a thread that reads what strangers wrote.
    env: {},
  })
  // A thread that is ended for taking too long may run out of memory before it has.
  pool.on('error', (error) => {
    if (!isOutOfMemory(error)) throw error
  })
  // The pool has a queue too, but time in it would count as time spent reading.
  const turn = pLimit({ concurrency: threads, rejectOnClear: true })

  async function read(bytes: Uint8Array, source: FeedSource, signal?: AbortSignal): Promise<ParsedFeed | NoFeed> {
    signal?.throwIfAborted()
    const tooSlow = AbortSignal.timeout(timeout)
    const question = { bytes: new Uint8Array(bytes), url: source.url, contentType: source.contentType }
    try {
      const reply = await pool.run(question, {
        transferList: [question.bytes.buffer],
        signal: signal ? AbortSignal.any([signal, tooSlow]) : tooSlow,
      })
      return isRefusal(reply) ? reply : await unpack(reply)
    } catch (error) {
      signal?.throwIfAborted()
      if (tooSlow.aborted) return noFeed('too_slow', `reading the feed took longer than ${timeout / 1000} seconds`)
      if (isOutOfMemory(error)) return noFeed('too_much_memory', `reading the feed took more than ${memory} MB`)
      throw error
    }
  }

  return {
    understand: async (bytes, source, signal) => {
      if (bytes.byteLength > largest)
        return noFeed('too_large', `the feed is larger than ${Math.floor(largest / megabyte)} MB`)
      return turn(() => read(bytes, source, signal))
    },
    close: async () => {
      turn.clearQueue()
      await pool.destroy()
    },
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
