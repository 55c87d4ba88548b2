import type { ReadModel } from '../kernel/read-model.ts'
import { isoTime } from '../podcast/times.ts'
import type { PrivacyState } from './decider.ts'

export const privacySettings: ReadModel<PrivacyState | null> = {
  name: 'privacy',
  kind: 'privacy',
  key: 'scope',
  keyType: 'text',
  columns: [
    { name: 'podcast_id', type: 'uuid' },
    { name: 'episode_id', type: 'uuid' },
    { name: 'level', type: 'text' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
    { name: 'echo', type: 'text' },
  ],
  tombstone: null,
  row: (_scope, state) =>
    state && {
      podcast_id: state.podcast,
      episode_id: state.episode,
      level: state.level.value,
      updated_at: isoTime(state.level.at),
      number: state.number,
      stamp: state.stamp,
      echo: state.echo,
    },
}
