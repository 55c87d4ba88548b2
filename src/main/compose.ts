import type { Router } from '@koa/router'
import type pg from 'pg'
import type { Logger } from 'pino'
import { type Accounts, createAccounts } from '../accounts/index.ts'
import { collectionEndpoints } from '../collections/endpoints.ts'
import { type Counters, createCounters } from '../database/counters.ts'
import type { Stores } from '../database/store.ts'
import { feedEndpoints } from '../feeds/endpoints.ts'
import { createAsking, createFeedProxy, hubCallback, wantFeeds } from '../feeds/index.ts'
import { createListeners } from '../feeds/listeners.ts'
import { createTelling, type Telling } from '../feeds/telling.ts'
import { rememberedTitles } from '../feeds/titles.ts'
import { createSettings, createStamps, gpodderDoor } from '../gpodder/index.ts'
import { historyEndpoints } from '../history/endpoints.ts'
import { addJob, hasWorkers, orderJob } from '../jobs/queue.ts'
import { createFollowing, type Follower, type Following } from '../journal/followers.ts'
import { createJournal, type Journal } from '../journal/journal.ts'
import type { Listening } from '../journal/listening.ts'
import type { Endpoint, EndpointCall } from '../kernel/endpoint.ts'
import { nextcloudDoor } from '../nextcloud/index.ts'
import { createOpml, type Opml } from '../opml/index.ts'
import { refusedAddress } from '../outbound/addresses.ts'
import { createOutbound } from '../outbound/fetch.ts'
import { refusedTarget } from '../outbound/targets.ts'
import { playlistEndpoints } from '../playlists/endpoints.ts'
import { playEndpoints } from '../plays/endpoints.ts'
import { type Catalog, createCatalog } from '../podcast/catalog.ts'
import { createIdentity, type Identity } from '../podcast/identity.ts'
import type { Publicity } from '../popularity/publicity.ts'
import { privacyEndpoints } from '../privacy/endpoints.ts'
import { searchEndpoints } from '../search/endpoints.ts'
import { sharingEndpoints } from '../sharing/endpoints.ts'
import { subscriptionEndpoints } from '../subscriptions/endpoints.ts'
import { syncEndpoint } from '../sync/endpoint.ts'
import { adminEndpoints } from './admin-endpoints.ts'
import { createOutlook } from './outlook.ts'
import { reactions, slices, upcasts } from './slices.ts'

/** Everything an instance consists of, put together but not started. */
export interface Instance {
  readonly stores: Stores
  readonly journal: Journal
  readonly catalog: Catalog
  readonly accounts: Accounts
  readonly counters: Counters
  readonly following: Following
  readonly identity: Identity
  /** Lets listeners hear of what feeds showed of podcasts' and episodes' identity. */
  readonly telling: Telling
  /** What others learn of listeners. */
  readonly publicity: Publicity
  /** What doors that are no endpoints write to and read from. */
  readonly listening: Listening
  /** What takes subscriptions out and brings them in as files. */
  readonly opml: Opml
  readonly endpoints: readonly Endpoint[]
  /** Other protocols than the REST API, for apps that exist. */
  readonly doors: readonly Router[]
  /** Forgets clients of such doors that were not heard from for long; answers how many. */
  purgeDoors(): Promise<number>
  /** Ends what it asks other servers. */
  close(): Promise<void>
}

export interface InstanceParts {
  readonly stores: Stores
  readonly publicUrl: string
  readonly secret: string
  readonly log: Logger
  /** False where failed log-ins and bad tokens are not counted. */
  readonly rateLimits?: boolean
  /** Whether feeds may be on this machine and its networks. */
  readonly allowPrivateAddresses?: boolean
  /** As whom it asks other servers. */
  readonly userAgent?: string
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** Milliseconds between a change of names and telling listeners of it; see `createTelling`. */
  readonly patience?: number
  /** Beside those every instance has. */
  readonly followers?: readonly Follower[]
}

