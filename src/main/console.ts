import { createInterface } from 'node:readline/promises'
import pino, { type Logger } from 'pino'
import { migrationState } from '../database/migrate.ts'
import { openStores, type Store, type Stores } from '../database/store.ts'
import { compose, type Instance } from './compose.ts'
import { describeProblem, type LoadedConfig, loadConfig } from './config.ts'
import { openDatabases, StartError } from './databases.ts'
import { storeDefinitions } from './stores.ts'

/** What a person at the command line is told, in one sentence and without a stack. */
export class CommandError extends Error {}

/** The configuration, or every wrong value by name. */
export async function configured(): Promise<LoadedConfig> {
  const config = await loadConfig()
  if (!Array.isArray(config)) return config
  throw new CommandError(['The configuration is wrong:', ...config.map((p) => `  ${describeProblem(p)}`)].join('\n'))
}

const logger = (config: LoadedConfig): Logger =>
  pino({ level: config.logLevel === 'info' ? 'warn' : config.logLevel }, pino.destination(2))

export interface Workshop {
  readonly config: LoadedConfig
  readonly stores: Stores
  readonly instance: Instance
  readonly log: Logger
}

/**
 * Runs a command on the instance's databases, beside a running server or alone.
 *
 * @param migrated whether the command needs the present schema; those that bring it about do not
 */
export async function withInstance<T>(work: (workshop: Workshop) => Promise<T>, migrated = true): Promise<T> {
  const config = await configured()
  const log = logger(config)
  const databases = await openDatabases(config, log, 'command').catch((error: unknown) => {
    throw new CommandError(error instanceof StartError || error instanceof Error ? error.message : String(error))
  })
  const stores = await openStores(databases.urls, storeDefinitions, { poolSize: 4 })
  try {
    await refuseUnreachable(stores)
    if (migrated) await refuseUnmigrated(stores)
    const instance = compose({ stores, publicUrl: config.publicUrl, secret: config.secretKeyBase, log })
    return await work({ config, stores, instance, log })
  } finally {
    await stores.close()
    await databases.release()
  }
}

const storesOf = ({ events, system, projections }: Stores): readonly Store[] => [events, system, projections]

async function refuseUnreachable(stores: Stores): Promise<void> {
  for (const store of storesOf(stores)) {
    await store.pool.query('select 1').catch((error: NodeJS.ErrnoException) => {
      const hint = error.code === '3D000' ? 'it does not exist: run "balados db create"' : (error.code ?? error.message)
      throw new CommandError(`The database of the store ${store.name} can not be used: ${hint}.`)
    })
  }
}

async function refuseUnmigrated(stores: Stores): Promise<void> {
  for (const store of storesOf(stores)) {
    const { pending } = await migrationState(store)
    if (pending.length > 0)
      throw new CommandError(
        `The store ${store.name} is not up to date: run "balados db migrate", or start the server once.`,
      )
  }
}

/** Lines of standard input, or answers of a person; secrets are not shown while typed. */
export async function ask(question: string, options: { readonly secret?: boolean } = {}): Promise<string> {
  if (!process.stdin.isTTY) return (await lines()).shift() ?? ''
  process.stderr.write(question)
  if (!options.secret) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr })
    const said = await terminal.question('')
    terminal.close()
    return said
  }
  return typedUnseen()
}

let piped: string[] | undefined

async function lines(): Promise<string[]> {
  if (!piped) {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    piped = Buffer.concat(chunks).toString('utf8').split(/\r?\n/)
  }
  return piped
}

function typedUnseen(): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    process.stdin.setRawMode(true).resume().setEncoding('utf8')
    const done = (end: () => void) => {
      process.stdin.setRawMode(false).pause().off('data', hear)
      process.stderr.write('\n')
      end()
    }
    const hear = (keys: string) => {
      for (const key of keys) {
        if (key === '\r' || key === '\n') return done(() => resolve(typed))
        if (key === '\u0003') return done(() => reject(new CommandError('Given up.')))
        typed = key === '\u007f' || key === '\b' ? typed.slice(0, -1) : typed + key
      }
    }
    process.stdin.on('data', hear)
  })
}

/** Asks yes or no; anything but yes is no. */
export const confirm = async (question: string): Promise<boolean> =>
  /^y(?:es)?$/i.test((await ask(`${question} [yes/no] `)).trim())

/** Rows in columns, as wide as they need. */
export function table(header: readonly string[], body: readonly (readonly unknown[])[]): string {
  const cells = [header, ...body].map((row) => row.map((cell) => String(cell ?? '')))
  const widths = header.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)))
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
