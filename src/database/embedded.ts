import { setTimeout as sleep } from 'node:timers/promises'
import { Client, escapeIdentifier } from 'pg'
import { findBinaries } from './embedded/binaries.ts'
import { clusterVersion, createCluster, launch, superuser } from './embedded/cluster.ts'
import { clusterOf, type DataFolder, findDataFolder, openDataFolder, placeCluster } from './embedded/folder.ts'
import { keptSecret, readSecret } from './embedded/kept-secret.ts'
import { type Lock, takeLock } from './embedded/lock.ts'
import type { Log } from './embedded/log.ts'
import { disarmStalePidFile, findPostmaster, type Postmaster, stopPostmaster } from './embedded/postmaster.ts'
import { databaseUser, ownerOf } from './embedded/system-user.ts'

export { type Claim, claimDataDir } from './embedded/claim.ts'

const ownDatabase = 'balados'

/** Milliseconds for a database to finish recovering or stopping. */
const patience = 300_000
/** Milliseconds for whoever holds the lock to show a database: making one takes a slow machine several seconds. */
const patienceUnseen = 30_000

export interface EmbeddedOptions {
  /** Made when missing. */
  readonly dataDir: string
  readonly log: Log
  /** Default true. False is for tests: faster, and a crash of the machine may lose everything. */
  readonly fsync?: boolean
}

/** Connection URL of a database, `balados` where not said. It holds the password: never log it. */
export type DatabaseUrl = (name?: string) => string

export interface EmbeddedDatabase {
  readonly url: DatabaseUrl
  /** True when it was running already, because its server was killed or another one is alive. */
  readonly adopted: boolean
  /**
   * Shuts the database down, whoever started it, and answers once it is down. Twice does no harm, and after a crash of
   * the database it lets go of the folder, so that it can be started again.
   */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL of a data folder, or adopts it when it is running: it survives a kill -9 of its server.
 * On first use its cluster is made. It listens on 127.0.0.1 only, with a password that is kept in the data folder.
 *
 * Answering does not mean that the data is ours alone: `claimDataDir` decides between two servers.
 *
 * @throws Error with one sentence that names what is wrong: folder not writable, made by another PostgreSQL version,
 *   no binaries for this platform, in use where we cannot reach it…
 */
export async function startEmbedded({ dataDir, log, fsync = true }: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const folder = await openDataFolder(dataDir)
  // Who holds the lock may start a postmaster, and keeps it for life: a server in another container, which sees
  // neither our processes nor our loopback interface, then knows better than to start a second one on the same files.
  let lock: Lock | null = null
  try {
    const since = Date.now()
    for (let seen = since; ; await sleep(50)) {
      lock ??= takeLock(folder.lock)
      const cluster = await clusterOf(folder)
      const running = await findPostmaster(cluster)
      if (!running && lock) return await start(folder, lock, log, fsync)
      if (running) seen = Date.now()
      if (running?.ready) {
        const url = urls(await passwordOf(folder), running)
        if (await answers(url)) {
          log.info({ cluster, port: running.port }, 'Found the database running')
          return database(url, cluster, lock, true)
        }
      }
      if (Date.now() - seen > patienceUnseen) {
        throw new Error(`Another process, perhaps in another container, uses the data directory ${folder.path}.`)
      }
      if (Date.now() - since > patience) {
        throw new Error(`The database in ${folder.path} neither starts nor stops: see ${folder.log}.`)
      }
    }
  } catch (error) {
    lock?.release()
    throw error
  }
}

/**
 * The running database of a data folder, for commands beside a server; null when none runs. Changes nothing.
 *
 * @throws Error when we may not read the folder: then the command has to run as the server's user
 */
export async function findEmbedded(dataDir: string): Promise<{ readonly url: DatabaseUrl } | null> {
  const folder = await findDataFolder(dataDir)
  if (!folder) return null
  const running = await findPostmaster(await clusterOf(folder))
  return running?.ready ? { url: urls(await passwordOf(folder), running) } : null
}

/** Only for the holder of the lock, when nothing runs. */
async function start(folder: DataFolder, lock: Lock, log: Log, fsync: boolean): Promise<EmbeddedDatabase> {
  const existing = await clusterOf(folder)
  const version = await clusterVersion(existing)
  const runAs = version ? await ownerOf(existing) : await databaseUser()
  const binaries = await findBinaries(runAs)
  if (version && version !== binaries.major) {
    throw new Error(
      `The database in ${existing} was made by PostgreSQL ${version}, this is ${binaries.major}: dump it there, restore it here.`,
    )
  }
  const password = version ? await passwordOf(folder) : await keptSecret(folder.password)

  const path = version ? existing : await placeCluster(folder, runAs, log)
  const cluster = { path, binaries, runAs, fsync }
  if (version) await disarmStalePidFile(path)
  else await createCluster(cluster, password)
  await launch(cluster, folder.log, log)

  try {
    const running = await findPostmaster(path)
    const url = running && urls(password, running)
    if (!url || !(await answers(url))) throw new Error(`PostgreSQL went away right after its start: see ${folder.log}.`)
    log.info({ cluster: path, port: running.port }, version ? 'Started the database' : 'Made and started the database')
    return database(url, path, lock, false)
  } catch (error) {
    await stopPostmaster(path)
    throw error
  }
}

function database(url: DatabaseUrl, cluster: string, lock: Lock | null, adopted: boolean): EmbeddedDatabase {
  return {
    url,
    adopted,
    async stop() {
      await stopPostmaster(cluster)
      lock?.release()
    },
  }
}

async function passwordOf(folder: DataFolder): Promise<string> {
  const password = await readSecret(folder.password)
  if (password) return password
  throw new Error(`The database's password is missing: restore ${folder.password} from your backup.`)
}

function urls(password: string, { port }: Postmaster): DatabaseUrl {
  return (name = ownDatabase) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${encodeURIComponent(name)}`
}

/** Makes sure that our own database is there. False when PostgreSQL is going down. */
async function answers(url: DatabaseUrl): Promise<boolean> {
  const client = new Client({ connectionString: url('postgres') })
  // Being cut off between two queries is said by the next one.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rowCount } = await client.query('select from pg_database where datname = $1', [ownDatabase])
    if (!rowCount) await client.query(`create database ${escapeIdentifier(ownDatabase)}`)
    return true
  } catch (error) {
    const { code = '' } = error as { code?: string }
    if (madeMeanwhile.has(code)) return true
    if (goingDown.has(code)) return false
    throw error
  } finally {
    await client.end()
  }
}

/** duplicate_database, unique_violation: another process made it at the same moment. */
const madeMeanwhile = new Set(['42P04', '23505'])
/** admin_shutdown, crash_shutdown, cannot_connect_now, or no socket any more. */
const goingDown = new Set(['57P01', '57P02', '57P03', 'ECONNREFUSED', 'ECONNRESET'])
