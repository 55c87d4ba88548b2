import { mergesIn } from '../feeds/events.ts'
import type { Reaction } from '../journal/unit.ts'
import { balados } from '../kernel/decider.ts'
import { subscription } from './decider.ts'

/** Two podcasts that turn out to be one leave one subscription, as it was last said of either. */
export const mergeSubscriptions: Reaction = async (unit, events) => {
  for (const { podcast, from } of mergesIn(events)) {
    if (from === null) continue
    await unit.load(subscription, [podcast, from])
    const { active, label } = unit.state(subscription, from)
    if (active) {
      const said = { active: active.value, sourceId: label?.sourceId ?? null, at: active.at, known: null }
      const edit = { ...said, sentAt: Number.NEGATIVE_INFINITY, seen: { what: 'unknown' } } as const
      unit.decide(subscription, podcast, edit, { author: balados })
    }
    unit.retire(subscription, from, { podcast, into: podcast })
  }
}
