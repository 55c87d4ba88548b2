import type { Router } from '@koa/router'
import type { Accounts } from '../accounts/index.ts'
import type { Stores } from '../database/store.ts'
import type { Listening } from '../journal/listening.ts'
import type { Endpoint } from '../kernel/endpoint.ts'
import { opmlEndpoints } from './endpoints.ts'
import { createImporter, type ImporterParts } from './importer.ts'
import { createImports } from './imports.ts'
import { opmlPages } from './pages.ts'

export { SubscriptionImport } from './entities.ts'

export interface OpmlOptions extends Listening, Pick<ImporterParts, 'clock' | 'log'> {
  readonly stores: Pick<Stores, 'system' | 'cache'>
  readonly accounts: Pick<Accounts, 'visits'>
  /** Lets a worker look at what is in line. */
  readonly wake: () => Promise<void>
}

/** Subscriptions as OPML files, to take along and to bring. */
export interface Opml {
  readonly endpoints: readonly Endpoint[]
  readonly pages: Router
  /** Carries on with the imports that are in line, until none is left. */
  work(): Promise<void>
  /** Lets go of the import that goes on, for another process. */
  stop(): void
  /** Forgets old imports; answers how many. */
  purge(): Promise<number>
}

export function createOpml({ stores, accounts, wake, ...rest }: OpmlOptions): Opml {
  const imports = createImports(stores.system)
  const parts = { ...rest, imports, wake, cache: stores.cache.pool }
  return {
    endpoints: opmlEndpoints(parts),
    pages: opmlPages({ ...parts, visits: accounts.visits }),
    ...createImporter(parts),
    purge: () => imports.purge(rest.clock()),
  }
}
