import { z } from 'zod'
import { isRefusal } from '../../kernel/refusal.ts'
import { feedName, itemName } from '../../podcast/names.ts'
import { knownState } from '../../podcast/seen.ts'
import { instant } from '../../podcast/times.ts'
import { mergeSave, type SaveEdit, save, saves } from '../../sharing/index.ts'
import { type Lane, outcomeOf, sameTime } from '../lane.ts'

const entry = z.object({
  rss_source_feed: feedName,
  rss_source_item: itemName,
  saved: z.boolean(),
  updated_at: instant,
})
type Entry = z.output<typeof entry>

export const saveLane: Lane<Entry> = {
  name: 'saves',
  entry,
  decider: save,
  readModel: saves,
  feeds: (e) => [e.rss_source_feed],
  items: (e) => [{ feed: e.rss_source_feed, item: e.rss_source_item }],
  streamId: (e, ids) => ids.episode({ feed: e.rss_source_feed, item: e.rss_source_item }),
  time: (e) => e.updated_at,
  apply: (unit, id, said, ids, seen) =>
    said.map(({ entry: e, edit: name, at, sentAt }) => {
      const known = knownState(save, unit.events(save, id), seen)?.saved ?? null
      const edit: SaveEdit = { podcast: ids.podcast(e.rss_source_feed), saved: e.saved, at, sentAt, seen, known }
      const verdict = mergeSave(unit.state(save, id), edit)
      const decided = unit.decide(save, id, edit, { edit: name })
      return isRefusal(decided) ? decided : outcomeOf(verdict, decided.length > 0)
    }),
  stands: (row, e) => row.saved === e.saved && sameTime(row.updated_at, e.updated_at),
  told: (row) => ({ saved: row.saved, updated_at: row.updated_at }),
}
