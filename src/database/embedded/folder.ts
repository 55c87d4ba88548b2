import { createHash } from 'node:crypto'
import { access, chmod, constants, mkdir, readFile, realpath, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Log } from './log.ts'
import { canEnter, type RunAs } from './system-user.ts'

/** Where clusters live whose data folder the database's user may not enter. */
const sharedHome = '/var/lib/balados-sync'

/** What the embedded database keeps in the data folder. */
export interface DataFolder {
  /** Absolute and without symbolic links. */
  readonly path: string
  readonly lock: string
  readonly log: string
  readonly password: string
  /** Holds the path of a cluster that had to go elsewhere. */
  readonly elsewhere: string
}

/** Makes the data folder where it is missing. Throws one sentence when it cannot be written. */
export async function openDataFolder(dataDir: string): Promise<DataFolder> {
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK | constants.X_OK)
    return folderAt(await realpath(dataDir))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Error(`The data directory ${dataDir} cannot be written (${code}).`, { cause })
  }
}

/** The data folder as it is, looked at without writing; null when there is none. */
export async function findDataFolder(dataDir: string): Promise<DataFolder | null> {
  try {
    return folderAt(await realpath(dataDir))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

function folderAt(path: string): DataFolder {
  return {
    path,
    lock: join(path, 'postgres.lock'),
    log: join(path, 'postgres.log'),
    password: join(path, 'postgres.password'),
    elsewhere: join(path, 'postgres.path'),
  }
}

/** Where this data folder's cluster is, or would be looked for. */
export async function clusterOf(folder: DataFolder): Promise<string> {
  const elsewhere = await readFile(folder.elsewhere, 'utf8').catch(() => '')
  return elsewhere.trim() || join(folder.path, 'postgres')
}

/**
 * Decides where a new cluster goes: into the data folder, or, when `runAs` may not enter that one, below
 * `/var/lib/balados-sync`, with a note in the data folder so that it is found again.
 */
export async function placeCluster(folder: DataFolder, runAs: RunAs | null, log: Log): Promise<string> {
  const cluster = await clusterOf(folder)
  const chosenBefore = dirname(cluster) !== folder.path
  if (!runAs || chosenBefore || (await canEnter(runAs, folder.path))) return cluster

  const elsewhere = join(await newSharedFolder(folder.path), 'postgres')
  await writeFile(`${folder.elsewhere}.new`, `${elsewhere}\n`, { flush: true })
  await rename(`${folder.elsewhere}.new`, folder.elsewhere)
  log.warn({ cluster: elsewhere }, `The database's user may not enter ${folder.path}: its files are in ${elsewhere}`)
  return elsewhere
}

/** A folder of that name may belong to a data folder that stood here before: its data is not ours to reuse or remove. */
async function newSharedFolder(dataDir: string): Promise<string> {
  await mkdir(sharedHome, { recursive: true })
  await chmod(sharedHome, 0o755)
  const name = join(sharedHome, createHash('sha256').update(dataDir).digest('hex').slice(0, 12))
  for (let n = 1; ; n++) {
    const home = n === 1 ? name : `${name}-${n}`
    try {
      await mkdir(home)
      await chmod(home, 0o755)
      return home
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
