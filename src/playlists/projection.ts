import type { ReadModel } from '../kernel/read-model.ts'
import { inOrder } from '../podcast/arrangement.ts'
import { isoTime } from '../podcast/times.ts'
import { itemOf, type PlaylistState } from './decider.ts'

export const playlists: ReadModel<PlaylistState> = {
  name: 'playlists',
  kind: 'playlist',
  key: 'playlist_id',
  keyType: 'uuid',
  columns: [
    { name: 'kind', type: 'text' },
    { name: 'name', type: 'text' },
    { name: 'description', type: 'text' },
    { name: 'is_public', type: 'boolean' },
    { name: 'items', type: 'jsonb' },
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
      kind: state.kind,
      name: state.fields.name?.value,
      description: state.fields.description?.value ?? null,
      is_public: state.fields.isPublic?.value,
      // What a deleted list held stays in the journal, in case a newer edit brings it back; readers need not have it.
      items: state.alive.value ? inOrder(state.items).map(itemOf) : [],
      inserted_at: isoTime(state.insertedAt),
      updated_at: isoTime(state.updatedAt),
      deleted_at: state.alive.value ? null : isoTime(state.alive.at),
      number: state.number,
      stamp: state.stamp,
      echo: state.echo,
    },
}
