import { readFile } from 'node:fs/promises'

/** The version of the software, from package.json. */
export async function version(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** As whom this instance asks other servers. */
export const userAgent = async (publicUrl: string): Promise<string> => `Balados-Sync/${await version()} (+${publicUrl})`
