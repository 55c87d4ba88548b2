import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../database/listen.ts'
import { rows, type Statement, type Store } from '../database/store.ts'
import type { Following } from './followers.ts'
import { sequenceArrivals } from './sequencer.ts'

const channel = 'balados_journal'
/** A process that missed a wake-up looks for itself this often, in milliseconds. */
const idle = 1_000
/** Wake-ups of other processes are bundled for so long: a NOTIFY inside an append would make commits wait in line. */
const bundle = 10
/**
 * Milliseconds between two beats: each ends with writes to the disk that appends wait behind. Who was idle follows at
 * once; under load this much later, and more at a time.
 */
const rest = 50

/** Does not wait for the disk: who is not woken looks for itself. */
const notify: Statement = {
  name: 'pulse-notify',
  text: `with quick as materialized (select set_config('synchronous_commit', 'off', true))
    select pg_notify($1, '') from quick`,
}

interface Log {
  error(context: object, message: string): void
}

export interface Pulse {
  /** Something was appended. */
  wake(): void
  stop(): Promise<void>
}

/** Tells the processes that follow the journal that something was appended; for processes that do not follow it. */
export function createHerald(events: Store, log: Log): Pulse {
  let pending: NodeJS.Timeout | null = null
  let telling: Promise<unknown> = Promise.resolve()
  const tell = () => {
    pending = null
    telling = rows(events.pool, notify, [channel]).catch((error: unknown) => {
      log.error({ err: error }, 'could not wake the followers of the journal; they look for themselves every second')
    })
  }
  return {
    wake: () => {
      pending ??= setTimeout(tell, bundle)
    },
    stop: async () => {
      if (pending) clearTimeout(pending)
      if (pending) tell()
      await telling
    },
  }
}

/** Keeps sequencer and followers going: at once when something was appended, here or elsewhere, and every second. */
export async function startPulse(events: Store, following: Following, log: Log): Promise<Pulse> {
  let stopped = false
  let running: Promise<void> = Promise.resolve()
  let busy = false
  let again = false
  let timer: NodeJS.Timeout | undefined

  const beat = async () => {
    busy = true
    clearTimeout(timer)
    try {
      do {
        again = false
        await sequenceArrivals(events)
        await following.advance()
        if (!stopped) await sleep(rest)
      } while (again && !stopped)
    } catch (error) {
      log.error({ err: error }, 'following the journal failed; trying again in a second')
    } finally {
      busy = false
      if (!stopped) timer = setTimeout(wake, idle)
    }
  }
  const wake = () => {
    again = true
    if (!busy && !stopped) running = beat()
  }

  const ear = await listen(events.url, channel, wake, log)
  wake()
  return {
    wake,
    stop: async () => {
      stopped = true
      clearTimeout(timer)
      await ear.stop()
      await running
    },
  }
}
