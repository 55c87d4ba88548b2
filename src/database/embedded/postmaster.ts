import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A running PostgreSQL, as its `postmaster.pid` tells. */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** False while it is starting or shutting down. */
  readonly ready: boolean
}

/**
 * The postmaster that serves a cluster, whoever started it; null when none runs, also where a crash left its pid file.
 *
 * @see https://www.postgresql.org/docs/18/storage-file-layout.html and `pidfile.h` for the lines of the file
 */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const lines = await readPidFile(cluster)
  const pid = Number(lines[0])
  if (!isPostmaster(pid, cluster)) return null
  return { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' }
}

/**
 * Lets PostgreSQL start although a crash left a pid file whose number is now that of some other process, as happens in
 * containers. Only for the holder of the start lock, when `findPostmaster` found nothing.
 */
export async function disarmStalePidFile(cluster: string): Promise<void> {
  const lines = await readPidFile(cluster)
  const file = join(cluster, 'postmaster.pid')
  if (!(Number(lines[0]) > 0)) return rm(file, { force: true })
  if (!isAlive(Number(lines[0]))) return
  // PostgreSQL never takes its parent, which we shall be, for another server. The rest of the file stays: by the key
  // of the shared memory in it PostgreSQL sees whether backends of a killed postmaster are still at work.
  await writeFile(`${file}.new`, [process.pid, ...lines.slice(1)].join('\n'))
  await rename(`${file}.new`, file)
}

/** A fast shutdown: sessions are ended, everything is written. Answers once it is down. */
export async function stopPostmaster(cluster: string): Promise<void> {
  const postmaster = await findPostmaster(cluster)
  if (!postmaster) return
  try {
    process.kill(postmaster.pid, 'SIGINT')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  for (const until = Date.now() + 60_000; await findPostmaster(cluster); await sleep(20)) {
    if (Date.now() > until) throw new Error(`PostgreSQL in ${cluster} did not stop within a minute.`)
  }
}

async function readPidFile(cluster: string): Promise<string[]> {
  try {
    return (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    if (code === 'EACCES') throw new Error(`The database in ${cluster} belongs to another user: run this as that user.`)
    throw error
  }
}

/** Numbers of processes come back after a restart, so being alive does not make a process our postmaster. */
function isPostmaster(pid: number, cluster: string): boolean {
  if (!isAlive(pid)) return false
  const command = commandOf(pid)
  return command === null || (command.includes('postgres') && command.includes(` -D ${cluster} `))
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The command line of a process; null where the system does not tell. */
function commandOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
  } catch {
    return null
  }
}
