import { mergesIn } from '../feeds/events.ts'
import type { Reaction } from '../journal/unit.ts'
import { download, downloadActions } from './decider.ts'

/** What was done with either of two episodes that turn out to be one was done with the one, by whom it was done. */
export const mergeDownloads: Reaction = async (unit, events) => {
  for (const { podcast, episodes } of mergesIn(events)) {
    await unit.load(download, episodes.flat())
    for (const [from, into] of episodes) {
      const done = unit.state(download, from)?.done ?? {}
      for (const action of downloadActions) {
        const { at, app, device } = done[action] ?? {}
        if (at === undefined || app === undefined) continue
        unit.decide(download, into, { podcast, action, at }, { author: { app, device: device ?? null } })
      }
      unit.retire(download, from, { podcast, into })
    }
  }
}
