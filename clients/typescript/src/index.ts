export {
  type App,
  type AuthorizationRequest,
  authorizationUrl,
  type Grant,
  readRedirect,
  serverTime,
} from './authorization.ts'
export { type Client, type ClientParts, createClient } from './client.ts'
export { createDevice, type Device, type DeviceParts, type SyncReport } from './device.ts'
export type { CollectionSaid, Edits, PlaylistSaid } from './edits.ts'
export { BaladosError, type ErrorDetail } from './errors.ts'
export { type Algorithm, createKeyPair, exportKeyPair, importKeyPair, type KeyPair } from './keys.ts'
export { episodeKey, episodeNames, feedName, feedUrl, itemName, itemParts } from './names.ts'
export { type AnswerOf, type ArgumentsOf, type OperationName, operations } from './operations.ts'
export type {
  Collection,
  Conflict,
  EpisodeRef,
  List,
  Playlist,
  PlayStatus,
  PodcastMetadata,
  PrivacyChange,
  PrivacyLevel,
  Save,
  Subscription,
  SyncAnswer,
} from './rows.ts'
export type { CallOptions } from './send.ts'
export {
  type CollectionRow,
  differences,
  isThere,
  type PlaylistRow,
  type PlayRow,
  type PrivacyRow,
  type SaveRow,
  type Shelf,
  type SubscriptionRow,
} from './shelf.ts'
export { memoryStorage, type Storage, webStorage } from './storage.ts'
export type { DeviceName } from './tokens.ts'
