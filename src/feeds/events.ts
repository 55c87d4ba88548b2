import type { Fact, Recorded, Upcasts } from '../kernel/decider.ts'

/** Each episode, and the one it turned out to be. */
export type EpisodePairs = readonly (readonly [from: string, into: string])[]

/** What a listener's devices must hear of a podcast's names. Times are milliseconds. */
export type FeedEvent =
  /** The feed is at another URL: whatever is known of the podcast goes by another name now. */
  | Fact<'FeedMoved', { readonly podcast: string; readonly at: number }>
  /** Another podcast turned out to be this one, and its episodes to be episodes of this one. */
  | Fact<
      'FeedsMerged',
      { readonly podcast: string; readonly from: string; readonly episodes: EpisodePairs; readonly at: number }
    >
  | Fact<'EpisodesMerged', { readonly podcast: string; readonly episodes: EpisodePairs; readonly at: number }>

export const feedUpcasts: Upcasts = {}

/** What turned out to be one: podcasts where `from` is one, episodes in any case. */
export interface Merge {
  readonly podcast: string
  readonly from: string | null
  readonly episodes: EpisodePairs
}

/** The merges among a listener's events, for the slices to carry out in what is theirs. */
export function mergesIn(events: readonly Recorded[]): readonly Merge[] {
  return events.flatMap(({ fact }): Merge[] => {
    const { type, data } = fact as FeedEvent
    if (type === 'FeedsMerged') return [data]
    return type === 'EpisodesMerged' ? [{ ...data, from: null }] : []
  })
}
