import { DatabaseSync } from 'node:sqlite'

export interface Lock {
  release(): void
}

/** A lock goes when its connection is collected as garbage; holding it here keeps it until it is released. */
const held = new Set<DatabaseSync>()

/**
 * Takes the lock of a file, or answers null when somebody holds it. SQLite is used for nothing but its lock, which is
 * the kernel's: it goes with its process, also by kill -9, so there is no stale lock to judge by pids, and it is seen
 * from other containers that share the folder.
 */
export function takeLock(file: string): Lock | null {
  const connection = new DatabaseSync(file, { timeout: 0 })
  try {
    // Nothing is written, so its journal need not be a file that a kill -9 leaves behind.
    connection.exec('pragma journal_mode = memory; begin exclusive')
  } catch (error) {
    connection.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy) return null
    throw new Error(`The lock ${file} cannot be taken: ${(error as Error).message}.`, { cause: error })
  }
  held.add(connection)
  return {
    release() {
      if (held.delete(connection)) connection.close()
    },
  }
}

/** https://www.sqlite.org/rescode.html#busy */
const sqliteBusy = 5
