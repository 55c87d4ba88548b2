import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { openStores, type Stores, type StoreUrls } from '../../src/database/store.ts'
import { storeDefinitions } from '../../src/main/stores.ts'

async function admin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(inject('postgres'))
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The URL of a fresh, migrated database, copied from the template. */
export async function freshDatabase(): Promise<string> {
  const name = `test_${randomBytes(8).toString('hex')}`
  await admin((client) => client.query(`create database ${name} template template_all`))
  return databaseUrl(name)
}

function databaseUrl(name: string): string {
  const url = new URL(inject('postgres'))
  url.pathname = name
  return url.toString()
}

export async function dropDatabase(url: string): Promise<void> {
  await admin((client) => client.query(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`))
}

export interface FreshStores {
  readonly stores: Stores
  readonly urls: StoreUrls
  close(): Promise<void>
}

/**
 * Stores on databases of their own, which nobody else uses. `layout` puts all stores into one database, or each of the
 * three into its own.
 */
export async function freshStores(layout: 'one' | 'three' = 'one'): Promise<FreshStores> {
  const first = await freshDatabase()
  const urls: StoreUrls =
    layout === 'one'
      ? { events: first, system: first, projections: first }
      : { events: first, system: await freshDatabase(), projections: await freshDatabase() }
  const stores = await openStores(urls, storeDefinitions, { poolSize: 20 })
  return {
    stores,
    urls,
    close: async () => {
      await stores.close()
      for (const url of new Set(Object.values(urls))) await dropDatabase(url)
    },
  }
}
