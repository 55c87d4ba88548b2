import type { Fact, Upcasts } from '../kernel/decider.ts'
import type { ListChange } from '../podcast/lists.ts'

/** What changed in a collection; items are podcast ids. The type names the main thing that happened. */
export type CollectionChange = Omit<ListChange, 'merged'> & { readonly isDefault: boolean }

export type CollectionEvent =
  | Fact<'CollectionCreated', CollectionChange>
  | Fact<'CollectionDescribed', CollectionChange>
  | Fact<'FeedsArranged', CollectionChange>
  | Fact<'CollectionDeleted', CollectionChange>
  | Fact<'CollectionRestored', CollectionChange>

export const collectionUpcasts: Upcasts = {}
