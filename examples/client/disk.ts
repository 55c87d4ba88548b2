import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from '../../clients/typescript/src/index.ts'

/** A device's disk: a file per key. A file takes the place of the old one whole, so a crash leaves either. */
export async function openDisk(folder: string): Promise<Storage> {
  await mkdir(folder, { recursive: true })
  const file = (key: string) => join(folder, `${encodeURIComponent(key)}.json`)
  return {
    get: (key) =>
      readFile(file(key), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return null
        throw error
      }),
    async set(key, value) {
      await writeFile(`${file(key)}.new`, value, { flush: true })
      await rename(`${file(key)}.new`, file(key))
    },
  }
}
