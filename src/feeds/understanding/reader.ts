import { isRefusal } from '../../kernel/refusal.ts'
import type { CreateFeedReader } from '../shapes.ts'
import { createThreads } from '../threads.ts'
import { type Question, type Reply, unpack } from './carrying.ts'
import { noFeed } from './no-feed.ts'

const megabyte = 1024 * 1024

/** Starts reading feeds in threads of their own. */
export const createFeedReader: CreateFeedReader = ({
  threads,
  timeout = 30_000,
  memory = 256,
  largest = 64 * megabyte,
} = {}) => {
  const file = new URL('./worker.ts', import.meta.url)
  const pool = createThreads<Question, Reply>({ file, threads, timeout, memory })

  return {
    understand: async (bytes, source, signal) => {
      if (bytes.byteLength > largest)
        return noFeed('too_large', `the feed is larger than ${Math.floor(largest / megabyte)} MB`)
      const { url, contentType } = source
      const reply = await pool.run(() => ({ bytes: new Uint8Array(bytes), url, contentType }), signal)
      return isRefusal(reply) ? reply : unpack(reply)
    },
    close: pool.close,
  }
}
