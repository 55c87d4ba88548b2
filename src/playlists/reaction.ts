import { mergesIn } from '../feeds/events.ts'
import type { Reaction } from '../journal/unit.ts'
import { balados } from '../kernel/decider.ts'
import { inOrder } from '../podcast/arrangement.ts'
import { everything } from '../podcast/seen.ts'
import { itemKey, itemOf, playlist } from './decider.ts'

/** Episodes that turn out to be others stand in every list under their one name, each once and where the first stood. */
export const mergeItems: Reaction = async (unit, events) => {
  const merges = mergesIn(events)
  if (merges.length === 0) return
  const ids = await unit.streamsOf(playlist.kind)
  await unit.load(playlist, ids)
  for (const { podcast, from, episodes } of merges) {
    const turned = new Map(episodes)
    const nameNow = (key: string): string => {
      const item = itemOf(key)
      const ours = item.podcast === podcast || item.podcast === from
      return ours ? itemKey(podcast, turned.get(item.episode) ?? item.episode) : key
    }
    for (const id of ids) {
      const known = unit.state(playlist, id)
      const items = inOrder(known.items)
      if (items.every((key) => nameNow(key) === key)) continue
      const at = unit.origin.now
      const edit = { kind: known.kind, fields: {}, items: [...new Set(items.map(nameNow))], at, sentAt: at, known }
      unit.decide(playlist, id, { ...edit, tidies: true, seen: everything }, { author: balados })
    }
  }
}
