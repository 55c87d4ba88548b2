import * as row from './rows.ts'
import {
  boolean,
  type Fields,
  integer,
  list,
  nullable,
  type ObjectOf,
  object,
  oneOf,
  optional,
  type Shape,
  text,
} from './shapes.ts'

/** An operation of the API, as data: where each of its arguments goes, and what comes back. */
export interface Operation<P extends string, Q extends Fields, B extends Fields, A> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: P
  readonly query: Q
  /** Null where it takes none; of what is no JSON, `file` alone. */
  readonly body: B | null
  /** Media type of `file`; null where the body is JSON. */
  readonly fileType: string | null
  readonly answer: Shape<A>
}

export type AnyOperation = Operation<string, Fields, Fields, unknown>

type Nothing = Record<never, never>
interface Parts<Q, B, A> {
  readonly query?: Q
  readonly body?: B
  readonly fileType?: string
  /** `{status: "success"}` where not said. */
  readonly answer?: Shape<A>
}
type Success = { status: 'success' }

const by =
  (method: AnyOperation['method']) =>
  <P extends string, Q extends Fields = Nothing, B extends Fields = Nothing, A = Success>(
    path: P,
    { query, body, fileType, answer }: Parts<Q, B, A> = {},
  ): Operation<P, Q, B, A> => ({
    method,
    path,
    query: query ?? ({} as Q),
    body: body ?? null,
    fileType: fileType ?? null,
    answer: answer ?? (row.success as Shape<unknown> as Shape<A>),
  })

const get = by('GET')
const post = by('POST')
const put = by('PUT')
const patch = by('PATCH')
const remove = by('DELETE')

const opml = 'text/x-opml'
/** Which of an episode's feeds is meant, where it is known under several. */
const ofFeed = { feed: optional(text) }
const items = list(row.episode)
const listFields = { description: optional(nullable(text)), is_public: optional(boolean) }
const color = optional(nullable(text))
/** Of this instance, or of those it exchanges figures with too. */
const within = { scope: optional(oneOf('local', 'federated')) }
const ranking = {
  limit: optional(integer),
  feed: optional(text),
  window: optional(oneOf('day', 'week', 'month', 'all')),
  ...within,
}

/**
 * Every operation an app may ask for, under the name its method has on the client. `test/clients/agreement.test.ts`
 * compares this table with the server's document and says what a new line must hold.
 */
