import type { RequestListener } from 'node:http'
import type { Manners } from '../../src/feeds/fetching/hosts.ts'
import { createFeedWorker, createHubs, type FeedWorker } from '../../src/feeds/index.ts'
import { createMoves } from '../../src/feeds/moves.ts'
import { decisionsAbout, type FeedState, feedState } from '../../src/feeds/queries.ts'
import { addKnownFeeds } from '../../src/feeds/store.ts'
import { createFeedReader } from '../../src/feeds/understanding/reader.ts'
import type { Hubs } from '../../src/feeds/websub/hubs.ts'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { createOutbound, type Outbound } from '../../src/outbound/fetch.ts'
import { type Catalog, createCatalog } from '../../src/podcast/catalog.ts'
import { createGuids, type Guids } from '../../src/podcast/guids.ts'
import { createIdentity } from '../../src/podcast/identity.ts'
import { hostOf } from '../../src/podcast/names.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import type { Origin } from '../support/origin.ts'

/** Feeds on a real database, fetched over real HTTP by real workers, at a time that the test chooses. */
export interface FeedWorld {
  readonly fresh: FreshStores
  readonly catalog: Catalog
  readonly guids: Guids
  readonly worker: FeedWorker
  readonly hubs: Hubs
  /** Everything that was logged. */
  readonly logged: readonly string[]
  now: number
  /** Another worker on the same stores, as another process would have. */
  another(manners?: Manners): FeedWorker
  /** Puts a feed on the list. */
  want(feedUrl: string): Promise<PodcastId>
  /** Puts a feed nobody has seen yet on the list, and looks at what the origin says now. */
  firstLook(origin: Origin, says: RequestListener | string, url?: string): Promise<PodcastId>
  state(podcast: PodcastId): Promise<FeedState>
  /** The newest decision about a feed. */
  said(podcast: PodcastId): Promise<string>
  /** Lets the time come at which a feed is due, and looks. */
  next(podcast: PodcastId): Promise<string>
  close(): Promise<void>
}

export const start = Date.UTC(2026, 10, 22, 12)

export const secret = 'a secret of this world, long enough to be one'

export interface FeedWorldMake {
  readonly outbound?: Outbound
  /** Where hubs reach it. */
  readonly publicUrl?: string
}

export async function feedWorld(manners?: Manners, make: FeedWorldMake = {}): Promise<FeedWorld> {
  const fresh = await freshStores()
  const { stores } = fresh
  const logged: string[] = []
  const reader = createFeedReader({ threads: 1 })
  const { outbound = createOutbound({ userAgent: 'Balados-Sync/test', allowPrivate: true }), publicUrl } = make
  const catalog = createCatalog(stores.system)
  const guids = createGuids(stores.system, catalog)
  const identity = createIdentity(stores.system, catalog, () => world.now)
  const hubs = createHubs({
    cache: stores.cache,
    catalog,
    outbound,
    publicUrl: publicUrl ?? 'http://127.0.0.1',
    reachable: publicUrl !== undefined,
    secret,
    clock: () => world.now,
  })
  const workers: FeedWorker[] = []
  let seen = 0
  const another = (more?: Manners): FeedWorker => {
    const worker = createFeedWorker({
      cache: stores.cache,
      catalog,
      guids,
      outbound,
      understand: reader.understand,
      identity,
      onMoved: createMoves(stores.system, identity),
      hubs,
      onSecrecyChanged: async () => {},
      clock: () => world.now,
      log: { error: (context, message) => logged.push(`${message} ${JSON.stringify(context)}`) },
      ...(more ? { manners: more } : {}),
    })
    workers.push(worker)
    return worker
  }
  const state = async (podcast: PodcastId): Promise<FeedState> => {
    const found = await feedState(stores.cache.pool, podcast)
    if (!found) throw new Error('that feed is not known')
    return found
  }
  const said = async (podcast: PodcastId) => (await decisionsAbout(stores.cache.pool, podcast, 1))[0]?.words ?? ''
  const world: FeedWorld = {
    fresh,
    catalog,
    guids,
    logged,
    hubs,
    now: start,
    another,
    get worker() {
      return workers[0] ?? another(manners)
    },
    async want(feedUrl) {
      const podcast = (await catalog.podcasts([feedUrl])).get(feedUrl) as PodcastId
      const named = [{ podcast, host: hostOf(feedUrl) }]
      await addKnownFeeds(stores.cache.pool, named, { wanted: true, now: world.now })
      return podcast
    },
    async firstLook(origin, says, url = `${origin.url}/${++seen}.xml`) {
      origin.says(typeof says === 'string' ? (_, response) => void response.end(says) : says)
      const podcast = await world.want(url)
      await world.worker.refreshDue()
      return podcast
    },
    state,
    said,
    async next(podcast) {
      world.now = ((await state(podcast)).nextCheckAt?.getTime() ?? world.now) + 1
      await world.worker.refreshDue()
      return said(podcast)
    },
    async close() {
      for (const worker of workers) await worker.stop()
      await Promise.all([reader.close(), outbound.close()])
      await fresh.close()
    },
  }
  return world
}

/** A feed of episodes, each a number of days older than the one before. */
export interface WrittenFeed {
  readonly title?: string
  /** From the newest to the oldest: number, or the guid and more. */
  readonly episodes: readonly number[]
  /** Within the channel. */
  readonly extra?: string
  readonly host?: string
}

export function writeFeed({ title = 'A show', episodes, extra = '', host = 'media.example' }: WrittenFeed): string {
  const items = episodes.map(
    (n) => `<item><title>Episode ${n}</title><guid isPermaLink="false">guid-${n}</guid>
      <pubDate>${new Date(start - (100 - n) * 86_400_000).toUTCString()}</pubDate>
      <enclosure url="https://${host}/${n}.mp3" type="audio/mpeg" length="1000"/></item>`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0">
<channel><title>${title}</title><link>https://show.example/</link><description>About</description>${extra}
${items.join('\n')}
</channel></rss>`
}
