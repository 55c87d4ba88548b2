import fc from 'fast-check'
import { type SubscriptionEdit, type SubscriptionState, subscription } from '../../src/subscriptions/decider.ts'
import type { SubscriptionEvent } from '../../src/subscriptions/events.ts'
import { subscriptions } from '../../src/subscriptions/projection.ts'
import type { Speech } from '../kernel/laws.ts'
import { noon, type Order } from '../kernel/stream.ts'

/** What a device says of a subscription; `at` is milliseconds after noon. */
export interface Said {
  readonly active: boolean
  readonly sourceId?: string | null
  readonly at: number
}

export const says =
  ({ active, sourceId = null, at }: Said): Order<SubscriptionState, SubscriptionEdit> =>
  ({ known, seen }) => ({ active, sourceId, at: noon + at, sentAt: noon + at, seen, known: known.active })

export const speech: Speech<SubscriptionState, SubscriptionEdit, SubscriptionEvent, Said> = {
  decider: subscription,
  readModel: subscriptions,
  said: (earliest) =>
    fc.record({
      active: fc.boolean(),
      sourceId: fc.constantFrom(null, 'a', 'b'),
      at: fc.integer({ min: earliest, max: earliest + 8 }),
    }),
  says,
}
