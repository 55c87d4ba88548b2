import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Counters } from '../database/counters.ts'
import type { Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import type { Author } from '../kernel/decider.ts'
import type { Endpoint } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { userAdminEndpoints } from './admin-endpoints.ts'
import { createAdministration } from './administration.ts'
import { AppRequest } from './app-request-entities.ts'
import { type AppRequests, createAppRequests } from './app-requests.ts'
import { createApps } from './apps.ts'
import { type Basic, createBasic } from './basic.ts'
import { type AppPasswordBearer, createAppPasswordBearer } from './bearer.ts'
import { Credential } from './credential-entities.ts'
import { type Bearer, type Credentials, createCredentials, type PlayTokenKind } from './credentials.ts'
import { deviceEndpoints, notingSyncs } from './device-endpoints.ts'
import { Device } from './device-entities.ts'
import { createDevices, type Devices } from './devices.ts'
import { createDoorSessions, type DoorSessions } from './door-sessions.ts'
import { accountEndpoints } from './endpoints.ts'
import { accountEntities as peopleEntities } from './entities.ts'
import { createLastUse, ofApps, ofCredentials } from './last-use.ts'
import { createLogIn } from './log-in.ts'
import { meEndpoints } from './me-endpoints.ts'
import { appCreatorPages } from './pages/app-creator.ts'
import { appRequestPages, appRequestPath } from './pages/app-request-pages.ts'
import { logInPages } from './pages/log-in-pages.ts'
import { settingsPages } from './pages/settings-pages.ts'
import { createVisits, type Visits } from './pages/visits.ts'
import { accountPages } from './pages.ts'
import { createPeople, type People } from './people.ts'
import { type AppCaller, createAuthenticate } from './request-token.ts'
import { createSeals } from './seals.ts'
import { createSecondFactors } from './second-factors.ts'
import { createSessions, type Visitor } from './sessions.ts'
import { createThrottle, noThrottle } from './throttle.ts'

export { addressGroup } from './addresses.ts'
export { type AppRequests, appNameOf } from './app-requests.ts'
export type { BasicCaller } from './basic.ts'
export { appPasswordPattern } from './credentials.ts'
export { deviceTypes } from './device-entities.ts'
export { doorSessionLife } from './door-sessions.ts'
export { User } from './entities.ts'
export { isPlain } from './jwt.ts'
export type { Frame } from './pages/views.ts'
export { scopesInEnglish } from './scope-words.ts'
export { grants } from './scopes.ts'
export type { Visitor } from './sessions.ts'
export type { Visits }
export { appRequestPath }

export const accountEntities = [...peopleEntities, Credential, Device, AppRequest]

export interface AccountsParts {
  readonly system: Store
  /** What the instance calls itself; tokens, redirects and cookies go by it. */
  readonly publicUrl: string
  /** SECRET_KEY_BASE: the same in every process of the instance. */
  readonly secret: string
  /** Where failed attempts are counted; nothing is throttled where not given. */
  readonly counters?: Counters | null
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  readonly log: Record<'info' | 'warn', (context: object, message: string) => void>
}

export interface Accounts
  extends Pick<People, 'addUser' | 'setPassword' | 'findUser' | 'listUsers' | 'suspend' | 'unsuspend'> {
  /**
   * Turns the `Authorization` header of a request into who is calling. With an `address`, bad tokens from there are
   * counted; when they are too many, they are refused as `rate_limited`, while a valid one always passes.
   */
  authenticate(authorization: string | undefined, address?: string): Promise<AppCaller | Refusal>
  /** Switches off log-in in two steps, for somebody who has lost their authenticator; false when it was off. */
  switchOffSecondFactor(userId: string): Promise<boolean>
  /** The log-in of apps that speak HTTP Basic, by app password or account password. */
  readonly basic: Basic
  /** What such apps bring instead of their password, once they have logged in. */
  readonly doorSessions: DoorSessions
  /** The devices that apps name, for doors that have operations of their own for them. */
  readonly devices: Pick<Devices, 'list' | 'find' | 'declare' | 'sighted'>
  /** The log-in of apps that send an app password as a bearer token. */
  readonly appPassword: AppPasswordBearer
  /** How apps get an app password through the browser of their person. */
  readonly appRequests: Pick<AppRequests, 'ask' | 'fetch'>
  /** For apps that make an app password of the account's own, and give theirs back. */
  readonly credentials: Pick<Credentials, 'make' | 'revoke'>
  /** The name under which requests from an address are counted. */
  addressKey(address: string): string
  /** Whom a play token of this kind speaks for; null when it is none, is revoked or expired, or its user is suspended. */
  playToken(secret: string, kind: PlayTokenKind): Promise<Bearer | null>
  /** What pages of other rooms do with a request, as those of accounts do. */
  readonly visits: Visits
  /** Who looks at a page through this browser's session; null for nobody. */
  visitorOf(ctx: Koa.Context): Promise<Visitor | null>
  /** Notes that a device was heard from whose name did not stand in a request's token. */
  noteDevice(user: UserId, author: Author, name: string | null): void
  /** The endpoint of the sync, which also notes when each device did. */
  notingSyncs(sync: Endpoint): Endpoint
  pages(): Router
  endpoints(): Endpoint[]
  /** Removes sessions that have ended, and what apps asked for and nobody allowed; answers how many. */
  purgeExpired(): Promise<number>
  /** Removes app passwords and play tokens that ended 30 days ago, and devices that are forgotten; answers how many. */
  purgeCredentials(): Promise<number>
  /** Begins to write once a minute when apps and secrets were last used, and which devices were seen. */
  start(): void
  /** Writes what is left and stops; call before the store closes. */
  stop(): Promise<void>
}

const flushEvery = 60_000

/** People, their sessions, and the apps they allow. */
export function createAccounts(parts: AccountsParts): Accounts {
  const { system, publicUrl, secret, counters = null, clock = Date.now, log } = parts
  const people = createPeople(system, clock)
  const apps = createApps(system, clock)
  const sessions = createSessions(system, clock)
  const lastUse = createLastUse(system, ofApps)
  const lastUseOfCredentials = createLastUse(system, ofCredentials)
  const credentials = createCredentials(system, clock, lastUseOfCredentials)
  const devices = createDevices(system, clock)
  const seals = createSeals(secret)
  const secondFactors = createSecondFactors(system, { publicUrl, secret, seals, clock })
  const throttle = counters ? createThrottle(counters, secret) : noThrottle
  const appRequests = createAppRequests({ system, credentials, throttle, clock })
  const logIn = createLogIn({ people, secondFactors, throttle, seals, clock })
  const callerOf = createAuthenticate({ system, publicUrl, clock, lastUse, devices })
  let timer: NodeJS.Timeout | undefined

  const flush = async () => {
    for (const notes of [lastUse, lastUseOfCredentials, devices]) {
      await notes.flush().catch((error: unknown) => {
        log.warn({ err: error }, 'the last use of apps or devices could not be written; trying again in a minute')
      })
    }
  }

  const visits = createVisits({ sessions, publicUrl, secret })

  function pages(): Router {
    const router = new Router()
    for (const some of [
      logInPages({ visits, logIn }),
      appCreatorPages({ visits }),
      appRequestPages({ visits, appRequests }),
      settingsPages({ visits, people, sessions, secondFactors, throttle, logIn, seals }),
      accountPages({ visits, apps, credentials, publicUrl, clock }),
    ])
      router.use(some.routes())
    return router
  }

  return {
    authenticate: async (authorization, address) => {
      const caller = await callerOf(authorization)
      if (!isRefusal(caller) || authorization === undefined || address === undefined) return caller
      return (await throttle.badSecret(address)) ?? caller
    },
    basic: createBasic({ credentials, people, secondFactors, throttle }),
    doorSessions: createDoorSessions({ people, credentials, secondFactors, seals, clock }),
    devices,
    appPassword: createAppPasswordBearer({ credentials, throttle }),
    appRequests,
    credentials,
    addressKey: throttle.addressKey,
    playToken: (secret, kind) => credentials.find(secret, kind),
    visits,
    visitorOf: visits.visitorOf,
    noteDevice: (user, { app, device }, name) => {
      if (device !== null) devices.note({ user, app, device, name, seenAt: clock(), syncedAt: null })
    },
    notingSyncs: (sync) => notingSyncs(devices, sync),
    addUser: people.addUser,
    setPassword: people.setPassword,
    findUser: people.findUser,
    listUsers: people.listUsers,
    suspend: people.suspend,
    unsuspend: people.unsuspend,
    switchOffSecondFactor: secondFactors.switchOff,
    pages,
    endpoints: () => [
      ...accountEndpoints(apps),
      ...deviceEndpoints(devices),
      ...meEndpoints({ people, apps, devices }),
      ...userAdminEndpoints({ people, administration: createAdministration(system, clock), log }),
    ],
    purgeExpired: async () => (await sessions.purgeExpired()) + (await appRequests.purge()),
    purgeCredentials: async () => (await credentials.purge()) + (await devices.purge()),
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
