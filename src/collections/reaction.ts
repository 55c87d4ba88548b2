import { mergesIn } from '../feeds/events.ts'
import type { Reaction } from '../journal/unit.ts'
import { balados } from '../kernel/decider.ts'
import { inOrder } from '../podcast/arrangement.ts'
import { defaultCollectionOf } from '../podcast/fixed-ids.ts'
import { everything } from '../podcast/seen.ts'
import { collection } from './decider.ts'

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
      { author: balados },
    )
  }
}

/** A podcast that turns out to be another stands in every collection under its one name. */
export const mergeFeeds: Reaction = async (unit, events) => {
  const merges = mergesIn(events).filter((merge) => merge.from !== null)
  if (merges.length === 0) return
  const ids = await unit.streamsOf(collection.kind)
  await unit.load(collection, ids)
  for (const { podcast, from } of merges) {
    for (const id of ids) {
      const known = unit.state(collection, id)
      if (from === null || !known.items[from]) continue
      const items = [...new Set(inOrder(known.items).map((each) => (each === from ? podcast : each)))]
      const at = unit.origin.now
      const edit = { isDefault: known.isDefault, fields: {}, items, at, sentAt: at, known }
      unit.decide(collection, id, { ...edit, tidies: true, seen: everything }, { author: balados })
    }
  }
}
