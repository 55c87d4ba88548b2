export { createMoves } from './moves.ts'
export { reviewWanted, wantFeeds } from './wanted.ts'
export { createFeedWorker, type FeedWorker, type Tally } from './worker.ts'
