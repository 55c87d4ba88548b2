import type pg from 'pg'
import type { Stores } from '../database/store.ts'
import type { Followed } from '../journal/followers.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import {
  type ContributionKey,
  contributionsInScope,
  contributionsOfPodcast,
  type KeptContribution,
  readContributions,
  recordDeeds,
  removeContributions,
  targetOf,
  writeStandings,
} from './contributions.ts'
import type { ContributionChange, Standing } from './events.ts'
import { gather } from './gather.ts'
import { mergeContributions } from './merges.ts'
import { forgetChoices, keepSecrecy, secrecyInCatalog, standingsOf, writeChoices } from './privacy.ts'
import { applyToScores } from './scores.ts'
import type { Place } from './tables.ts'
import { followPlays, forgetTraces } from './traces.ts'

/** What else follows from others learning more or less: the timeline. Runs in the transaction of the cause. */
export type TellOthers = (client: pg.PoolClient, place: Place, changes: readonly ContributionChange[]) => Promise<void>

export interface PublicParts {
  readonly stores: Stores
  readonly tellOthers: TellOthers
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

const nothing: Standing = { counted: false, shown: 'not' }

const keyOf = ({ user, kind, target }: ContributionKey) => `${user} ${kind} ${target}`
const keyOfKept = (c: KeptContribution) => keyOf({ user: c.user, kind: c.kind, target: targetOf(c) })

/** What the public read models do with what happens, in one place or beside it; each call within a transaction. */
export function publicWork({ stores, tellOthers, clock }: PublicParts, place: Place) {
  const system = stores.system.pool

  async function tell(client: pg.PoolClient, changes: readonly ContributionChange[]): Promise<boolean> {
    if (changes.length === 0) return false
    await applyToScores(client, place, changes, clock())
    await tellOthers(client, place, changes)
    return true
  }

  /** Decides anew what others learn of these; `said` are those whose words may have changed. */
  async function decideAnew(
    client: pg.PoolClient,
    contributions: readonly KeptContribution[],
    said: ReadonlySet<string> = new Set(),
  ): Promise<boolean> {
    if (contributions.length === 0) return false
    const standings = await standingsOf(client, place, system, contributions)
    const changes = contributions.flatMap((contribution, i): ContributionChange[] => {
      const { standing: before, active: _, ...of } = contribution
      const after = standings[i] ?? nothing
      const same = before.counted === after.counted && before.shown === after.shown
      return same && !(after.shown === 'name' && said.has(keyOfKept(contribution))) ? [] : [{ ...of, before, after }]
    })
    await writeStandings(client, place, changes)
    return tell(client, changes)
  }

  /** Lets others forget what is not there any more. */
  async function tellGone(client: pg.PoolClient, gone: readonly KeptContribution[]): Promise<boolean> {
    const known = gone.filter((c) => c.standing.counted || c.standing.shown !== 'not')
    const changes = known.map(({ standing: before, active: _, ...of }) => ({ ...of, before, after: nothing }))
    return tell(client, changes)
  }

  /** Takes in what happened; answers whether others learn anything else than before. */
  async function apply(events: readonly Followed[], client: pg.PoolClient): Promise<boolean> {
    const { deeds, plays, choices, merges } = gather(events)
    const heard = plays.length > 0 ? await followPlays(client, place, plays) : []
    await recordDeeds(client, place, [...deeds, ...heard])
    const merged = await mergeContributions(client, place, merges)
    await recordDeeds(client, place, merged.done)
    const takenBack = await tellGone(client, merged.gone)
    const done = [...deeds, ...heard, ...merged.done]
    if (choices.length > 0) await writeChoices(client, place, choices)
    const touched = new Map<string, KeptContribution>()
    const read = done.length > 0 ? await readContributions(client, place, done) : []
    const inScope = choices.length > 0 ? await contributionsInScope(client, place, choices) : []
    for (const contribution of [...read, ...inScope]) touched.set(keyOfKept(contribution), contribution)
    const said = new Set(done.filter((deed) => deed.kind === 'share').map(keyOf))
    const differs = await decideAnew(client, [...touched.values()], said)
    // Who no longer follows a podcast counts on, but says no more what its listeners follow too.
    return differs || takenBack || done.some((deed) => deed.kind === 'subscribe')
  }

  /** Asks the catalog what bears on a podcast's privacy, and decides anew what others learn of it. */
  async function lookAgainAt(podcast: PodcastId, client: pg.PoolClient): Promise<boolean> {
    await keepSecrecy(client, place, await secrecyInCatalog(system, [podcast]))
    return decideAnew(client, await contributionsOfPodcast(client, place, podcast))
  }

  /** Forgets all that is known of a listener, as if nothing of it had happened. */
  async function forget(user: UserId, client: pg.PoolClient): Promise<boolean> {
    const all = await contributionsInScope(client, place, [{ user, podcast: null, episode: null }])
    await removeContributions(client, place, all)
    await forgetTraces(client, place, user)
    await forgetChoices(client, place, user)
    return tellGone(client, all)
  }

  return { apply, lookAgainAt, forget }
}
