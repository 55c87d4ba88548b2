import { Feeds } from '../../migrations/cache/20261122001300-feeds.ts'
import { NewestEpisodes } from '../../migrations/cache/20261122001600-newest-episodes.ts'
import { Covers } from '../../migrations/cache/20261122001800-covers.ts'
import { Search } from '../../migrations/cache/20261122001900-search.ts'
import { WebSub } from '../../migrations/cache/20261122002000-websub.ts'
import { Journal } from '../../migrations/events/20261122000100-journal.ts'
import { EventsOfPodcast } from '../../migrations/events/20261122000700-events-of-podcast.ts'
import { ReadModels } from '../../migrations/projections/20261122000100-read-models.ts'
import { Downloads } from '../../migrations/projections/20261122000800-downloads.ts'
import { MovedFeeds } from '../../migrations/projections/20261122001400-moved-feeds.ts'
import { PublicReadModels } from '../../migrations/projections/20261122001500-public-read-models.ts'
import { Accounts } from '../../migrations/system/20261122000100-accounts.ts'
import { Catalog } from '../../migrations/system/20261122000200-catalog.ts'
import { JobWorkers } from '../../migrations/system/20261122000300-job-workers.ts'
import { RateLimits } from '../../migrations/system/20261122000400-rate-limits.ts'
import { Security } from '../../migrations/system/20261122000500-security.ts'
import { Credentials } from '../../migrations/system/20261122000600-credentials.ts'
import { Devices } from '../../migrations/system/20261122000601-devices.ts'
import { DoorStamps } from '../../migrations/system/20261122000800-door-stamps.ts'
import { DoorSettings } from '../../migrations/system/20261122000801-door-settings.ts'
import { OpenPodcast } from '../../migrations/system/20261122001000-open-podcast.ts'
import { AppRequests } from '../../migrations/system/20261122001100-app-requests.ts'
import { DoorUsers } from '../../migrations/system/20261122001210-door-users.ts'
import { FeedMoves } from '../../migrations/system/20261122001300-feed-moves.ts'
import { Identity } from '../../migrations/system/20261122001400-identity.ts'
import { Imports } from '../../migrations/system/20261122001700-imports.ts'
import { accountEntities } from '../accounts/index.ts'
import { Collection } from '../collections/entities.ts'
import { Cover } from '../covers/entities.ts'
import { RateLimit } from '../database/entities.ts'
import type { StoreDefinition, StoreName } from '../database/store.ts'
import { Download } from '../downloads/entities.ts'
import { feedCacheEntities, feedSystemEntities } from '../feeds/entities.ts'
import { ListenerOfPodcast, MovedFeed } from '../feeds/moved-entities.ts'
import { DoorSetting, DoorStamp } from '../gpodder/index.ts'
import { JobWorker } from '../jobs/entities.ts'
import { journalEntities, Progress, ProjectionFollower, SystemFollower } from '../journal/entities.ts'
import { OpenPodcastDeletion } from '../openpodcast/entities.ts'
import { SubscriptionImport } from '../opml/index.ts'
import { Playlist } from '../playlists/entities.ts'
import { Play } from '../plays/entities.ts'
import { catalogEntities } from '../podcast/entities.ts'
import { popularityEntities } from '../popularity/entities.ts'
import { PrivacySetting } from '../privacy/entities.ts'
import { searchEntities } from '../search/entities.ts'
import { Save, Share } from '../sharing/entities.ts'
import { Subscription } from '../subscriptions/entities.ts'
import { timelineEntities } from '../timeline/entities.ts'

/** What each store holds, listed explicitly: nothing is discovered by looking into folders. */
export const storeDefinitions: Readonly<Record<StoreName, StoreDefinition>> = {
  events: {
    name: 'events',
    entities: journalEntities,
    migrations: [
      { name: '20261122000100-journal', class: Journal },
      { name: '20261122000700-events-of-podcast', class: EventsOfPodcast },
    ],
  },
  system: {
    name: 'system',
    entities: [
      ...accountEntities,
      ...catalogEntities,
      SystemFollower,
      JobWorker,
      RateLimit,
      DoorStamp,
      DoorSetting,
      OpenPodcastDeletion,
      SubscriptionImport,
      ...feedSystemEntities,
    ],
    migrations: [
      { name: '20261122000100-accounts', class: Accounts },
      { name: '20261122000200-catalog', class: Catalog },
      { name: '20261122000300-job-workers', class: JobWorkers },
      { name: '20261122000400-rate-limits', class: RateLimits },
      { name: '20261122000500-security', class: Security },
      { name: '20261122000600-credentials', class: Credentials },
      { name: '20261122000601-devices', class: Devices },
      { name: '20261122000800-door-stamps', class: DoorStamps },
      { name: '20261122000801-door-settings', class: DoorSettings },
      { name: '20261122001000-open-podcast', class: OpenPodcast },
      { name: '20261122001100-app-requests', class: AppRequests },
      { name: '20261122001210-door-users', class: DoorUsers },
      { name: '20261122001300-feed-moves', class: FeedMoves },
      { name: '20261122001400-identity', class: Identity },
      { name: '20261122001700-imports', class: Imports },
    ],
  },
  projections: {
    name: 'projections',
    entities: [
      Progress,
      ProjectionFollower,
      Subscription,
      Play,
      Save,
      Share,
      PrivacySetting,
      Playlist,
      Collection,
      Download,
      MovedFeed,
      ListenerOfPodcast,
      ...popularityEntities,
      ...timelineEntities,
    ],
    migrations: [
      { name: '20261122000100-read-models', class: ReadModels },
      { name: '20261122000800-downloads', class: Downloads },
      { name: '20261122001400-moved-feeds', class: MovedFeeds },
      { name: '20261122001500-public-read-models', class: PublicReadModels },
    ],
  },
  cache: {
    name: 'cache',
    entities: [...feedCacheEntities, ...searchEntities, Cover],
    migrations: [
      { name: '20261122001300-feeds', class: Feeds },
      { name: '20261122001600-newest-episodes', class: NewestEpisodes },
      { name: '20261122001800-covers', class: Covers },
      { name: '20261122001900-search', class: Search },
      { name: '20261122002000-websub', class: WebSub },
    ],
  },
}
