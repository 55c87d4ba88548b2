import { mergesIn } from '../feeds/events.ts'
import type { Reaction, Unit } from '../journal/unit.ts'
import { balados } from '../kernel/decider.ts'
import { everything } from '../podcast/seen.ts'
import { morePrivate, privacy, scopeOf } from './decider.ts'

/** Of two things that turn out to be one the more private choice stands: nobody is shown by a merge. */
export const mergePrivacies: Reaction = async (unit, events) => {
  for (const { podcast, from, episodes } of mergesIn(events)) {
    await unit.load(
      privacy,
      episodes.flat().map((episode) => scopeOf(podcast, episode)),
    )
    for (const [old, into] of episodes) mergeScopes(unit, scopeOf(podcast, old), scopeOf(podcast, into), podcast, into)
    if (from === null) continue
    await unit.load(privacy, [scopeOf(from, null), scopeOf(podcast, null)])
    mergeScopes(unit, scopeOf(from, null), scopeOf(podcast, null), podcast, null)
  }
}

function mergeScopes(unit: Unit, old: string, into: string, podcast: string, episode: string | null): void {
  const from = unit.state(privacy, old)?.level
  if (!from) return
  const known = unit.state(privacy, into)?.level ?? null
  if (!known || morePrivate(from.value, known.value)) {
    const said = { level: from.value, podcast, episode, at: from.at, known }
    const edit = { ...said, sentAt: Number.NEGATIVE_INFINITY, seen: everything }
    unit.decide(privacy, into, edit, { author: balados })
  }
  unit.retire(privacy, old, { podcast, into })
}
