import { Worker } from 'node:worker_threads'
import pLimit from 'p-limit'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { hasFolders, readWork } from './file.ts'

/** A file that was read, with what it asks for as JSON, the way it is kept. */
export interface ReadFile {
  readonly work: string
  readonly total: number
  readonly hasFolders: boolean
}

/** Characters that are read in a few milliseconds, which nobody need wait for. */
const short = 100_000
/** Milliseconds for the longest file, on a machine that has much else to do. */
const patience = 20_000
/** Megabytes. */
const memory = 256

const inTurn = pLimit(1)

export function readHere(text: string): ReadFile | Refusal {
  const work = readWork(text)
  if (isRefusal(work)) return work
  return { work: JSON.stringify(work), total: work.entries.length, hasFolders: hasFolders(work) }
}

/** Reads a file of subscriptions; a long one in a thread of its own, one at a time, so that other requests go on. */
export const readFile = async (text: string): Promise<ReadFile | Refusal> =>
  text.length <= short ? readHere(text) : inTurn(() => readAside(text))

function readAside(text: string): Promise<ReadFile | Refusal> {
  const tooMuch = refuse('payload_too_large', 'The file takes too long to read, or too much memory; bring it in parts.')
  return new Promise((resolve, reject) => {
    const thread = new Worker(new URL('./reading-thread.ts', import.meta.url), {
      workerData: text,
      resourceLimits: { maxOldGenerationSizeMb: memory },
      // The secrets of the process are no business of a thread that reads what strangers wrote.
      env: {},
    })
    const timer = setTimeout(() => {
      resolve(tooMuch)
      void thread.terminate()
    }, patience)
    thread.once('message', resolve)
    thread.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(tooMuch)
      else reject(error)
    })
    thread.once('exit', () => {
      clearTimeout(timer)
      resolve(tooMuch)
    })
  })
}
