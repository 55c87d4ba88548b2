import type { ReadModel } from '../kernel/read-model.ts'
import { isoTime } from '../podcast/times.ts'
import type { DownloadState } from './decider.ts'

export const downloads: ReadModel<DownloadState | null> = {
  name: 'downloads',
  kind: 'download',
  key: 'episode_id',
  keyType: 'uuid',
  columns: [
    { name: 'podcast_id', type: 'uuid' },
    { name: 'done', type: 'jsonb' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
  ],
  tombstone: null,
  row: (_episode, state) =>
    state && {
      podcast_id: state.podcast,
      done: state.done,
      updated_at: isoTime(Math.max(...Object.values(state.done).map(({ at }) => at))),
      number: state.number,
      stamp: state.stamp,
    },
}
