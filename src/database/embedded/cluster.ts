import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Binaries } from './binaries.ts'
import type { Log } from './log.ts'
import { findPostmaster } from './postmaster.ts'
import type { RunAs } from './system-user.ts'

export const superuser = 'balados'

/** What running a cluster takes. */
export interface Cluster {
  readonly path: string
  readonly binaries: Binaries
  readonly runAs: RunAs | null
  /** False trades safety for speed: only for tests. */
  readonly fsync: boolean
}

/** PostgreSQL listens to many PG… variables, and our own hold secrets: it gets neither. */
const environment = {
  PATH: process.env.PATH,
  SystemRoot: process.env.SystemRoot,
  LC_ALL: 'C',
}

/** The major version that made the cluster at `path`; null when there is none. */
export async function clusterVersion(path: string): Promise<string | null> {
  try {
    return (await readFile(join(path, 'PG_VERSION'), 'utf8')).trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    if (code === 'EACCES') throw new Error(`The database in ${path} belongs to another user: run this as that user.`)
    throw error
  }
}

const draftPrefix = 'postgres.init-'

/** Makes an empty cluster. It appears at its path only when it is complete, however this may be interrupted. */
export async function createCluster({ path, binaries, runAs, fsync }: Cluster, password: string): Promise<void> {
  const home = dirname(path)
  for (const name of await readdir(home)) {
    if (name.startsWith(draftPrefix)) await rm(join(home, name), { recursive: true, force: true, maxRetries: 3 })
  }

  const draft = await mkdtemp(join(home, draftPrefix))
  try {
    const passwordFile = join(draft, 'password')
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (runAs) for (const path of [passwordFile, draft]) await chown(path, runAs.uid, runAs.gid)
    await promisify(execFile)(
      binaries.initdb,
      [
        `--pgdata=${join(draft, 'cluster')}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own rules of sorting and case, so that an update of the system never breaks an index.
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        `--locale=${process.platform === 'linux' ? 'C.UTF-8' : 'C'}`,
        ...(fsync ? [] : ['--no-sync']),
      ],
      { ...runAs, cwd: draft, env: environment },
    )
    await rename(join(draft, 'cluster'), path)
    if (fsync) await syncFolder(home)
  } catch (cause) {
    const { stderr = '', message } = cause as Error & { stderr?: string }
    const reason = /error: (.*)/.exec(stderr)?.[1] ?? message
    throw new Error(`No database could be made in ${path}: ${reason}.`, { cause })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Starts PostgreSQL on a free port of the loopback interface, in a session of its own, and waits until it is ready. */
export async function launch(cluster: Cluster, logFile: string, log: Log): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const failure = await tryLaunch(cluster, logFile, log)
    if (failure === null) return
    const portTaken = failure.includes('could not create any TCP/IP sockets')
    if (!portTaken || attempt === 5) throw new Error(`PostgreSQL did not start: ${failure} (see ${logFile})`)
  }
}

async function tryLaunch({ path, binaries, runAs, fsync }: Cluster, logFile: string, log: Log): Promise<string | null> {
  const settings = {
    port: await freePort(),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])

  const output = await openLog(logFile)
  const before = (await output.stat()).size
  // Detached: Ctrl-C and kill reach our process group, and the database has to stop after us, not under us.
  const child = spawn(binaries.postgres, ['-D', path, ...options], {
    ...runAs,
    cwd: dirname(path),
    env: environment,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', output.fd, output.fd],
  })
  let ended: string | null = null
  child.once('error', (error) => (ended = error.message))
  child.once('exit', (code, signal) => (ended ??= `it ended with ${signal ?? code}`))
  child.unref()
  await output.close()

  const slow = setTimeout(() => log.info({ logFile }, 'PostgreSQL is still starting: it may be recovering'), 5_000)
  try {
    while (ended === null) {
      if ((await findPostmaster(path))?.ready) return null
      await sleep(20)
    }
  } finally {
    clearTimeout(slow)
  }
  const said = (await readFile(logFile)).subarray(before).toString()
  return [...said.matchAll(/(?:FATAL: |PANIC: |^postgres:) (.*)/gm)].at(-1)?.[1] ?? ended
}

/** The server's output goes on from where it was; what has grown large is put aside, once. */
async function openLog(logFile: string) {
  const size = await stat(logFile).then(
    (file) => file.size,
    () => 0,
  )
  if (size > 10_000_000) await rename(logFile, `${logFile}.1`)
  return open(logFile, 'a', 0o600)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing.
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
