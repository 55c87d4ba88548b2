import { z } from 'zod'
import { words } from '../../http/schemas.ts'
import { isRefusal } from '../../kernel/refusal.ts'
import { feedName } from '../../podcast/names.ts'
import { knownState } from '../../podcast/seen.ts'
import { instant } from '../../podcast/times.ts'
import { mergeSubscription, type SubscriptionEdit, subscription, subscriptions } from '../../subscriptions/index.ts'
import { type Lane, outcomeOf, sameTime } from '../lane.ts'

const entry = z
  .object({
    rss_source_feed: feedName,
    rss_source_id: words(255).nullish(),
    subscribed_at: instant.nullish(),
    unsubscribed_at: instant.nullish(),
  })
  .refine((e) => typeof e.subscribed_at === 'number' || typeof e.unsubscribed_at === 'number', {
    message: 'needs subscribed_at or unsubscribed_at',
    path: ['subscribed_at'],
  })
type Entry = z.output<typeof entry>

/** On a tie, subscribed. */
const isActive = (e: Entry): boolean => (e.subscribed_at ?? -1) >= (e.unsubscribed_at ?? -1)

export const subscriptionLane: Lane<Entry> = {
  name: 'subscriptions',
  entry,
  decider: subscription,
  readModel: subscriptions,
  feeds: (e) => [e.rss_source_feed],
  items: () => [],
  streamId: (e, ids) => ids.podcast(e.rss_source_feed),
  time: (e) => Math.max(e.subscribed_at ?? 0, e.unsubscribed_at ?? 0),
  apply: (unit, id, said, _ids, seen) =>
    said.map(({ entry: e, edit: name, at, sentAt }) => {
      const known = knownState(subscription, unit.events(subscription, id), seen).active
      const edit: SubscriptionEdit = { active: isActive(e), sourceId: e.rss_source_id ?? null, at, sentAt, seen, known }
      const verdict = mergeSubscription(unit.state(subscription, id), edit)
      const decided = unit.decide(subscription, id, edit, { edit: name })
      return isRefusal(decided) ? decided : outcomeOf(verdict, decided.length > 0)
    }),
  stands: (row, e) =>
    row.active === isActive(e) &&
    sameTime(isActive(e) ? row.subscribed_at : row.unsubscribed_at, isActive(e) ? e.subscribed_at : e.unsubscribed_at),
  told: (row) => ({ subscribed_at: row.subscribed_at, unsubscribed_at: row.unsubscribed_at }),
}
