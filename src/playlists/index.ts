export { type EditPlaylist, itemKey, mergePlaylist, type PlaylistState, playlist } from './decider.ts'
export { playlists } from './projection.ts'
export type { PlaylistRow } from './queries.ts'
export { playlistOut, showPlaylist } from './shown.ts'
