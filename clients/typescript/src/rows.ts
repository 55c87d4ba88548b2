import {
  boolean,
  either,
  integer,
  list,
  nullable,
  number,
  object,
  oneOf,
  optional,
  record,
  type TypeOf,
  text,
} from './shapes.ts'

/*
 * What the operations speak of. Feeds and items are base64url names (`feedName`, `itemName`), times RFC 3339,
 * positions and durations whole seconds.
 */

export const success = object({ status: oneOf('success') })
export const made = object({ id: text })

export const privacyLevel = oneOf('public', 'anonymous', 'private')
export type PrivacyLevel = TypeOf<typeof privacyLevel>

/** An episode as requests name it. */
export const episode = object({ rss_source_feed: text, rss_source_item: text })
export type EpisodeRef = TypeOf<typeof episode>

export const subscription = object({
  id: text,
  user_id: text,
  rss_source_feed: text,
  rss_source_id: nullable(text),
  rss_feed_title: nullable(text),
  subscribed_at: nullable(text),
  unsubscribed_at: nullable(text),
  inserted_at: text,
  updated_at: text,
  moved_to: optional(text),
})
export type Subscription = TypeOf<typeof subscription>

export const subscriptionImport = object({
  id: text,
  state: oneOf('waiting', 'running', 'done', 'failed'),
  total: integer,
  done: integer,
  subscribed: integer,
  already: integer,
  failed: list(
    object({
      line: integer,
      url: text,
      title: nullable(text),
      reason: oneOf('no_url', 'not_a_url', 'not_a_feed_url', 'too_long', 'collection_full'),
    }),
  ),
  asked_at: text,
  ended_at: nullable(text),
})

export const podcastMetadata = object({
  title: nullable(text),
  description: nullable(text),
  author: nullable(text),
  cover: nullable(object({ src: text, srcset: text })),
  language: nullable(text),
  episodes_count: integer,
})
export type PodcastMetadata = TypeOf<typeof podcastMetadata>

export const playStatus = object({
  id: text,
  user_id: text,
  rss_source_feed: text,
  rss_source_item: text,
  rss_feed_title: nullable(text),
  rss_item_title: nullable(text),
  played: boolean,
  position: integer,
  duration: nullable(integer),
  rss_enclosure: nullable(text),
  updated_at: text,
})
export type PlayStatus = TypeOf<typeof playStatus>

const playlistItem = object({
  rss_source_feed: text,
  rss_source_item: text,
  item_title: nullable(text),
  feed_title: nullable(text),
  position: integer,
})

export const playlist = object({
  id: text,
  kind: oneOf('playlist', 'queue'),
  name: text,
  description: nullable(text),
  is_public: boolean,
  items: list(playlistItem),
  inserted_at: text,
  updated_at: text,
  deleted_at: nullable(text),
})
export type Playlist = TypeOf<typeof playlist>

export const collection = object({
  id: text,
  user_id: text,
  title: text,
  description: nullable(text),
  color: nullable(text),
  is_default: boolean,
  is_public: boolean,
  feeds: list(
    object({ id: text, rss_source_feed: text, rss_feed_title: nullable(text), subscribed_at: nullable(text) }),
  ),
  inserted_at: text,
  updated_at: text,
  deleted_at: nullable(text),
})
export type Collection = TypeOf<typeof collection>

export const privacySetting = object({
  rss_source_feed: nullable(text),
  rss_source_item: nullable(text),
  privacy: privacyLevel,
  updated_at: text,
})

const privacyChange = object({ feed: nullable(text), item: nullable(text), privacy: privacyLevel, updated_at: text })
export type PrivacyChange = TypeOf<typeof privacyChange>

const save = object({ rss_source_feed: text, rss_source_item: text, saved: boolean, updated_at: text })
export type Save = TypeOf<typeof save>

export const app = object({
  id: text,
  app_id: text,
  app_name: text,
  app_url: nullable(text),
  app_image: nullable(text),
  scopes: list(text),
  last_used_at: nullable(text),
  inserted_at: text,
  updated_at: text,
})

export const deviceType = oneOf('desktop', 'laptop', 'mobile', 'server', 'other')

export const device = object({
  id: text,
  app_id: text,
  device_id: text,
  name: nullable(text),
  type: deviceType,
  last_sync_at: nullable(text),
  last_seen_at: text,
  inserted_at: text,
})

/** Who the token speaks for. */
export const me = object({
  user_id: text,
  username: text,
  email: optional(nullable(text)),
  is_admin: boolean,
  created_at: text,
  app: object({ app_id: text, app_name: text, scopes: list(text) }),
  device: nullable(device),
})

export const historyEntry = object({
  id: text,
  at: text,
  recorded_at: text,
  type: text,
  words: text,
  app: text,
  device: nullable(text),
  rss_source_feed: nullable(text),
  rss_source_item: nullable(text),
  rss_feed_title: nullable(text),
  rss_item_title: nullable(text),
  playlist_id: nullable(text),
  collection_id: nullable(text),
})

