import fc from 'fast-check'
import { type EditPlaylist, type PlaylistState, playlist } from '../../src/playlists/decider.ts'
import type { PlaylistEvent } from '../../src/playlists/events.ts'
import { playlists } from '../../src/playlists/projection.ts'
import type { Speech } from '../kernel/laws.ts'
import type { Order } from '../kernel/stream.ts'
import { carriedOut, editOf, type Intent, intent, type Said } from '../podcast/list-speech.ts'

export const says =
  (said: Said, kind: EditPlaylist['kind'] = 'playlist'): Order<PlaylistState, EditPlaylist> =>
  (view) => ({ ...editOf(said, view), kind })

export const speech: Speech<PlaylistState, EditPlaylist, PlaylistEvent, Intent> = {
  decider: playlist,
  readModel: playlists,
  said: (earliest) =>
    intent(
      {
        name: fc.constantFrom('A', 'B', 'C'),
        description: fc.constantFrom(null, 'x', 'y'),
        isPublic: fc.boolean(),
      },
      earliest,
    ),
  says: (said, has) => says(carriedOut(said, has)),
}
