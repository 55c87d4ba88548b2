import type { Fact, Upcasts } from '../kernel/decider.ts'

/** Times are edit times in milliseconds; `asSent` tells that the device's own words stand. */
export type SubscriptionEvent =
  | Fact<'FeedSubscribed', { readonly at: number; readonly sourceId: string | null; readonly asSent: boolean }>
  | Fact<'FeedUnsubscribed', { readonly at: number; readonly asSent: boolean }>
  /** Said again at a later time: nothing turns, but an older edit of another device loses to it. */
  | Fact<'SubscriptionConfirmed', { readonly at: number; readonly asSent: boolean }>
  | Fact<'FeedLabelled', { readonly sourceId: string }>

export const subscriptionUpcasts: Upcasts = {}
