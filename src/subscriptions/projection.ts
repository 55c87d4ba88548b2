import type { ReadModel } from '../kernel/read-model.ts'
import { isoTime } from '../podcast/times.ts'
import type { SubscriptionState } from './decider.ts'

const time = (ms: number | null) => (ms === null ? null : isoTime(ms))

export const subscriptions: ReadModel<SubscriptionState> = {
  name: 'subscriptions',
  kind: 'subscription',
  key: 'podcast_id',
  keyType: 'uuid',
  columns: [
    { name: 'source_id', type: 'text' },
    { name: 'active', type: 'boolean' },
    { name: 'subscribed_at', type: 'timestamptz(3)' },
    { name: 'unsubscribed_at', type: 'timestamptz(3)' },
    { name: 'inserted_at', type: 'timestamptz(3)' },
    { name: 'updated_at', type: 'timestamptz(3)' },
    { name: 'number', type: 'bigint' },
    { name: 'stamp', type: 'bigint' },
    { name: 'echo', type: 'text' },
  ],
  tombstone: 'not active',
  row: (_podcast, state) =>
    state.active && {
      source_id: state.label?.sourceId ?? null,
      active: state.active.value,
      subscribed_at: time(state.subscribedAt),
      unsubscribed_at: time(state.unsubscribedAt),
      inserted_at: isoTime(state.insertedAt),
      updated_at: isoTime(Math.max(state.subscribedAt ?? 0, state.unsubscribedAt ?? 0)),
      number: state.number,
      stamp: state.stamp,
      echo: state.echo,
    },
}
