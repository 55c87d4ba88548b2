import fc from 'fast-check'
import { type CollectionState, collection, type EditCollection } from '../../src/collections/decider.ts'
import type { CollectionEvent } from '../../src/collections/events.ts'
import { collections } from '../../src/collections/projection.ts'
import type { Speech } from '../kernel/laws.ts'
import type { Order } from '../kernel/stream.ts'
import { carriedOut, editOf, type Intent, intent, type Said } from '../podcast/list-speech.ts'

export const says =
  (said: Said, isDefault = false): Order<CollectionState, EditCollection> =>
  (view) => ({ ...editOf(said, view), isDefault })

export const speech: Speech<CollectionState, EditCollection, CollectionEvent, Intent> = {
  decider: collection,
  readModel: collections,
  said: (earliest) =>
    intent(
      {
        title: fc.constantFrom('A', 'B', 'C'),
        description: fc.constantFrom(null, 'x', 'y'),
        color: fc.constantFrom(null, '#112233', '#445566'),
        isPublic: fc.boolean(),
      },
      earliest,
    ),
  says: (said, has) => says(carriedOut(said, has)),
}
