import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/** "balados" in ASCII: any number that nobody else locks by. */
const claimKey = BigInt('0x62616c61646f73').toString()

/** How long PostgreSQL may take to notice that a killed owner's socket is closed, in milliseconds. */
const patience = 3_000

export interface Claim {
  /** Resolves when the connection is over. Unless that was `release`, the claim broke and another server may have it. */
  readonly lost: Promise<void>
  release(): Promise<void>
}

/**
 * Makes this server the only one to own the data of a database, until it releases it or its process ends.
 *
 * @param url of the same database for all who claim it: PostgreSQL's advisory locks are per database
 * @returns null when another server owns the data, after having asked for three seconds
 */
export async function claimDataDir(url: string): Promise<Claim | null> {
  const client = new Client({ connectionString: url, keepAlive: true, application_name: 'balados claim' })
  const lost = new Promise<void>((resolve) => client.once('end', resolve))
  // Without a listener a broken connection would end the process; `lost` tells those who need to know.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query('set idle_session_timeout = 0')
    for (const until = Date.now() + patience; ; await sleep(100)) {
      const { rows } = await client.query<{ ours: boolean }>('select pg_try_advisory_lock($1) as ours', [claimKey])
      if (rows[0]?.ours) return { lost, release: () => client.end() }
      if (Date.now() > until) break
    }
  } catch (error) {
    await client.end()
    throw error
  }
  await client.end()
  return null
}
