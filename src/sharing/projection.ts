import type { ReadModel } from '../kernel/read-model.ts'
import { isoTime } from '../podcast/times.ts'
import type { SaveState, ShareState } from './decider.ts'

export const saves: ReadModel<SaveState | null> = {
  name: 'saves',
  kind: 'save',
  key: 'episode_id',
  keyType: 'uuid',
  columns: [
    { name: 'podcast_id', type: 'uuid' },
    { name: 'saved', type: 'boolean' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
    { name: 'echo', type: 'text' },
  ],
  tombstone: 'not saved',
  row: (_episode, state) =>
    state && {
      podcast_id: state.podcast,
      saved: state.saved.value,
      updated_at: isoTime(state.saved.at),
      number: state.number,
      stamp: state.stamp,
      echo: state.echo,
    },
}

export const shares: ReadModel<ShareState | null> = {
  name: 'shares',
  kind: 'share',
  key: 'episode_id',
  keyType: 'uuid',
  columns: [
    { name: 'podcast_id', type: 'uuid' },
    { name: 'shared', type: 'boolean' },
    { name: 'comment', type: 'text' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
  ],
  tombstone: 'not shared',
  row: (_episode, state) =>
    state && {
      podcast_id: state.podcast,
      shared: state.shared,
      comment: state.comment,
      updated_at: isoTime(state.at),
      number: state.number,
      stamp: state.stamp,
    },
}
