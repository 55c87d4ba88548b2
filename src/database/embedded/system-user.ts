import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The user that PostgreSQL runs as when we are root, in the form that `spawn` takes. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

const ownName = 'balados-db'

/**
 * PostgreSQL refuses to run as root: for root, the user that shall own a new cluster, made where it is missing. Null
 * for everybody else: then PostgreSQL runs as who we are.
 */
export async function databaseUser(): Promise<RunAs | null> {
  if (process.getuid?.() !== 0) return null
  const found = (await userNamed(ownName)) ?? (await makeUser()) ?? (await userNamed('postgres'))
  if (found) return found
  throw new Error(
    `PostgreSQL does not run as root and the system user ${ownName} cannot be made: add it, start as another user, or set DATABASE_URL.`,
  )
}

/** Who owns an existing cluster and so has to run it. Throws one sentence when we cannot be that user. */
export async function ownerOf(cluster: string): Promise<RunAs | null> {
  const { uid, gid } = await stat(cluster)
  const we = process.getuid?.()
  if (we === undefined || (uid === we && we !== 0)) return null
  if (we === 0 && uid !== 0) return { uid, gid }
  throw new Error(
    uid === 0
      ? `The database in ${cluster} belongs to root, as whom PostgreSQL does not run: chown -R it to ${ownName}.`
      : `The database in ${cluster} belongs to another user (uid ${uid}): run this as that user.`,
  )
}

/** Whether a user gets into a folder, through all that lie above. The kernel is asked, as access lists count too. */
export async function canEnter(user: RunAs, folder: string): Promise<boolean> {
  return run('/bin/sh', ['-c', 'test -x "$1"', 'sh', folder], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )
}

async function makeUser(): Promise<RunAs | null> {
  const ways = [
    ['useradd', '--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false'],
    // Alpine's, from BusyBox.
    ['adduser', '-S', '-D', '-H', '-s', '/bin/false'],
  ]
  for (const [command = '', ...options] of ways) {
    await run(command, [...options, ownName]).catch(() => undefined)
    // Asked either way: another process may have made it at the same moment.
    const made = await userNamed(ownName)
    if (made) return made
  }
  return null
}

async function userNamed(name: string): Promise<RunAs | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return null
  }
}