/** The lists a sync carries. */
export const lists = ['subscriptions', 'plays', 'playlists', 'collections', 'privacy', 'saves'] as const
export type List = (typeof lists)[number]
const listName = oneOf(...lists)

/** What a device sends: entries of each list. An answer's rows are other shapes, below. */
export const entries = {
  subscriptions: optional(
    nullable(
      list(
        object({
          rss_source_feed: text,
          rss_source_id: optional(nullable(text)),
          subscribed_at: optional(nullable(text)),
          unsubscribed_at: optional(nullable(text)),
        }),
      ),
    ),
  ),
  plays: optional(
    nullable(
      list(
        object({
          rss_source_feed: text,
          rss_source_item: text,
          position: integer,
          played: boolean,
          updated_at: text,
          duration: optional(nullable(integer)),
          reset: optional(boolean),
        }),
      ),
    ),
  ),
  playlists: optional(
    nullable(
      list(
        object({
          id: optional(text),
          kind: optional(oneOf('playlist', 'queue')),
          name: optional(text),
          description: optional(nullable(text)),
          is_public: optional(boolean),
          updated_at: text,
          deleted_at: optional(nullable(text)),
          items: optional(list(episode)),
        }),
      ),
    ),
  ),
  collections: optional(
    nullable(
      list(
        object({
          id: text,
          title: optional(text),
          description: optional(nullable(text)),
          color: optional(nullable(text)),
          is_public: optional(boolean),
          updated_at: text,
          deleted_at: optional(nullable(text)),
          feeds: optional(list(either(text, object({ rss_source_feed: text })))),
        }),
      ),
    ),
  ),
  privacy: optional(
    nullable(
      list(
        object({
          feed: optional(nullable(text)),
          item: optional(nullable(text)),
          privacy: privacyLevel,
          updated_at: text,
        }),
      ),
    ),
  ),
  saves: optional(
    nullable(list(object({ rss_source_feed: text, rss_source_item: text, saved: boolean, updated_at: text }))),
  ),
}

const conflict = object({
  type: listName,
  feed: optional(text),
  item: optional(text),
  id: optional(text),
  local: record,
  remote: record,
  resolution: oneOf('local', 'remote', 'merged'),
  reason: text,
})
/** How an edit that met another device's was settled: for a person who wonders, there is nothing to do. */
export type Conflict = TypeOf<typeof conflict>

export const syncAnswer = object({
  sync_token: text,
  changes: object({
    subscriptions: list(subscription),
    plays: list(playStatus),
    playlists: list(playlist),
    collections: list(collection),
    privacy: list(privacyChange),
    saves: list(save),
  }),
  conflicts: list(conflict),
  rejected: list(object({ type: listName, index: integer, reason: text })),
})
export type SyncAnswer = TypeOf<typeof syncAnswer>

const feedTitle = { rss_feed_title: nullable(text) }
const itemTitle = { rss_item_title: nullable(text) }
const figures = {
  score: number,
  score_previous: number,
  plays: integer,
  plays_previous: integer,
  likes: integer,
  likes_previous: integer,
}
const ranks = { rank: integer, rank_previous: nullable(integer), rank_change: nullable(integer) }
const people = { plays_people: list(text), likes_people: list(text) }

export const trendingPodcast = object({ ...ranks, rss_source_feed: text, ...feedTitle, ...figures })
export const trendingEpisode = object({
  ...ranks,
  rss_source_feed: text,
  rss_source_item: text,
  ...feedTitle,
  ...itemTitle,
  ...figures,
})
export const podcastPopularity = object({
  rss_source_feed: nullable(text),
  ...feedTitle,
  ...figures,
  ...people,
})
export const episodePopularity = object({
  rss_source_feed: nullable(text),
  rss_source_item: nullable(text),
  ...feedTitle,
  ...itemTitle,
  ...figures,
  ...people,
})
export const relatedPodcast = object({ rss_source_feed: text, ...feedTitle, people: integer })

export const foundPodcast = object({
  rss_source_feed: text,
  ...feedTitle,
  author: nullable(text),
  description: nullable(text),
  cover: nullable(object({ src: text, srcset: text })),
  subscribed: boolean,
})
export const foundEpisode = object({
  rss_source_feed: text,
  rss_source_item: text,
  ...itemTitle,
  ...feedTitle,
  published_at: nullable(text),
  duration: nullable(integer),
})

export const eventType = oneOf('subscribe', 'play', 'save', 'share')
export const timelineEvent = object({
  id: text,
  event_type: eventType,
  at: text,
  rss_source_feed: text,
  rss_source_item: nullable(text),
  ...feedTitle,
  ...itemTitle,
  user: nullable(text),
  people: integer,
  comment: nullable(text),
})
