export { mergeSubscription, type SubscriptionEdit, type SubscriptionState, subscription } from './decider.ts'
export { subscriptions } from './projection.ts'
export { type SubscriptionRow, subscribedSince } from './queries.ts'
export { type MovedRow, showFormer, showSubscription, subscriptionOut } from './shown.ts'
