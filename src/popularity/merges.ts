import type pg from 'pg'
import { type ContributionKey, type KeptContribution, readContributions, removeContributions } from './contributions.ts'
import type { ContributionKind } from './events.ts'
import type { Deed, Merged } from './gather.ts'
import type { Place } from './tables.ts'
import { mergeTraces } from './traces.ts'

const kinds: Readonly<Record<string, ContributionKind>> = {
  subscription: 'subscribe',
  play: 'play',
  save: 'save',
  share: 'share',
}

const keyOf = ({ user, kind, target }: ContributionKey) => `${user} ${kind} ${target}`

/**
 * Two things that turned out to be one are one thing a person did: what was done to the one that goes is taken away, and
 * done to the other where it was not.
 */
export async function mergeContributions(
  client: pg.PoolClient,
  place: Place,
  merges: readonly Merged[],
): Promise<{ readonly gone: readonly KeptContribution[]; readonly done: readonly Deed[] }> {
  const counting = merges.flatMap((merged) => {
    const kind = kinds[merged.of]
    return kind ? [{ ...merged, kind }] : []
  })
  if (counting.length === 0) return { gone: [], done: [] }
  const plays = counting.filter(({ kind }) => kind === 'play')
  if (plays.length > 0) await mergeTraces(client, place, plays)
  const at = (end: 'from' | 'into') => counting.map((m) => ({ user: m.user, kind: m.kind, target: m[end] }))
  const gone = await readContributions(client, place, at('from'))
  if (gone.length === 0) return { gone, done: [] }
  const there = new Set((await readContributions(client, place, at('into'))).map((c) => keyOf(keyOfKept(c))))
  await removeContributions(client, place, gone)
  const turned = new Map(counting.map((m) => [keyOf({ ...m, target: m.from }), m]))
  const done = gone.flatMap((contribution): Deed[] => {
    const { user, kind, at: when, event, active, comment } = contribution
    const merged = turned.get(keyOf(keyOfKept(contribution)))
    if (!merged || there.has(keyOf({ user, kind, target: merged.into }))) return []
    there.add(keyOf({ user, kind, target: merged.into }))
    const first = { podcast: merged.podcast, at: when, event }
    return [{ user, kind, target: merged.into, first, active, comment }]
  })
  return { gone, done }
}

const keyOfKept = ({ user, kind, podcast, episode }: KeptContribution): ContributionKey => ({
  user,
  kind,
  target: episode ?? podcast,
})
