import type pg from 'pg'
import { type Queryable, transaction } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import { isRefusal, type Refusal, refuseValue } from '../kernel/refusal.ts'
import {
  compileWanted,
  type EpisodeMatch,
  matchingEpisodes,
  matchingPodcasts,
  ownPodcasts,
  type PodcastMatch,
  publicPodcasts,
} from './queries.ts'
import { readWanted } from './words.ts'

/** Where the words are, who lets others know of what, and what the catalog holds private. */
export interface SearchParts {
  readonly cache: pg.Pool
  readonly projections: Queryable
  readonly system: Queryable
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** Milliseconds: words that stand in everything are looked through for long, and everybody may ask for them. */
const patience = 1_500
const canceled = '57014'

/** The best first. */
export interface Found {
  readonly podcasts: readonly PodcastMatch[]
  readonly episodes: readonly EpisodeMatch[]
  readonly follows: (podcast: PodcastId) => boolean
}

/** A podcast of which a thousand times as much is made fits twice as well. */
const boosted = (fit: number, score: number): number => fit * (1 + Math.log10(1 + score / 1000) / 3)

/**
 * Looks for words in what feeds say. Who asks finds what is theirs, because they follow or have played it, and what
 * others here let anybody know of; nobody at all (`null`) finds only the latter. What is hidden is left out before
 * anything is counted, so that no page ends where it was.
 *
 * @param db the listener's read models
 * Words that only say what not to find, find nothing.
 *
 * @returns a refusal where the words fit too much to look through
 */
export async function search(
  { cache, projections, system, clock }: SearchParts,
  typed: string,
  asker: { readonly user: UserId; readonly db: Queryable } | null,
  what: 'podcasts' | 'everything' = 'everything',
): Promise<Found | Refusal> {
  const query = await compileWanted(cache, readWanted(typed))
  if (query === null) return { podcasts: [], episodes: [], follows: () => false }
  const matching = await inTime(cache, async (db) => ({
    podcasts: await matchingPodcasts(db, query),
    episodes: what === 'podcasts' ? [] : await matchingEpisodes(db, query, clock()),
  }))
  if (isRefusal(matching)) return matching
  const { podcasts, episodes } = matching
  const matched = [...new Set([...podcasts, ...episodes].map(({ podcast }) => podcast))]
  const known = await publicPodcasts({ projections, system }, matched)
  const own = asker ? await ownPodcasts(asker.db, asker.user, matched) : new Map<PodcastId, boolean>()
  const best = <Match extends PodcastMatch>(matches: readonly Match[]): Match[] =>
    matches
      .filter(({ podcast }) => known.has(podcast) || own.has(podcast))
      .map((match) => ({ ...match, fit: boosted(match.fit, known.get(match.podcast) ?? 0) }))
      .toSorted((a, b) => b.fit - a.fit)
  return {
    podcasts: best(podcasts),
    episodes: best(episodes),
    follows: (podcast) => own.get(podcast) === true,
  }
}

/** What can be found in a moment; refuses what takes longer. */
async function inTime<T>(cache: pg.Pool, work: (db: Queryable) => Promise<T>): Promise<T | Refusal> {
  try {
    return await transaction(cache, async (client) => {
      await client.query(`set local statement_timeout = ${patience}`)
      return work(client)
    })
  } catch (error) {
    if ((error as pg.DatabaseError).code !== canceled) throw error
    return refuseValue('query.q', 'stands in too much of what is known here; add a word that does not')
  }
}
