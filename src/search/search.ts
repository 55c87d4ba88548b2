import type { Queryable } from '../database/store.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
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
  readonly cache: Queryable
  readonly projections: Queryable
  readonly system: Queryable
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

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
 * @returns null where the words only say what not to find
 */
export async function search(
  { cache, projections, system, clock }: SearchParts,
  typed: string,
  asker: { readonly user: UserId; readonly db: Queryable } | null,
  what: 'podcasts' | 'everything' = 'everything',
): Promise<Found | null> {
  const query = await compileWanted(cache, readWanted(typed))
  if (query === null) return null
  const podcasts = await matchingPodcasts(cache, query)
  const episodes = what === 'podcasts' ? [] : await matchingEpisodes(cache, query, clock())
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
