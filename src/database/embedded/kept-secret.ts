import { randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'

/**
 * A random secret that outlives restarts: made on first use, then read back. Only the owner may read the file.
 * Two processes that ask at the same moment get the same secret, and a crash leaves a whole one or none.
 *
 * @returns 64 characters, safe in a URL
 */
export async function keptSecret(file: string): Promise<string> {
  const kept = await readSecret(file)
  if (kept !== null) return kept

  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(draft, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true })
    // Unlike a rename, a link never replaces the secret that another process has just put there.
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  return (await readFile(file, 'utf8')).trim()
}

/** The secret kept in `file`; null when there is none yet. */
export async function readSecret(file: string): Promise<string | null> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
