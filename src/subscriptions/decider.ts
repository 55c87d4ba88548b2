import { authorKey, type Decider } from '../kernel/decider.ts'
import { mergeRegister, prefersTrue, type Register, type Verdict } from '../podcast/register.ts'
import type { EditTime, Seen } from '../podcast/seen.ts'
import type { SubscriptionEvent } from './events.ts'

/** One listener's subscription to one podcast. */
export interface SubscriptionState {
  readonly active: Register<boolean> | null
  readonly sourceId: string | null
  /** As shown: the later of the two always tells the state. */
  readonly subscribedAt: number | null
  readonly unsubscribedAt: number | null
  readonly insertedAt: number
  readonly number: number
  readonly stamp: number
  readonly echo: string | null
}

/** An order to subscribe or to unsubscribe. */
export interface SubscriptionEdit extends EditTime {
  readonly active: boolean
  readonly sourceId: string | null
  readonly seen: Seen
  /** The register as the device knew it. */
  readonly known: Register<boolean> | null
}

export function mergeSubscription(state: SubscriptionState, edit: SubscriptionEdit): Verdict {
  // To leave what one never followed is no edit, and leaves no tombstone.
  if (!state.active && !edit.active) return { taken: false, at: edit.at, concurrent: false, reason: 'same' }
  return mergeRegister(state.active, edit.known, { value: edit.active, at: edit.at, seen: edit.seen }, prefersTrue)
}

export const subscription: Decider<SubscriptionState, SubscriptionEdit, SubscriptionEvent> = {
  kind: 'subscription',
  initial: {
    active: null,
    sourceId: null,
    subscribedAt: null,
    unsubscribedAt: null,
    insertedAt: 0,
    number: 0,
    stamp: 0,
    echo: null,
  },
  newestIsWhole: false,

  decide(state, edit) {
    const verdict = mergeSubscription(state, edit)
    if (!verdict.taken) {
      const relabels = edit.active && state.active?.value && edit.sourceId !== null && edit.sourceId !== state.sourceId
      return relabels ? [{ type: 'FeedLabelled', data: { sourceId: edit.sourceId } }] : []
    }
    const { at } = verdict
    const shown = edit.active
      ? Math.max(at, (state.unsubscribedAt ?? 0) + 1)
      : Math.max(at, (state.subscribedAt ?? 0) + 1)
    const asSent = shown === edit.sentAt
    if (state.active?.value === edit.active) return [{ type: 'SubscriptionConfirmed', data: { at, asSent } }]
    return edit.active
      ? [{ type: 'FeedSubscribed', data: { at, sourceId: edit.sourceId, asSent } }]
      : [{ type: 'FeedUnsubscribed', data: { at, asSent } }]
  },

  evolve(state, { fact, number, stamp, author, recordedAt }) {
    const written = { number, author: authorKey(author) }
    const next = { ...state, number, stamp, insertedAt: state.insertedAt || recordedAt }
    switch (fact.type) {
      case 'FeedSubscribed':
        return {
          ...next,
          active: { value: true, at: fact.data.at, ...written },
          sourceId: fact.data.sourceId ?? state.sourceId,
          subscribedAt: Math.max(fact.data.at, (state.unsubscribedAt ?? 0) + 1),
          echo: fact.data.asSent ? written.author : null,
        }
      case 'FeedUnsubscribed':
        return {
          ...next,
          active: { value: false, at: fact.data.at, ...written },
          unsubscribedAt: Math.max(fact.data.at, (state.subscribedAt ?? 0) + 1),
          echo: fact.data.asSent ? written.author : null,
        }
      case 'SubscriptionConfirmed': {
        const active = state.active?.value ?? false
        const { at, asSent } = fact.data
        return {
          ...next,
          active: { value: active, at, ...written },
          subscribedAt: active ? Math.max(at, (state.unsubscribedAt ?? 0) + 1) : state.subscribedAt,
          unsubscribedAt: active ? state.unsubscribedAt : Math.max(at, (state.subscribedAt ?? 0) + 1),
          echo: asSent ? written.author : null,
        }
      }
      case 'FeedLabelled':
        return { ...next, sourceId: fact.data.sourceId, echo: null }
      default:
        return fact satisfies never
    }
  },
}
