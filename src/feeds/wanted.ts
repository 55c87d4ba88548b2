import { rows, type Statement, type Stores } from '../database/store.ts'
import type { Followed, Follower } from '../journal/followers.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { playedSince } from '../plays/queries.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { hostOf } from '../podcast/names.ts'
import { followersOf } from '../subscriptions/queries.ts'
import { addKnownFeeds, forgetDecisions, keepOnly, type NamedFeed, noteFollowers } from './store.ts'

/** Milliseconds for which playing an episode keeps its feed on the list, and decisions are remembered. */
const playCounts = 30 * 86_400_000
const decisionsLive = 60 * 86_400_000

const readWanted: Statement = {
  name: 'feeds-read-wanted',
  text: `select podcast_id as podcast from cache.feeds where wanted and podcast_id = any($1::uuid[])`,
}

/** The podcast that an event is a reason to fetch; null for others. */
function reasonToFetch({ event: { stream, fact } }: Followed): PodcastId | null {
  if (stream.startsWith('play/')) return (fact.data as { podcast: PodcastId }).podcast
  return fact.type === 'FeedSubscribed' ? (stream.slice('subscription/'.length) as PodcastId) : null
}

async function withHosts(catalog: Catalog, podcasts: Iterable<PodcastId>): Promise<NamedFeed[]> {
  const entries = await catalog.podcastEntries(podcasts)
  return [...entries].map(([podcast, { feedUrl }]) => ({ podcast, host: hostOf(feedUrl) }))
}

/**
 * Follows the journal: a feed that somebody subscribes to or plays is on the list at once.
 *
 * @param wake lets a worker look at what is new
 */
export const wantFeeds = (catalog: Catalog, wake: () => Promise<void>, clock: () => number): Follower => ({
  name: 'wanted-feeds',
  store: 'projections',
  async apply(events, client) {
    const named = new Set(events.map(reasonToFetch).filter((podcast) => podcast !== null))
    if (named.size === 0) return
    const known = await rows<{ podcast: PodcastId }>(client, readWanted, [[...named]])
    for (const { podcast } of known) named.delete(podcast)
    if (named.size === 0) return
    await addKnownFeeds(client, await withHosts(catalog, named), { wanted: true, now: clock() })
    await wake()
  },
})

/** Feeds judged at once: a statement's parameters have a size. */
const chunk = 5_000

/**
 * Works out anew who is followed by how many and what was played lately: what nobody wants any more goes off the list,
 * and what is missing (a cache that was emptied) comes back.
 */
export async function reviewWanted({ projections, cache }: Stores, catalog: Catalog, now: number): Promise<void> {
  const followers = await followersOf(projections.pool)
  const wanted = new Set([...followers.keys(), ...(await playedSince(projections.pool, now - playCounts))])
  await keepOnly(cache, [...wanted])
  const podcasts = [...wanted]
  for (let at = 0; at < podcasts.length; at += chunk) {
    const feeds = await withHosts(catalog, podcasts.slice(at, at + chunk))
    await addKnownFeeds(cache.pool, feeds, { wanted: true, now })
    await noteFollowers(cache, new Map(feeds.map(({ podcast }) => [podcast, followers.get(podcast) ?? 0])))
  }
  await forgetDecisions(cache, now - decisionsLive)
}
