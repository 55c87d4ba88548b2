import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbedded } from '../../src/database/embedded.ts'
import { migrate } from '../../src/database/migrate.ts'
import { openStores } from '../../src/database/store.ts'
import { migrateJobs } from '../../src/jobs/jobs.ts'
import { storeDefinitions } from '../../src/main/stores.ts'

const quiet = { info: () => {}, warn: console.warn, error: console.error }

/** One PostgreSQL for all test files, with a migrated template to copy databases from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'balados-test-'))
  // The database's own user must be able to enter it when the tests run as root.
  await chmod(dataDir, 0o755)
  const database = await startEmbedded({ dataDir, log: quiet, fsync: false })
  const admin = new pg.Client(database.url('postgres'))
  await admin.connect()
  await admin.query('create database template_all')
  const url = database.url('template_all')
  const stores = await openStores({ events: url, system: url, projections: url }, storeDefinitions)
  await migrate([stores.events, stores.system, stores.projections, stores.cache])
  await migrateJobs(stores.system, quiet)
  await stores.close()
  await admin.end()
  project.provide('postgres', database.url('postgres'))
  return async () => {
    await database.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: string
  }
}
