import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'

/** What listeners do that counts for a podcast, and that others may learn of. */
export const contributionKinds = ['subscribe', 'play', 'save', 'share'] as const
export type ContributionKind = (typeof contributionKinds)[number]

/** What one contribution is worth. */
export const points: Readonly<Record<ContributionKind, number>> = { subscribe: 10, play: 5, save: 3, share: 2 }

/**
 * What others learn of one contribution: whether it counts, and how the timeline tells of it: by its listener's name,
 * as one of a group, or not at all.
 */
export interface Standing {
  readonly counted: boolean
  readonly shown: 'name' | 'group' | 'not'
}

/** The one thing of a kind that a person did to an episode or a podcast, however often they did it. */
export interface Contribution {
  readonly user: UserId
  readonly kind: ContributionKind
  readonly podcast: PodcastId
  readonly episode: EpisodeId | null
  /** When it was first done, in milliseconds. */
  readonly at: number
  /** The id of the event that made it one. */
  readonly event: string
  readonly comment: string | null
}

/** That others learn more, less or something else of a contribution than before. */
export interface ContributionChange extends Contribution {
  readonly before: Standing
  readonly after: Standing
}
