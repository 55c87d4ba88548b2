import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { startEmbedded } from '../../src/database/embedded.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openStores } from '../../src/database/store.ts'
import { migrateJobs } from '../../src/jobs/jobs.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { compose, type Instance } from '../../src/main/compose.ts'
import { storeDefinitions } from '../../src/main/stores.ts'

export const publicUrl = 'http://127.0.0.1'
export const secret = 'a secret of the benchmarks, long enough to be one'

const quiet = { info: () => {}, warn: console.warn, error: console.error }

/** A database as an instance would run it: its own PostgreSQL, fsync on, in a folder that is removed afterwards. */
export async function benchDatabase() {
  const dataDir = await mkdtemp(join(tmpdir(), 'balados-bench-'))
  await chmod(dataDir, 0o755)
  const database = await startEmbedded({ dataDir, log: quiet })
  const url = database.url()
  return {
    url,
    async close() {
      await database.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** The parts of an instance on that database. */
export async function benchInstance(url: string, poolSize = 20): Promise<Instance> {
  const stores = await openStores({ events: url, system: url, projections: url }, storeDefinitions, { poolSize })
  await migrate([stores.events, stores.system, stores.projections, stores.cache])
  await migrateJobs(stores.system, quiet)
  return compose({ stores, publicUrl, secret, log: pino({ level: 'silent' }) })
}

export interface BenchUser {
  readonly id: string
  /** The value of an Authorization header for the whole run. */
  readonly bearer: string
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

function token(payload: unknown, key: KeyObject): string {
  const input = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

/** Users who each allowed one app, with a signed token each. */
export async function benchUsers({ accounts, stores }: Instance, count: number): Promise<BenchUser[]> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const first = await accounts.addUser({ username: 'bench_first', password: 'correct horse battery' })
  if (isRefusal(first)) throw new Error(first.message)
  // One real account gives the shape; hashing 200 passwords is not what is measured here.
  const { rows } = await stores.system.pool.query<{ id: string }>(
    `insert into system.users (id, username, password_hash, is_admin, created_at)
     select gen_random_uuid(), 'bench_' || n, (select password_hash from system.users where id = $2), false, now()
     from generate_series(1, $1::int) n returning id`,
    [count, first.id],
  )
  const app = 'bench.app'
  await stores.system.pool.query(
    `insert into system.app_tokens (user_id, app_id, name, public_key, scopes, authorized_at)
     select unnest($1::uuid[]), $2, 'Bench', $3, '{*}', now()`,
    [rows.map((row) => row.id), app, pem],
  )
  const now = Math.floor(Date.now() / 1000)
  return rows.map(({ id }) => ({
    id,
    bearer: `Bearer ${token({ iss: app, sub: id, iat: now - 1, exp: now + 36_000, device_id: 'bench' }, privateKey)}`,
  }))
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

/** A table for people. */
export function printTable(title: string, rows: Readonly<Record<string, string | number>>[]): void {
  console.log(`\n${title}`)
  console.table(rows)
}
