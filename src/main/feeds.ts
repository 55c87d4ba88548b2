import type { Logger } from 'pino'
import {
  createFeedWorker,
  createHubs,
  createMoves,
  type FeedWorker,
  forgetFeeds,
  reviewWanted,
} from '../feeds/index.ts'
import { dueFeeds } from '../feeds/queries.ts'
import { createFeedReader } from '../feeds/understanding/reader.ts'
import type { FeedWatch } from '../feeds/watch.ts'
import type { Hubs } from '../feeds/websub/hubs.ts'
import type { Schedule } from '../jobs/jobs.ts'
import { addJob } from '../jobs/queue.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { createOutbound } from '../outbound/fetch.ts'
import { createCatalog } from '../podcast/catalog.ts'
import { createGuids } from '../podcast/guids.ts'
import { createIdentity } from '../podcast/identity.ts'
import type { Instance } from './compose.ts'
import { isPublic } from './public-host.ts'
import { userAgent } from './version.ts'

/** What looks at feeds in this process: a worker or the command line, never what answers requests. */
export interface Feeds {
  readonly worker: FeedWorker
  readonly hubs: Hubs
  stop(): Promise<void>
}

export interface FeedsParts {
  readonly publicUrl: string
  readonly allowPrivate: boolean
  /** SECRET_KEY_BASE. */
  readonly secret: string
  readonly log: Logger
  readonly watch?: FeedWatch
  /** Milliseconds since 1970. */
  readonly clock?: () => number
}

/**
 * Names a refresh keeps in memory: each is looked up once, and those of listeners' requests should not have to make
 * way for them.
 */
const namesKept = 2_000

/** Puts together what it takes to fetch feeds, and to understand them in threads of their own. */
export async function openFeeds({ stores, publicity }: Instance, parts: FeedsParts): Promise<Feeds> {
  const { publicUrl, allowPrivate, secret, log, watch, clock = Date.now } = parts
  const outbound = createOutbound({ userAgent: await userAgent(publicUrl), allowPrivate })
  const catalog = createCatalog(stores.system, namesKept)
  const identity = createIdentity(stores.system, catalog, clock)
  const reader = createFeedReader()
  const reachable = allowPrivate || isPublic(publicUrl)
  const hubs = createHubs({ cache: stores.cache, catalog, outbound, publicUrl, reachable, secret, clock })
  const worker = createFeedWorker({
    cache: stores.cache,
    catalog,
    guids: createGuids(stores.system, catalog, clock),
    outbound,
    understand: reader.understand,
    identity,
    onMoved: createMoves(stores.system, identity),
    hubs,
    onSecrecyChanged: publicity.secrecyChanged,
    clock,
    log,
    ...(watch ? { watch } : {}),
  })
  return {
    worker,
    hubs,
    stop: async () => {
      await worker.stop()
      await Promise.all([reader.close(), outbound.close()])
    },
  }
}

/** So many due feeds are worth another process' help; and at most so many are called. */
const worthHelp = 50
const mostHelpers = 8

/** What is due from time to time about feeds. */
export const feedSchedules = ({ stores, catalog }: Instance, { worker, hubs }: Feeds): readonly Schedule[] => [
  {
    name: 'refresh-feeds',
    cron: '* * * * *',
    async work() {
      const helpers = Math.min(Math.floor((await dueFeeds(stores.cache.pool, Date.now())) / worthHelp), mostHelpers)
      // A process that is at it already has nothing to do for such a job; one that is idle helps.
      for (let n = 1; n <= helpers; n++) await addJob(stores.system, 'help-refresh-feeds', `help-refresh-feeds-${n}`)
      await worker.refreshDue()
    },
  },
  {
    name: 'help-refresh-feeds',
    cron: null,
    work: async () => void (await worker.refreshDue()),
  },
  {
    name: 'refresh-feed',
    cron: null,
    async work(about) {
      try {
        await worker.refresh((about as { readonly podcast: PodcastId }).podcast)
      } catch (error) {
        // What a database's error says of the row is nothing for the log.
        const { message, stack = message } = error as Error
        throw Object.assign(new Error(message), { stack })
      }
    },
  },
  {
    name: 'forget-feeds',
    cron: '52 3 * * *',
    work: () => forgetFeeds(stores, Date.now()),
  },
  {
    name: 'review-feeds',
    cron: '22 * * * *',
    async work() {
      await reviewWanted(stores, catalog, Date.now())
      await hubs.review()
    },
  },
  {
    name: 'tend-hubs',
    cron: '* * * * *',
    work: hubs.tend,
  },
]
