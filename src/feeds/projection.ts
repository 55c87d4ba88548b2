import type { ReadModel } from '../kernel/read-model.ts'
import { isoTime } from '../podcast/times.ts'
import type { FeedState } from './decider.ts'

/** The listener's podcasts that are known by another name than before. */
export const movedFeeds: ReadModel<FeedState | null> = {
  name: 'moved_feeds',
  kind: 'feed',
  key: 'podcast_id',
  keyType: 'uuid',
  columns: [
    { name: 'moved_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
  ],
  tombstone: null,
  row: (_podcast, state) =>
    state?.moved ? { moved_at: isoTime(state.moved.at), number: state.moved.number, stamp: state.moved.stamp } : null,
}
