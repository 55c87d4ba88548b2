import type { Logger } from 'pino'
import { claimDataDir, findEmbedded, startEmbedded } from '../database/embedded.ts'
import type { StoreUrls } from '../database/store.ts'
import type { LoadedConfig } from './config.ts'

export interface Databases {
  readonly urls: StoreUrls
  /** Resolves when the database went away under its server; nobody else starts it again. Never for others. */
  readonly lost: Promise<void>
  /** Stops the database when it was started here. */
  release(): Promise<void>
}

/** A plain sentence for whoever started this, without a stack. */
export class StartError extends Error {}

const never = new Promise<void>(() => {})

/**
 * A command that started the database alone stops it when it is done, also under whoever found it running meanwhile:
 * then it is started once more.
 */
async function claimEmbedded(dataDir: string, log: Logger) {
  for (let tries = 1; ; tries++) {
    const database = await startEmbedded({ dataDir, log })
    try {
      return { database, claim: await claimDataDir(database.url()) }
    } catch (error) {
      if (tries === 5) throw error
      log.warn('The database was stopped by a command that had started it; starting it again')
    }
  }
}

const one = (url: string): StoreUrls => ({ events: url, system: url, projections: url })

/**
 * The databases a process works on: those configured, or the data folder's own PostgreSQL. A server owns that for its
 * life; a command works beside a running server, or starts it for as long as it takes.
 */
export async function openDatabases(config: LoadedConfig, log: Logger, as: 'server' | 'command'): Promise<Databases> {
  if (config.databases) {
    return { urls: config.databases, lost: never, release: async () => {} }
  }
  if (as === 'command') {
    const running = await findEmbedded(config.dataDir)
    if (running) return { urls: one(running.url()), lost: never, release: async () => {} }
  }
  const { database, claim } = await claimEmbedded(config.dataDir, log)
  if (!claim) {
    if (as === 'command') return { urls: one(database.url()), lost: never, release: async () => {} }
    throw new StartError(`Another server is running on the data directory ${config.dataDir}: stop it, or set DATA_DIR.`)
  }
  let released = false
  return {
    urls: one(database.url()),
    lost: claim.lost.then(() => (released ? never : undefined)),
    release: async () => {
      released = true
      await claim.release()
      await database.stop()
    },
  }
}
