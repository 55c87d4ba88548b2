import type { ReadModel } from '../kernel/read-model.ts'
import { isoTime } from '../podcast/times.ts'
import type { PlayState } from './decider.ts'

export const plays: ReadModel<PlayState | null> = {
  name: 'plays',
  kind: 'play',
  key: 'episode_id',
  keyType: 'uuid',
  columns: [
    { name: 'podcast_id', type: 'uuid' },
    { name: 'position', type: 'int' },
    { name: 'played', type: 'boolean' },
    { name: 'duration', type: 'int' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
    { name: 'echo', type: 'text' },
  ],
  tombstone: null,
  row: (_episode, state) =>
    state && {
      podcast_id: state.podcast,
      position: state.position,
      played: state.played,
      duration: state.duration,
      updated_at: isoTime(state.at),
      number: state.number,
      stamp: state.stamp,
      echo: state.echo,
    },
}
