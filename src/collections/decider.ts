import { authorKey, type Decider } from '../kernel/decider.ts'
import { isRefusal, refuse } from '../kernel/refusal.ts'
import { changesNothing } from '../podcast/arrangement.ts'
import {
  evolveList,
  type Fields,
  type ListChange,
  type ListEdit,
  type ListState,
  mergeList,
  noList,
} from '../podcast/lists.ts'
import type { CollectionEvent } from './events.ts'

export interface CollectionState extends ListState {
  readonly isDefault: boolean
}

/** An order to make, change, arrange or delete a collection. */
export interface EditCollection extends ListEdit {
  /** Whether it is the one new subscriptions land in. */
  readonly isDefault: boolean
}

export const defaultTitle = 'Subscriptions'

const defaults = (isDefault: boolean): Fields => ({
  title: isDefault ? defaultTitle : 'Collection',
  description: null,
  color: null,
  isPublic: false,
})

export const mergeCollection = (state: CollectionState, edit: EditCollection) =>
  mergeList(state, edit, defaults(edit.isDefault))

function eventType(state: CollectionState, change: ListChange): CollectionEvent['type'] {
  if (change.alive?.value === false) return 'CollectionDeleted'
  if (change.created) return 'CollectionCreated'
  if (change.alive && !state.alive?.value) return 'CollectionRestored'
  return change.fields.length > 0 || changesNothing(change.items) ? 'CollectionDescribed' : 'FeedsArranged'
}

export const collection: Decider<CollectionState, EditCollection, CollectionEvent> = {
  kind: 'collection',
  initial: { ...noList, isDefault: false },
  newestIsWhole: false,

  decide(state, edit) {
    if (edit.isDefault && edit.deleted === true) {
      return refuse('cannot_delete_default_collection', 'The default collection can be emptied, not deleted.')
    }
    const change = mergeCollection(state, edit)
    if (change === null) return []
    if (isRefusal(change)) return change
    const { merged: _, ...data } = change
    return [{ type: eventType(state, change), data: { ...data, isDefault: edit.isDefault } }]
  },

  evolve(state, { fact, number, stamp, author, recordedAt }) {
    const written = { number, author: authorKey(author) }
    return { ...evolveList(state, fact.data, written, stamp, recordedAt), isDefault: fact.data.isDefault }
  },
}
