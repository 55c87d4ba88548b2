import { defineEntity, p } from '@mikro-orm/postgresql'
import type { FeedMetadata } from './document.ts'
import type { Moving } from './moves.ts'
import type { FeedRhythm } from './plan.ts'

/** How a feed stands: `new` was never read, `locked` asks for a password. */
export type FeedStatus = 'new' | 'fine' | 'failing' | 'locked' | 'gone'

/** What is known of a podcast's feed, and when to look again. Its URL stands in the catalog alone. */
const Feed = defineEntity({
  name: 'Feed',
  tableName: 'feeds',
  schema: 'cache',
  properties: {
    podcastId: p.uuid().primary(),
    /** Of its URL: feeds of one host are asked for politely. */
    host: p.text(),
    status: p.text().$type<FeedStatus>(),
    /** All that the feed says of itself, without its episodes. */
    metadata: p.json<FeedMetadata>().nullable(),
    etag: p.text().nullable(),
    lastModified: p.text().nullable(),
    /** SHA-256 of the unpacked body. */
    bodyHash: p.text().nullable(),
    /** In a row. */
    failures: p.integer(),
    failingSince: p.datetime(3).nullable(),
    /** In words that hold no part of the URL. */
    lastError: p.text().nullable(),
    /** Somebody follows or plays it. */
    wanted: p.boolean(),
    followers: p.integer(),
    /** Null where nobody wants it. */
    nextCheckAt: p.datetime(3).nullable().index('feeds_next_check_at'),
    /** A worker is at it until then; a killed one's feed is anybody's afterwards. */
    claimedUntil: p.datetime(3).nullable(),
    claimedBy: p.uuid().nullable(),
    checkedAt: p.datetime(3).nullable(),
    /** When it was last read, or found unchanged. */
    fetchedAt: p.datetime(3).nullable(),
    changedAt: p.datetime(3).nullable(),
    /** What the time of the next check is worked out from, so that an unchanged feed need not be read. */
    rhythm: p.json<FeedRhythm>().nullable(),
    /** Where the feed says it has moved, while that is not believed yet. */
    moving: p.json<Moving>().nullable(),
  },
})

const FeedEpisode = defineEntity({
  name: 'FeedEpisode',
  tableName: 'feed_episodes',
  schema: 'cache',
  properties: {
    podcastId: p.uuid().primary(),
    episodeId: p.uuid().primary().index('feed_episodes_episode_id'),
    /** Counted from the feed's end, so that a new episode on top moves no other. */
    place: p.integer(),
    /** False once the feed no longer names it; listeners may still be in it. */
    listed: p.boolean(),
    title: p.text().nullable(),
    /** Plain text. */
    description: p.text().nullable(),
    publishedAt: p.datetime(3).nullable(),
    /** Seconds. */
    duration: p.integer().nullable(),
    imageUrl: p.text().nullable(),
    enclosureUrl: p.text(),
    season: p.integer().nullable(),
    number: p.double().nullable(),
    /** Everything else the feed says of it. */
    details: p.json<Readonly<Record<string, unknown>>>(),
    /** Of all that the feed says of it: what did not change is not written again. */
    hash: p.text(),
  },
  indexes: [
    {
      name: 'feed_episodes_newest',
      expression: `create index feed_episodes_newest on cache.feed_episodes
        (podcast_id, published_at desc nulls last, place desc, episode_id) where listed`,
    },
  ],
})

/** Each decision about a feed, in words: what `balados feeds why` tells. */
const FeedDecision = defineEntity({
  name: 'FeedDecision',
  tableName: 'feed_decisions',
  schema: 'cache',
  properties: {
    podcastId: p.uuid().primary(),
    id: p.uuid().primary(),
    decidedAt: p.datetime(3).index('feed_decisions_decided_at'),
    words: p.text(),
  },
})

/** That a hub was asked to tell of a feed's changes (WebSub), or to stop. */
const HubLease = defineEntity({
  name: 'HubLease',
  tableName: 'hub_leases',
  schema: 'cache',
  properties: {
    /** The end of the callback's address: nobody but the hub knows it, and it says nothing of the feed. */
    id: p.uuid().primary(),
    podcastId: p.uuid().index('hub_leases_podcast_id'),
    hub: p.text(),
    /** What the feed calls itself. */
    topic: p.text(),
    /** False once it is to end. A podcast has one at the most that is not. */
    wanted: p.boolean(),
    /** The hub was asked, and has not asked back yet whether that was us. */
    waiting: p.boolean(),
    askedAt: p.datetime(3).nullable(),
    verifiedAt: p.datetime(3).nullable(),
    leaseUntil: p.datetime(3).nullable(),
    /** When there is something to do: to ask, to renew, to ask again. */
    dueAt: p.datetime(3).index('hub_leases_due_at'),
    /** In a row. */
    failures: p.integer(),
    lastError: p.text().nullable(),
    /** The last look at the feed that the hub brought about; may be a minute ahead. */
    lookAt: p.datetime(3).nullable(),
    /** What came without a right signature. */
    ignored: p.integer(),
  },
})

/** That a feed has moved: a fact that stays, from which the identities of podcasts are merged. */
const FeedMove = defineEntity({
  name: 'FeedMove',
  tableName: 'feed_moves',
  schema: 'system',
  properties: {
    podcastId: p.uuid().primary(),
    /** The catalog's key of the new URL. */
    toKey: p.uuid().primary(),
    fromUrl: p.text(),
    toUrl: p.text(),
    why: p.text(),
    noticedAt: p.datetime(3),
    /** When the catalog took it in. */
    appliedAt: p.datetime(3).nullable(),
  },
})

export const feedCacheEntities = [Feed, FeedEpisode, FeedDecision, HubLease]
export const feedSystemEntities = [FeedMove]
