import type { Router } from '@koa/router'
import { createCovers } from '../covers/covers.ts'
import { coverRoutes } from '../covers/endpoints.ts'
import { createOutbound } from '../outbound/fetch.ts'
import type { Instance } from './compose.ts'
import { version } from './version.ts'

export interface CoverDoor {
  readonly router: Router
  stop(): Promise<void>
}

export interface CoverParts {
  readonly publicUrl: string
  readonly allowPrivate: boolean
  readonly rateLimits: boolean
}

/** What shows covers in a process that answers requests, and fetches those that are not there. */
export async function openCovers(instance: Instance, parts: CoverParts): Promise<CoverDoor> {
  const { stores, catalog, accounts, counters } = instance
  const { publicUrl, allowPrivate, rateLimits } = parts
  const outbound = createOutbound({ userAgent: `Balados-Sync/${await version()} (+${publicUrl})`, allowPrivate })
  const covers = createCovers({ cache: stores.cache, catalog, outbound, clock: Date.now })
  const countRequest = rateLimits ? counters.take : null
  return {
    router: coverRoutes({ covers, countRequest, addressKey: accounts.addressKey }),
    stop: () => outbound.close(),
  }
}
