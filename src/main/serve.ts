import type { Logger } from 'pino'
import { grants, scopesInEnglish } from '../accounts/index.ts'
import { trimCovers } from '../covers/store.ts'
import { migrate } from '../database/migrate.ts'
import { openStores, type Stores } from '../database/store.ts'
import { createGateway } from '../gateway/index.ts'
import { close, createServer, listen, type Upgrade } from '../http/server.ts'
import { type Jobs, migrateJobs, type Schedule, startJobs } from '../jobs/jobs.ts'
import { createHerald, type Pulse, startPulse } from '../journal/pulse.ts'
import { purgeMemory, tombstonesLive } from '../journal/purge.ts'
import { createTidings } from '../journal/tidings.ts'
import { openPodcastDoor } from '../openpodcast/index.ts'
import { type Live, startLive } from '../sync/live/index.ts'
import { compose, type Instance } from './compose.ts'
import type { LoadedConfig } from './config.ts'
import { openCovers } from './covers.ts'
import { openDatabases } from './databases.ts'
import { feedSchedules, openFeeds } from './feeds.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { storeDefinitions } from './stores.ts'
import { userAgent, version } from './version.ts'

export interface Running {
  /** Ends what runs, lets requests finish, and stops the database if it was started here. */
  stop(): Promise<void>
}

/** What apps may count on here beside the first version of the API. */
const features = [
  'sync',
  'idempotency-keys',
  'history',
  'devices',
  'live',
  'gpodder',
  'nextcloud',
  'open-podcast',
  'public',
  'rss',
  'search',
]

const allStores = (stores: Stores) => [stores.events, stores.system, stores.projections, stores.cache]

/** What is due from time to time. */
const schedules = (instance: Instance): readonly Schedule[] => {
  const { stores, journal, accounts, counters } = instance
  const hourly = (name: string, minute: number, work: () => Promise<unknown>): Schedule => ({
    name,
    cron: `${minute} * * * *`,
    work: async () => void (await work()),
  })
  return [
    { name: 'tell-of-changes', cron: '* * * * *', work: async () => void (await instance.telling.tell()) },
    hourly('purge-memory', 7, () => purgeMemory(stores.events, Date.now())),
    hourly('purge-tombstones', 17, () => journal.readModels.purgeTombstones(Date.now() - tombstonesLive)),
    hourly('purge-sessions', 27, () => accounts.purgeExpired()),
    hourly('purge-credentials', 47, () => accounts.purgeCredentials()),
    hourly('purge-doors', 57, () => instance.purgeDoors()),
    { name: 'refresh-popularity', cron: '*/10 * * * *', work: () => instance.publicity.refresh() },
    // Asked for when somebody brings a file; every minute for what a killed worker has left.
    { name: 'import-subscriptions', cron: '* * * * *', work: () => instance.opml.work() },
    hourly('trim-covers', 52, () => trimCovers(stores.cache)),
    hourly('purge-imports', 12, () => instance.opml.purge()),
    hourly('purge-counters', 37, () => counters.purge(Date.now())),
  ]
}

/**
 * Starts an instance in its role: `web` answers requests, `worker` follows the journal and does what is due, `all`
 * does both.
 */
