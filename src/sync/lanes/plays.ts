import { z } from 'zod'
import { isRefusal } from '../../kernel/refusal.ts'
import { mergePlay, play, plays, type RecordPlay } from '../../plays/index.ts'
import { feedName, itemName } from '../../podcast/names.ts'
import { everything } from '../../podcast/seen.ts'
import { instant, seconds } from '../../podcast/times.ts'
import { type Lane, type Outcome, outcomeOf, type Said, sameTime } from '../lane.ts'

const entry = z.object({
  rss_source_feed: feedName,
  rss_source_item: itemName,
  position: seconds,
  played: z.boolean(),
  updated_at: instant,
  duration: seconds.nullish(),
  reset: z.boolean().optional(),
})
type Entry = z.output<typeof entry>

export const playLane: Lane<Entry> = {
  name: 'plays',
  entry,
  decider: play,
  readModel: plays,
  feeds: (e) => [e.rss_source_feed],
  items: (e) => [{ feed: e.rss_source_feed, item: e.rss_source_item }],
  streamId: (e, ids) => ids.episode({ feed: e.rss_source_feed, item: e.rss_source_item }),
  time: (e) => e.updated_at,

  // A device's own edits of one episode stand or fall together by the last of them, so that an intermediate position
  // never wins over another device's where the final one would not; those that stand are all kept, as history.
  apply(unit, id, said, ids, seen) {
    const editOf = ({ entry: e, at, sentAt }: Said<Entry>): RecordPlay => ({
      podcast: ids.podcast(e.rss_source_feed),
      position: e.position,
      played: e.played,
      duration: e.duration ?? null,
      started: null,
      reset: e.reset ?? false,
      at,
      sentAt,
      seen,
    })
    const last = said.at(-1)
    if (!last) return []
    const verdict = mergePlay(unit.state(play, id), { ...editOf(last), reset: said.some((s) => s.entry.reset) })
    const earlier = said.slice(0, -1)
    const stands =
      verdict.taken && verdict.value.position === last.entry.position && verdict.value.played === last.entry.played
    const outcomes = earlier.map((s): Outcome => {
      if (!stands) return { changed: false, conflict: null }
      const decided = unit.decide(play, id, { ...editOf(s), seen: everything }, { edit: s.edit })
      return { changed: !isRefusal(decided) && decided.length > 0, conflict: null }
    })
    const final = earlier.length > 0 && stands ? { ...editOf(last), seen: everything } : editOf(last)
    const decided = unit.decide(play, id, final, { edit: last.edit })
    outcomes.push(outcomeOf(stands ? verdict : { ...verdict, taken: false }, !isRefusal(decided) && decided.length > 0))
    return outcomes
  },
  stands: (row, e) =>
    row.position === e.position &&
    row.played === e.played &&
    sameTime(row.updated_at, e.updated_at) &&
    (e.duration === undefined || e.duration === null || row.duration === e.duration),
  told: (row) => ({ position: row.position, played: row.played, updated_at: row.updated_at }),
}
