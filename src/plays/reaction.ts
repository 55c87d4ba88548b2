import { mergesIn } from '../feeds/events.ts'
import type { Reaction } from '../journal/unit.ts'
import { balados } from '../kernel/decider.ts'
import { play } from './decider.ts'
import { hasMerelyBegun } from './merge.ts'

/** Two episodes that turn out to be one leave one play: by time, and a finished one stays finished. */
export const mergePlays: Reaction = async (unit, events) => {
  for (const { podcast, episodes } of mergesIn(events)) {
    await unit.load(play, episodes.flat())
    for (const [from, into] of episodes) {
      const state = unit.state(play, from)
      if (!state) continue
      const { position, played, duration, at } = state
      const said = { podcast, position, played, duration, started: null, reset: false, at }
      const edit = { ...said, sentAt: Number.NEGATIVE_INFINITY, seen: { what: 'unknown' } } as const
      // One that merely began tells nothing of where the other is.
      if (!unit.state(play, into) || !hasMerelyBegun(state, state.saidBy))
        unit.decide(play, into, edit, { author: balados })
      unit.retire(play, from, { podcast, into })
    }
  }
}
