import { availableParallelism } from 'node:os'
import pLimit from 'p-limit'
import { Piscina } from 'piscina'
import type { NoFeed } from './shapes.ts'
import { noFeed } from './understanding/no-feed.ts'

interface Document {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Threads that do one kind of work on what strangers wrote. */
export interface Threads<Question extends Document, Reply> {
  /**
   * Rejects when `signal` aborts (with its reason) and when the threads were closed.
   *
   * @param ask is called when a thread is free; the bytes then change hands without being copied
   */
  run(ask: () => Question, signal?: AbortSignal): Promise<Reply | NoFeed>
  /** Ends the threads; what they were at is given up. */
  close(): Promise<void>
}

export interface ThreadsOptions {
  /** The module whose default export does the work. */
  readonly file: URL
  /** How many work at once; one less than there are processors where not said. */
  readonly threads?: number | undefined
  /** Milliseconds for one piece of work. */
  readonly timeout: number
  /** Megabytes of heap for one thread. */
  readonly memory: number
}

/**
 * Threads with so much time and memory and no more, so that no document harms the process or holds up a request: one
 * that takes too long or too much ends its thread, and is refused. Threads begin with the first piece of work and end
 * after a minute without one.
 */
export function createThreads<Question extends Document, Reply>({
  file,
  threads = Math.max(1, availableParallelism() - 1),
  timeout,
  memory,
}: ThreadsOptions): Threads<Question, Reply> {
  const pool = new Piscina<Question, Reply>({
    filename: file.href,
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
  // The pool has a queue too, but time in it would count as time spent working.
  const turn = pLimit({ concurrency: threads, rejectOnClear: true })

  async function work(ask: () => Question, signal?: AbortSignal): Promise<Reply | NoFeed> {
    signal?.throwIfAborted()
    const question = ask()
    const tooSlow = AbortSignal.timeout(timeout)
    try {
      return await pool.run(question, {
        transferList: [question.bytes.buffer],
        signal: signal ? AbortSignal.any([signal, tooSlow]) : tooSlow,
      })
    } catch (error) {
      signal?.throwIfAborted()
      if (tooSlow.aborted) return noFeed('too_slow', `reading the feed took longer than ${timeout / 1000} seconds`)
      if (isOutOfMemory(error)) return noFeed('too_much_memory', `reading the feed took more than ${memory} MB`)
      throw error
    }
  }

  return {
    run: (ask, signal) => turn(() => work(ask, signal)),
    close: async () => {
      turn.clearQueue()
      await pool.destroy()
    },
  }
}

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
