import { z } from 'zod'
import { isRefusal } from '../../kernel/refusal.ts'
import { feedName, itemName } from '../../podcast/names.ts'
import { knownState } from '../../podcast/seen.ts'
import { instant } from '../../podcast/times.ts'
import { mergePrivacy, type PrivacyEdit, privacy, privacyLevel, privacySettings, scopeOf } from '../../privacy/index.ts'
import { type Ids, type Lane, outcomeOf, sameTime } from '../lane.ts'

const entry = z
  .object({ feed: feedName.nullish(), item: itemName.nullish(), privacy: privacyLevel, updated_at: instant })
  .refine((e) => !e.item || e.feed, { message: 'an item needs its feed', path: ['feed'] })
type Entry = z.output<typeof entry>

const scope = (e: Entry, ids: Ids) => ({
  podcast: e.feed ? ids.podcast(e.feed) : null,
  episode: e.feed && e.item ? ids.episode({ feed: e.feed, item: e.item }) : null,
})

export const privacyLane: Lane<Entry> = {
  name: 'privacy',
  entry,
  decider: privacy,
  readModel: privacySettings,
  feeds: (e) => (e.feed ? [e.feed] : []),
  items: (e) => (e.feed && e.item ? [{ feed: e.feed, item: e.item }] : []),
  streamId: (e, ids) => {
    const { podcast, episode } = scope(e, ids)
    return scopeOf(podcast, episode)
  },
  time: (e) => e.updated_at,
  apply: (unit, id, said, ids, seen) =>
    said.map(({ entry: e, edit: name, at, sentAt }) => {
      const known = knownState(privacy, unit.events(privacy, id), seen)?.level ?? null
      const edit: PrivacyEdit = { level: e.privacy, ...scope(e, ids), at, sentAt, seen, known }
      const verdict = mergePrivacy(unit.state(privacy, id), edit)
      const decided = unit.decide(privacy, id, edit, { edit: name })
      return isRefusal(decided) ? decided : outcomeOf(verdict, decided.length > 0)
    }),
  stands: (row, e) => row.level === e.privacy && sameTime(row.updated_at, e.updated_at),
  told: (row) => ({ privacy: row.level, updated_at: row.updated_at }),
}
