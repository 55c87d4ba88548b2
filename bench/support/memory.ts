import type { ChildProcess } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Megabytes: the highest seen between two questions. */
export interface Memory {
  /** What is reachable after a garbage collection: the measure of what a request holds on to. */
  readonly held: number
  /** What the process occupies, garbage included. */
  readonly resident: number
}

const every = 50

/** In the child: watches its memory from now on, and answers each message with the highest since the last one. */
export function answerMemory(): void {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let watching: NodeJS.Timeout | undefined
  let highest: Memory = { held: 0, resident: 0 }
  const look = () => {
    const resident = process.memoryUsage().rss / 2 ** 20
    collect()
    const { heapUsed, external } = process.memoryUsage()
    highest = {
      held: Math.max(highest.held, (heapUsed + external) / 2 ** 20),
      resident: Math.max(highest.resident, resident),
    }
  }
  process.on('message', (what) => {
    clearInterval(watching)
    look()
    const said = highest
    highest = { held: 0, resident: 0 }
    if (what === 'watch') {
      look()
      watching = setInterval(look, every)
    }
    process.send?.(said)
  })
}

async function asked(child: ChildProcess, what: 'watch' | 'stop'): Promise<Memory> {
  const said = new Promise<Memory>((resolve) => child.once('message', (memory) => resolve(memory as Memory)))
  child.send(what)
  return said
}

/** What the child's memory was before some work, and at most while it was done. */
export async function memoryOf(child: ChildProcess, work: () => Promise<unknown>) {
  await asked(child, 'stop')
  const before = await asked(child, 'watch')
  await work()
  return { before, during: await asked(child, 'stop') }
}
