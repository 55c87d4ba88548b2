export { itemKey, mergePlaylist, playlist } from './decider.ts'
export { playlists } from './projection.ts'
export type { PlaylistRow } from './queries.ts'
export { playlistOut, showPlaylist } from './shown.ts'
