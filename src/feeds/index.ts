export { createAsking } from './asking.ts'
export { forgetFeeds } from './forgetting.ts'
export { createMoves } from './moves.ts'
export {
  type EpisodeOutline,
  episodeOutlines,
  type FeedOutline,
  feedOutlines,
  newestEpisodes,
} from './newest.ts'
export { createFeedProxy } from './passing/proxy.ts'
export { reviewWanted, wantFeeds } from './wanted.ts'
export { hubCallback } from './websub/callback.ts'
export { createHubs } from './websub/hubs.ts'
export { createFeedWorker, type FeedWorker, type Tally } from './worker.ts'