export const operations = {
  sync: post('/sync', {
    body: { last_sync: optional(nullable(text)), changes: optional(nullable(object(row.entries))) },
    answer: row.syncAnswer,
  }),

  subscriptions: get('/subscriptions', { answer: object({ subscriptions: list(row.subscription) }) }),
  subscribe: post('/subscriptions', {
    body: {
      rss_source_feed: text,
      rss_source_id: optional(nullable(text)),
      subscribed_at: optional(nullable(text)),
    },
  }),
  unsubscribe: remove('/subscriptions/{feed}'),
  exportSubscriptions: get('/subscriptions/export.opml', { answer: text }),
  importSubscriptions: post('/subscriptions/import', {
    body: { file: text },
    fileType: opml,
    answer: object({ import: row.subscriptionImport }),
  }),
  subscriptionImport: get('/subscriptions/import/{id}', { answer: object({ import: row.subscriptionImport }) }),
  subscriptionImports: get('/subscriptions/import', { answer: object({ imports: list(row.subscriptionImport) }) }),
  feedMetadata: get('/subscriptions/{feed}/metadata', { answer: object({ metadata: row.podcastMetadata }) }),

  proxiedFeed: get('/rss/proxy/{feed}', { answer: text }),
  proxiedEpisode: get('/rss/proxy/{feed}/{item}', { answer: text }),

  plays: get('/play', {
    query: {
      played: optional(boolean),
      feed: optional(text),
      limit: optional(integer),
      offset: optional(integer),
    },
    answer: object({
      play_statuses: list(row.playStatus),
      pagination: object({ limit: integer, offset: integer, total: integer }),
    }),
  }),
  play: get('/play/{item}', { query: ofFeed, answer: object({ play_status: row.playStatus }) }),
  recordPlay: post('/play', {
    body: {
      rss_source_feed: text,
      rss_source_item: text,
      position: integer,
      played: boolean,
      duration: optional(nullable(integer)),
      at: optional(nullable(text)),
    },
  }),
  movePosition: put('/play/{item}/position', {
    query: ofFeed,
    body: { position: integer, at: optional(nullable(text)) },
  }),

  saveEpisode: post('/episodes/{item}/save', { query: ofFeed }),
  unsaveEpisode: remove('/episodes/{item}/save', { query: ofFeed }),
  shareEpisode: post('/episodes/{item}/share', { query: ofFeed, body: { comment: optional(nullable(text)) } }),
  unshareEpisode: remove('/episodes/{item}/share', { query: ofFeed }),

  playlists: get('/playlists', { answer: object({ playlists: list(row.playlist) }) }),
  playlist: get('/playlists/{id}', { answer: row.playlist }),
  createPlaylist: post('/playlists', {
    body: { id: optional(text), name: text, items: optional(items), ...listFields },
    answer: row.made,
  }),
  editPlaylist: patch('/playlists/{id}', { body: { name: optional(text), ...listFields } }),
  deletePlaylist: remove('/playlists/{id}'),
  setPlaylistItems: put('/playlists/{id}/items', { body: { items } }),
  addPlaylistItem: post('/playlists/{id}/items', { body: { rss_source_feed: text, rss_source_item: text } }),
  removePlaylistItem: remove('/playlists/{id}/items/{item}', { query: ofFeed }),
  queue: get('/queue', { answer: row.playlist }),
  setQueue: put('/queue', { body: { items } }),

  collections: get('/collections', { answer: object({ collections: list(row.collection) }) }),
  collection: get('/collections/{id}', { answer: object({ collection: row.collection }) }),
  createCollection: post('/collections', {
    body: { id: optional(text), title: text, color, ...listFields },
    answer: row.made,
  }),
  editCollection: patch('/collections/{id}', { body: { title: optional(text), color, ...listFields } }),
  deleteCollection: remove('/collections/{id}'),
  addCollectionFeed: post('/collections/{id}/feeds', { body: { rss_source_feed: text } }),
  setCollectionFeeds: put('/collections/{id}/feeds', { body: { feeds: list(text) } }),
  removeCollectionFeed: remove('/collections/{id}/feeds/{feed}'),

  privacy: get('/privacy', {
    query: { feed: optional(text), item: optional(text) },
    answer: object({ privacy_settings: list(row.privacySetting), effective: row.privacyLevel }),
  }),
  choosePrivacy: put('/privacy', {
    body: { privacy: row.privacyLevel, feed: optional(nullable(text)), item: optional(nullable(text)) },
  }),

  trendingPodcasts: get('/public/trending/podcasts', {
    query: ranking,
    answer: object({ podcasts: list(row.trendingPodcast) }),
  }),
  trendingEpisodes: get('/public/trending/episodes', {
    query: ranking,
    answer: object({ episodes: list(row.trendingEpisode) }),
  }),
  podcastPopularity: get('/public/feed/{feed}/popularity', {
    query: within,
    answer: object({ podcast: row.podcastPopularity }),
  }),
  episodePopularity: get('/public/episode/{item}/popularity', {
    query: { ...ofFeed, ...within },
    answer: object({ episode: row.episodePopularity }),
  }),
  search: get('/search', {
    query: { q: text, limit: optional(integer), before: optional(text) },
    answer: object({
      podcasts: list(row.foundPodcast),
      episodes: list(row.foundEpisode),
      next: nullable(text),
    }),
  }),
  relatedPodcasts: get('/public/feed/{feed}/related', {
    query: { limit: optional(integer) },
    answer: object({ podcasts: list(row.relatedPodcast) }),
  }),
  timeline: get('/public/timeline', {
    query: {
      limit: optional(integer),
      before: optional(text),
      offset: optional(integer),
      event_type: optional(row.eventType),
      feed: optional(text),
      user: optional(text),
      ...within,
    },
    answer: object({ events: list(row.timelineEvent), next: nullable(text) }),
  }),

  apps: get('/apps', { answer: object({ apps: list(row.app) }) }),
  revokeApp: remove('/apps/{app_id}'),

  me: get('/me', { answer: row.me }),
  devices: get('/devices', { answer: object({ devices: list(row.device) }) }),
  editDevice: patch('/devices/{id}', {
    body: { name: optional(nullable(text)), type: optional(row.deviceType) },
    answer: row.device,
  }),
  forgetDevice: remove('/devices/{id}'),
  history: get('/history', {
    query: { before: optional(text), feed: optional(text), limit: optional(integer) },
    answer: object({ history: list(row.historyEntry), next: nullable(text) }),
  }),
}

type Operations = typeof operations
export type OperationName = keyof Operations

type InPath<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | InPath<Rest> : never

/** What a call takes: what stands in the path, in the query and in the body, in one object. */
export type ArgumentsOf<N extends OperationName> =
  Operations[N] extends Operation<infer P, infer Q, infer B, unknown>
    ? { [K in InPath<P>]: string } & ObjectOf<Q> & ObjectOf<B>
    : never

export type AnswerOf<N extends OperationName> =
  Operations[N] extends Operation<string, Fields, Fields, infer A> ? A : never
