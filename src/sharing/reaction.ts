import { mergesIn } from '../feeds/events.ts'
import type { Reaction } from '../journal/unit.ts'
import { balados } from '../kernel/decider.ts'
import { save, share } from './decider.ts'

/** Of two episodes that turn out to be one, what was kept and recommended of either is of the one. */
export const mergeSavesAndShares: Reaction = async (unit, events) => {
  for (const { podcast, episodes } of mergesIn(events)) {
    await unit.load(save, episodes.flat())
    await unit.load(share, episodes.flat())
    for (const [from, into] of episodes) {
      const saved = unit.state(save, from)?.saved
      if (saved) {
        const said = { podcast, saved: saved.value, at: saved.at, known: null }
        const edit = { ...said, sentAt: Number.NEGATIVE_INFINITY, seen: { what: 'unknown' } } as const
        unit.decide(save, into, edit, { author: balados })
      }
      unit.retire(save, from, { podcast, into })

      const shared = unit.state(share, from)
      if (shared?.shared && !unit.state(share, into)?.shared)
        unit.decide(share, into, { podcast, shared: true, comment: shared.comment, at: shared.at }, { author: balados })
      unit.retire(share, from, { podcast, into })
    }
  }
}
