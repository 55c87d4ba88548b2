export { createMoves } from './moves.ts'
export { reviewWanted, wantFeeds } from './wanted.ts'
export { createFeedWorker, type FeedWorker } from './worker.ts'
