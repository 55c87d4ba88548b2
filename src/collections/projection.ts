import type { ReadModel } from '../kernel/read-model.ts'
import { inOrder } from '../podcast/arrangement.ts'
import { isoTime } from '../podcast/times.ts'
import type { CollectionState } from './decider.ts'

export const collections: ReadModel<CollectionState> = {
  name: 'collections',
  kind: 'collection',
  key: 'collection_id',
  keyType: 'uuid',
  columns: [
    { name: 'is_default', type: 'boolean' },
    { name: 'title', type: 'text' },
    { name: 'description', type: 'text' },
    { name: 'color', type: 'text' },
    { name: 'is_public', type: 'boolean' },
    { name: 'feeds', type: 'jsonb' },
    { name: 'inserted_at', type: 'timestamptz(3)' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'deleted_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
    { name: 'echo', type: 'text' },
  ],
  tombstone: 'deleted_at is not null',
  row: (_id, state) =>
    state.alive && {
      is_default: state.isDefault,
      title: state.fields.title?.value,
      description: state.fields.description?.value ?? null,
      color: state.fields.color?.value ?? null,
      is_public: state.fields.isPublic?.value,
      feeds: state.alive.value ? inOrder(state.items) : [],
      inserted_at: isoTime(state.insertedAt),
      updated_at: isoTime(state.updatedAt),
      deleted_at: state.alive.value ? null : isoTime(state.alive.at),
      number: state.number,
      stamp: state.stamp,
      echo: state.echo,
    },
}