export function compose(parts: InstanceParts): Instance {
  const { stores, publicUrl, secret, log, rateLimits = true, clock = Date.now, followers = [] } = parts
  const { allowPrivateAddresses: near = false, userAgent = `Balados-Sync (+${publicUrl})` } = parts
  const catalog = createCatalog(stores.system)
  const journal = createJournal({ stores, slices, reactions, upcasts, secret })
  const counters = createCounters(stores.system)
  const counted = rateLimits ? counters : null
  const accounts = createAccounts({ system: stores.system, publicUrl, secret, counters: counted, clock, log })
  const wakeFeeds = () => addJob(stores.system, 'refresh-feeds', 'refresh-feeds-soon', 500)
  const wanted = wantFeeds(catalog, wakeFeeds, clock)
  const titlesOf = rememberedTitles(stores.cache.pool)
  const outlook = createOutlook({ stores, journal, catalog, upcasts, clock, titlesOf })
  const { publicity } = outlook
  const listening: Listening = {
    journal,
    catalog,
    titlesOf,
    async reading(user): Promise<pg.Pool> {
      await journal.readModels.settle(user)
      return stores.projections.pool
    },
  }
  const identity = createIdentity(stores.system, catalog, clock)
  const { reading } = listening
  const telling = createTelling({
    identity,
    journal,
    reading,
    projections: stores.projections.pool,
    clock,
    ...(parts.patience !== undefined && { patience: parts.patience }),
  })
  const listeners = createListeners(identity, telling)
  const own = [...readModelFollowers(stores, journal), listeners, wanted, publicity.follower]
  const following = createFollowing(stores, [...own, ...followers], upcasts)
  const wakeImports = () => addJob(stores.system, 'import-subscriptions', 'import-subscriptions')
  const opml = createOpml({ ...listening, stores, accounts, wake: wakeImports, clock, log })
  const searching = {
    cache: stores.cache.pool,
    projections: stores.projections.pool,
    system: stores.system.pool,
    clock,
  }
  const ask = createAsking({
    cache: stores.cache.pool,
    catalog,
    refusedTarget: (url) => refusedTarget(url, (address) => refusedAddress(address, near), near),
    order: (podcast) => orderJob(stores.system, 'refresh-feed', `refresh-feed-${podcast}`, { podcast }),
    hasWorkers: () => hasWorkers(stores.system),
    clock,
  })
  const outbound = createOutbound({ userAgent, allowPrivate: near })
  const proxy = createFeedProxy(outbound, clock)
  const close = async () => void (await Promise.all([proxy.close(), outbound.close()]))
  const endpoints = [
    accounts.notingSyncs(syncEndpoint(listening)),
    ...subscriptionEndpoints(listening),
    ...feedEndpoints({ publicUrl, ask, proxy }),
    ...playEndpoints(listening),
    ...sharingEndpoints(listening),
    ...playlistEndpoints(listening),
    ...collectionEndpoints(listening),
    ...privacyEndpoints(listening),
    ...historyEndpoints(listening),
    ...searchEndpoints({ ...listening, ...searching, publicUrl }),
    ...outlook.endpoints,
    ...[...accounts.endpoints(), ...opml.endpoints, ...adminEndpoints({ stores, following, log })].map((endpoint) =>
      remembering(journal, endpoint),
    ),
  ]
  const stamps = createStamps(stores.system)
  const settings = createSettings(stores.system)
  const door = { ...listening, accounts, stamps, publicUrl, clock }
  const hubs = hubCallback({ cache: stores.cache.pool, secret, wake: wakeFeeds, clock })
  const gpodder = gpodderDoor({ ...door, settings, searching, countRequest: counted?.take ?? null })
  // A page of ours looks like a list of a gPodder user.
  const doors = [opml.pages, gpodder, nextcloudDoor(door), hubs]
  const purgeDoors = () => stamps.purge(clock())
  const parted = {
    stores,
    journal,
    catalog,
    accounts,
    counters,
    following,
    identity,
    telling,
    publicity,
    listening,
    opml,
  }
  return { ...parted, endpoints, doors, purgeDoors, close }
}

/** What is no event keeps its first answer to an idempotency key beside the journal all the same. */
const remembering = (journal: Journal, endpoint: Endpoint): Endpoint => ({
  ...endpoint,
  handle: (call) => {
    const { origin } = call as EndpointCall<unknown, unknown, unknown>
    return origin.request ? journal.commitOnce(origin, () => endpoint.handle(call)) : endpoint.handle(call)
  },
})

/**
 * Read models in a database of their own are completed after each write; whatever a killed process left behind, this
 * one completes.
 */
const readModelFollowers = (stores: Stores, journal: Journal): readonly Follower[] =>
  stores.journalBesideReadModels
    ? []
    : [
        {
          name: 'read-models',
          store: 'projections',
          apply: async (events) => {
            for (const user of new Set(events.map((e) => e.user))) await journal.readModels.settle(user)
          },
        },
      ]
