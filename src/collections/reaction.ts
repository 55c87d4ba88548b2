import type { Reaction } from '../journal/unit.ts'
import type { Author } from '../kernel/decider.ts'
import { defaultCollectionOf } from '../podcast/fixed-ids.ts'
import { everything } from '../podcast/seen.ts'
import { collection } from './decider.ts'

/** Nobody's device: so that every device hears of it, the one that subscribed included. */
const server: Author = { app: 'balados', device: null }

/** A new subscription lands in the default collection; one that ends leaves every collection. */
export const followSubscriptions: Reaction = async (unit, events) => {
  // The last word per podcast counts; one request may hold many.
  const last = new Map<string, boolean>()
  for (const { fact, stream } of events) {
    if (fact.type !== 'FeedSubscribed' && fact.type !== 'FeedUnsubscribed') continue
    last.set(stream.slice(stream.indexOf('/') + 1), fact.type === 'FeedSubscribed')
  }
  if (last.size === 0) return
  const add = [...last].filter(([, active]) => active).map(([podcast]) => podcast)
  const remove = [...last].filter(([, active]) => !active).map(([podcast]) => podcast)
  const home = defaultCollectionOf(unit.origin.user)
  const ids = [...new Set([...(await unit.streamsOf(collection.kind)), home])]
  await unit.load(collection, ids)
  // A deleted collection still holds its items, but shows them nowhere.
  const shown = ids.filter((id) => unit.state(collection, id).alive?.value !== false)
  const placed = new Set(shown.flatMap((id) => Object.keys(unit.state(collection, id).items)))
  for (const id of shown) {
    const known = unit.state(collection, id)
    const isDefault = id === home
    // A podcast the listener has already put somewhere (a re-subscription, or a sync that did both) stays there.
    const items = {
      add: isDefault ? add.filter((podcast) => !placed.has(podcast)) : [],
      remove: remove.filter((p) => known.items[p]),
    }
    if (items.add.length === 0 && items.remove.length === 0) continue
    const at = unit.origin.now
    unit.decide(
      collection,
      id,
      { isDefault, fields: {}, items, tidies: true, at, sentAt: at, seen: everything, known },
      { author: server },
    )
  }
}
