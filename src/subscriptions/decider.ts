import { authorKey, type Decider } from '../kernel/decider.ts'
import { mergeRegister, prefersTrue, type Register, type Verdict } from '../podcast/register.ts'
import type { EditTime, Seen } from '../podcast/seen.ts'
import type { Label, SubscriptionEvent } from './events.ts'

/** One listener's subscription to one podcast. */
export interface SubscriptionState {
  readonly active: Register<boolean> | null
  readonly label: Label | null
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
  // To leave what one sees one does not follow is no edit. Who did not see may meet one who follows: the newer counts.
  if (!state.active && !edit.active && edit.seen.what === 'all')
    return { taken: false, at: edit.at, concurrent: false, reason: 'same' }
  return mergeRegister(state.active, edit.known, { value: edit.active, at: edit.at, seen: edit.seen }, prefersTrue)
}

/** The label an edit gives, where it is newer than the one there is; on a tie any fixed order will do. */
function newLabel({ label }: SubscriptionState, { active, sourceId, at, seen }: SubscriptionEdit): Label | null {
  if (!active || sourceId === null || (seen.what === 'all' && sourceId === label?.sourceId)) return null
  const newer = !label || at > label.at || (at === label.at && sourceId > label.sourceId)
  return newer ? { sourceId, at } : null
}

/** When it was last said that the podcast is not what it is: followed where it is not, left where it is followed. */
const otherTime = ({ active, subscribedAt, unsubscribedAt }: SubscriptionState): number | null =>
  active?.value ? unsubscribedAt : subscribedAt

/** Both times as shown, given the register and the other side's time: what holds is always the later one. */
function shownTimes({ value, at }: Register<boolean>, other: number | null) {
  const holds = Math.max(at, (other ?? 0) + 1)
  return value ? { subscribedAt: holds, unsubscribedAt: other } : { subscribedAt: other, unsubscribedAt: holds }
}

/** The register and the times after it was said that a podcast is followed or not. */
function turned(state: SubscriptionState, active: Register<boolean>) {
  const turns = state.active !== null && state.active.value !== active.value
  return { active, ...shownTimes(active, turns ? state.active.at : otherTime(state)) }
}

export const subscription: Decider<SubscriptionState, SubscriptionEdit, SubscriptionEvent> = {
  kind: 'subscription',
  initial: {
    active: null,
    label: null,
    subscribedAt: null,
    unsubscribedAt: null,
    insertedAt: 0,
    number: 0,
    stamp: 0,
    echo: null,
  },
  newestIsWhole: false,

  decide(state, edit) {
    const { taken, concurrent, at } = mergeSubscription(state, edit)
    const { active } = edit
    const label = newLabel(state, edit)
    if (!taken) {
      const overruled: SubscriptionEvent[] =
        concurrent && at > (otherTime(state) ?? 0) ? [{ type: 'SubscriptionOverruled', data: { active, at } }] : []
      return label ? [...overruled, { type: 'FeedLabelled', data: label }] : overruled
    }
    const after = turned(state, { value: active, at, number: 0, author: null })
    const asSent = (active ? after.subscribedAt : after.unsubscribedAt) === edit.sentAt
    if (state.active?.value === active) return [{ type: 'SubscriptionConfirmed', data: { active, at, label, asSent } }]
    return active
      ? [{ type: 'FeedSubscribed', data: { at, label, asSent } }]
      : [{ type: 'FeedUnsubscribed', data: { at, asSent } }]
  },

  evolve(state, { fact, number, stamp, author, recordedAt }) {
    const written = { number, author: authorKey(author) }
    const next = { ...state, number, stamp, insertedAt: state.insertedAt || recordedAt }
    switch (fact.type) {
      case 'FeedSubscribed':
      case 'SubscriptionConfirmed': {
        const { at, label, asSent } = fact.data
        const value = fact.type === 'FeedSubscribed' || fact.data.active
        return {
          ...next,
          ...turned(state, { value, at, ...written }),
          label: label ?? state.label,
          echo: asSent ? written.author : null,
        }
      }
      case 'FeedUnsubscribed': {
        const { at, asSent } = fact.data
        return { ...next, ...turned(state, { value: false, at, ...written }), echo: asSent ? written.author : null }
      }
      case 'SubscriptionOverruled': {
        const { active, at } = fact.data
        const overrules = state.active && state.active.value !== active
        return { ...next, ...(overrules && shownTimes(state.active, at)), echo: null }
      }
      case 'FeedLabelled':
        return { ...next, label: fact.data, echo: null }
      default:
        return fact satisfies never
    }
  },
}
