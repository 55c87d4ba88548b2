import type { Fact, Upcasts } from '../kernel/decider.ts'

/** The app's own label, and when it was given: the newest stands. */
export interface Label {
  readonly sourceId: string
  readonly at: number
}

/** Times are edit times in milliseconds; `asSent` tells that the device's own words stand. */
export type SubscriptionEvent =
  | Fact<'FeedSubscribed', { readonly at: number; readonly label: Label | null; readonly asSent: boolean }>
  | Fact<'FeedUnsubscribed', { readonly at: number; readonly asSent: boolean }>
  /** Said again at a later time: nothing turns, but an older edit of another device loses to it. */
  | Fact<
      'SubscriptionConfirmed',
      { readonly active: boolean; readonly at: number; readonly label: Label | null; readonly asSent: boolean }
    >
  /** A concurrent edit came after the newer one that it loses to: only the time of what it said is kept. */
  | Fact<'SubscriptionOverruled', { readonly active: boolean; readonly at: number }>
  | Fact<'FeedLabelled', Label>

export const subscriptionUpcasts: Upcasts = {}
