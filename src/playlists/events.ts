import type { Fact, Upcasts } from '../kernel/decider.ts'
import type { ListChange } from '../podcast/lists.ts'

/** What changed in a list; items are `<podcast id>/<episode id>`. The type names the main thing that happened. */
export type PlaylistChange = Omit<ListChange, 'merged'> & { readonly kind: 'playlist' | 'queue' }

export type PlaylistEvent =
  | Fact<'PlaylistCreated', PlaylistChange>
  | Fact<'PlaylistDescribed', PlaylistChange>
  | Fact<'EpisodesArranged', PlaylistChange>
  | Fact<'PlaylistDeleted', PlaylistChange>
  | Fact<'PlaylistRestored', PlaylistChange>

export const playlistUpcasts: Upcasts = {}