export async function serve(config: LoadedConfig, log: Logger): Promise<Running> {
  const databases = await openDatabases(config, log, 'server')
  const undo: (() => Promise<unknown>)[] = [() => databases.release()]
  void databases.lost.then(() => {
    log.fatal('The database went away: see postgres.log in the data directory. Ending, to be started anew.')
    process.exit(1)
  })
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const stores = await openStores(databases.urls, storeDefinitions, { poolSize: 20 })
    undo.push(() => stores.close())
    const done = await migrate(allStores(stores))
    if (done.length > 0) log.info({ migrations: done }, 'Brought the database up to date')
    await migrateJobs(stores.system, log)

    const { publicUrl, secretKeyBase: secret, rateLimits, allowPrivateAddresses } = config
    const instance = compose({
      stores,
      publicUrl,
      secret,
      rateLimits,
      allowPrivateAddresses,
      userAgent: await userAgent(publicUrl),
      log,
    })
    undo.push(instance.close)
    const follows = config.role !== 'web'
    const pulse: Pulse = follows
      ? await startPulse(stores.events, instance.following, log)
      : createHerald(stores.events, log)
    instance.journal.onAppend(pulse.wake)
    undo.push(() => pulse.stop())
    const tidings = createTidings(stores.events, log)
    instance.journal.onAppend(tidings.tell)
    undo.push(() => tidings.stop())
    const metrics = createMetrics(instance.following, stores.cache.pool)
    undo.push(metrics.stop)
    if (follows) {
      const feeds = await openFeeds(instance, {
        publicUrl,
        allowPrivate: allowPrivateAddresses,
        secret,
        log,
        watch: metrics.feeds,
      })
      const due = [...schedules(instance), ...feedSchedules(instance, feeds)]
      const jobs: Jobs = await startJobs(stores.system, due, log)
      // First what the jobs wait for, so that they end.
      undo.push(
        () => jobs.stop(),
        feeds.stop,
        async () => instance.opml.stop(),
      )
    }
    instance.accounts.start()
    undo.push(() => instance.accounts.stop())
    if (config.role !== 'worker') {
      const { accounts, listening } = instance
      const counters = rateLimits ? instance.counters : null
      const live = await startLive({ events: stores.events, listening, accounts, counters, publicUrl, log })
      undo.push(live.stop)
      instance.journal.onAppend(live.wake)
      metrics.show(live)
      const server = await openWeb(instance, { live, metrics }, config, log)
      undo.push(server)
    }
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function openWeb(
  instance: Instance,
  { live, metrics }: { readonly live: Live; readonly metrics: Metrics },
  config: LoadedConfig,
  log: Logger,
): Promise<() => Promise<void>> {
  const { stores, accounts, endpoints } = instance
  const countRequest = config.rateLimits ? instance.counters.take : null
  const about = { version: await version(), baseUrl: config.publicUrl }
  const { listening } = instance
  const covers = await openCovers(instance, {
    publicUrl: config.publicUrl,
    allowPrivate: config.allowPrivateAddresses,
    rateLimits: config.rateLimits,
  })
  const openPodcast = openPodcastDoor({ listening, system: stores.system, accounts, countRequest, about })
  const { publicUrl, playDomain } = config
  const cache = stores.cache.pool
  const gateway = createGateway({ listening, cache, accounts, countRequest, publicUrl, playDomain, clock: Date.now })
  const app = createServer({
    before: [gateway.onPlayDomain],
    endpoints,
    authenticate: accounts.authenticate,
    grants,
    countRequest,
    addressKey: accounts.addressKey,
    pages: [accounts.pages(), ...instance.doors, live.router, openPodcast, gateway.router, covers.router],
    health: async () => ({
      database: await answers(stores),
      followers: await moving(instance),
    }),
    metrics: metrics.text,
    log,
    about: { scopes: scopesInEnglish, playDomain: config.playDomain ?? null, features },
    config: { publicUrl: config.publicUrl, trustProxy: config.trustedProxies, version: about.version },
  })
  const upgrade: Upgrade = {
    wants: (request) => !gateway.isForPlayDomain(request) && live.upgrade.wants(request),
    take: live.upgrade.take,
  }
  const server = await listen(app, { host: config.host, port: config.port, upgrade })
  log.info({ url: config.publicUrl, port: config.port }, 'Balados Sync is ready')
  return async () => {
    await live.stop()
    await close(server)
    await covers.stop()
  }
}

async function answers(stores: Stores) {
  for (const store of allStores(stores)) await store.pool.query('select 1')
  return { ok: true }
}

async function moving({ following }: Instance) {
  const stopped = (await following.states()).filter((state) => state.stopped)
  if (stopped.length === 0) return { ok: true }
  return {
    ok: false,
    message: stopped.map((s) => `${s.name} stopped at ${s.stopped?.at}: ${s.stopped?.reason}`).join('; '),
  }
}
