import type { Store } from '../../database/store.ts'
import type { PodcastId } from '../../kernel/brand.ts'
import type { Outbound } from '../../outbound/fetch.ts'
import type { Catalog } from '../../podcast/catalog.ts'
import { privateReason } from '../../podcast/private-urls.ts'
import type { HubLinks } from '../fetching/links.ts'
import { spanInWords } from '../plan.ts'
import { type AskHub, createAskHub } from './ask-hub.ts'
import {
  claimDueLeases,
  endLease,
  endUnwantedLeases,
  feedsWithUnaskedHubs,
  hubSecret,
  type Lease,
  leaseAsked,
  leaseFailed,
  noteDecision,
  removeLease,
  wantLease,
} from './leases.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Milliseconds: for how long hubs are asked to tell, and until when one that was asked should have asked back. */
const leaseAskedFor = 10 * day
const answerAwaited = hour
/** How often a hub is asked to stop; after that its lease ends by itself. */
const farewells = 3
/** Leases taken at once. */
const handful = 20

/** Whom a feed names, and who it says it is; the lease that stands, as the worker knows it. */
export interface HubsHeard extends HubLinks {
  readonly lease: { readonly hub: string; readonly topic: string } | null
}

/** Asks hubs to tell of changes (WebSub, W3C Recommendation of 2018), and keeps that up. */
export interface Hubs {
  /** Takes in what a feed that was read says of its hubs. */
  hear(podcast: PodcastId, heard: HubsHeard): Promise<void>
  /** Asks, renews and takes leave where that is due. */
  tend(): Promise<void>
  /** Ends what is for feeds that nobody wants, and begins what is missing. */
  review(): Promise<void>
}

export interface HubsParts {
  readonly cache: Store
  readonly catalog: Catalog
  readonly outbound: Outbound
  readonly publicUrl: string
  /** Whether a hub could reach this server. */
  readonly reachable: boolean
  /** SECRET_KEY_BASE: the secrets of callbacks are worked out from it. */
  readonly secret: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

const backOff = (failures: number): number => Math.min(hour * 2 ** failures, 7 * day)

/** The hub to ask, by preference one that nobody can listen in to. */
const chosen = (hubs: readonly string[]): string | undefined =>
  hubs.find((hub) => hub.toLowerCase().startsWith('https:')) ?? hubs[0]

export function createHubs(parts: HubsParts): Hubs {
  const { cache, catalog, publicUrl, reachable, secret, clock } = parts
  const askHub: AskHub = createAskHub(parts.outbound)

  /** What nobody but its listener may know of is no hub's business. */
  async function isPublic(podcast: PodcastId, urls: readonly string[]): Promise<boolean> {
    const entry = (await catalog.podcastEntries([podcast])).get(podcast)
    if (!entry?.fetched || entry.privateReason !== null) return false
    return [entry.feedUrl, ...urls].every((url) => privateReason(url) === null)
  }

  async function wantedHub(podcast: PodcastId, { hubs, self }: HubLinks): Promise<Pick<Lease, 'hub' | 'topic'> | null> {
    const hub = chosen(hubs)
    if (!reachable || hub === undefined || self === null) return null
    return (await isPublic(podcast, [self, hub])) ? { hub, topic: self } : null
  }

  const say = (lease: Lease, words: string): Promise<void> => noteDecision(cache.pool, lease.podcast, clock(), words)

  async function failed(lease: Lease, words: string, gone: boolean): Promise<void> {
    const wait = gone ? 7 * day : backOff(lease.failures)
    await leaseFailed(cache.pool, lease.id, words, clock() + wait)
    await say(lease, `${words.charAt(0).toUpperCase()}${words.slice(1)}. Ask it again in ${spanInWords(wait)}.`)
  }

  async function askFor(lease: Lease, mode: 'subscribe' | 'unsubscribe'): Promise<void> {
    const now = clock()
    await leaseAsked(cache.pool, lease.id, now, now + answerAwaited)
    const said = await askHub(lease.hub, {
      'hub.mode': mode,
      'hub.topic': lease.topic,
      'hub.callback': `${publicUrl}/websub/${lease.id}`,
      ...(mode === 'subscribe'
        ? { 'hub.lease_seconds': String(leaseAskedFor / 1000), 'hub.secret': hubSecret(secret, lease.id) }
        : {}),
    })
    if (said !== null) return failed(lease, said.words, said.gone)
    await say(
      lease,
      mode === 'subscribe' ? 'Its hub is asked to tell of changes.' : 'Its hub is asked to tell no more.',
    )
  }

  async function takeLeave(lease: Lease): Promise<void> {
    const isAlive = (lease.leaseUntil?.getTime() ?? 0) > clock()
    if (!isAlive || lease.failures >= farewells) return removeLease(cache.pool, lease.id)
    return lease.waiting ? failed(lease, silence, false) : askFor(lease, 'unsubscribe')
  }

  async function attend(lease: Lease): Promise<void> {
    if (!lease.wanted) return takeLeave(lease)
    if (lease.waiting) return failed(lease, silence, false)
    if (reachable && (await isPublic(lease.podcast, [lease.topic, lease.hub]))) return askFor(lease, 'subscribe')
    await endLease(cache.pool, lease.podcast, clock())
    await say(lease, 'It is not for everybody any more: its hub is asked no more.')
  }

  return {
    async hear(podcast, { lease, ...heard }) {
      const wanted = await wantedHub(podcast, heard)
      if (wanted?.hub === lease?.hub && wanted?.topic === lease?.topic) return
      if (wanted) await wantLease(cache.pool, podcast, wanted, clock())
      else await endLease(cache.pool, podcast, clock())
    },
    async tend() {
      for (;;) {
        const due = await claimDueLeases(cache.pool, clock(), handful)
        await Promise.all(due.map(attend))
        if (due.length === 0) return
      }
    },
    async review() {
      await endUnwantedLeases(cache.pool, clock())
      for (const { podcast, hubs, self } of await feedsWithUnaskedHubs(cache.pool)) {
        const wanted = await wantedHub(podcast, { hubs, self })
        if (wanted) await wantLease(cache.pool, podcast, wanted, clock())
      }
    },
  }
}

const silence = 'its hub was asked and did not ask back'
