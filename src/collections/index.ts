export { collection, defaultTitle, mergeCollection } from './decider.ts'
export { collections } from './projection.ts'
export type { CollectionRow } from './queries.ts'
export { collectionOut, showCollection } from './shown.ts'
