export { publicPodcasts } from './queries.ts'
export { type SearchParts as Searching, search } from './search.ts'
