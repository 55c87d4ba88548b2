import type { Router } from '@koa/router'
import type { Store } from '../database/store.ts'
import type { Endpoint } from '../kernel/endpoint.ts'
import { userAdminEndpoints } from './admin-endpoints.ts'
import { createAdministration } from './administration.ts'
import { createApps } from './apps.ts'
import { accountEndpoints } from './endpoints.ts'
import { createLastUse } from './last-use.ts'
import { accountPages } from './pages.ts'
import { createPeople, type People } from './people.ts'
import { type Authenticate, createAuthenticate } from './request-token.ts'
import { createSessions } from './sessions.ts'

export { accountEntities } from './entities.ts'
export { grants, scopes } from './scopes.ts'

export interface AccountsParts {
  readonly system: Store
  /** What the instance calls itself; tokens, redirects and cookies go by it. */
  readonly publicUrl: string
  /** SECRET_KEY_BASE: the same in every process of the instance. */
  readonly secret: string
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  readonly log: Record<'info' | 'warn', (context: object, message: string) => void>
}

export interface Accounts extends Pick<People, 'addUser' | 'setPassword' | 'findUser' | 'listUsers'> {
  readonly authenticate: Authenticate
  pages(): Router
  endpoints(): Endpoint[]
  /** Removes sessions that have ended; answers how many. */
  purgeExpired(): Promise<number>
  /** Begins to write the apps' `last_used_at` once a minute. */
  start(): void
  /** Writes what is left and stops; call before the store closes. */
  stop(): Promise<void>
}

const flushEvery = 60_000

/** People, their sessions, and the apps they allow. */
export function createAccounts({ system, publicUrl, secret, clock = Date.now, log }: AccountsParts): Accounts {
  const people = createPeople(system, clock)
  const apps = createApps(system, clock)
  const sessions = createSessions(system, clock)
  const lastUse = createLastUse(system)
  let timer: NodeJS.Timeout | undefined

  const flush = () =>
    lastUse.flush().catch((error: unknown) => {
      log.warn({ err: error }, 'the time of last use of apps could not be written; trying again in a minute')
    })

  return {
    authenticate: createAuthenticate({ system, publicUrl, clock, lastUse }),
    addUser: people.addUser,
    setPassword: people.setPassword,
    findUser: people.findUser,
    listUsers: people.listUsers,
    pages: () => accountPages({ people, apps, sessions, publicUrl, secret, clock }),
    endpoints: () => [
      ...accountEndpoints(apps),
      ...userAdminEndpoints({ people, administration: createAdministration(system, clock), log }),
    ],
    purgeExpired: sessions.purgeExpired,
    start: () => {
      timer ??= setInterval(flush, flushEvery).unref()
    },
    stop: async () => {
      clearInterval(timer)
      timer = undefined
      await flush()
    },
  }
}
