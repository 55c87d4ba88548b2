import type { Decider } from '../kernel/decider.ts'
import type { EpisodePairs, FeedEvent } from './events.ts'

/** What one listener's devices have to hear of one podcast's names; null before anything changed. */
export interface FeedState {
  /** When its feed last changed its URL, or turned out to be another's, and the event that said so; null before. */
  readonly moved: { readonly at: number; readonly number: number; readonly stamp: number } | null
  readonly number: number
  readonly stamp: number
}

/** An order to tell the listener of a change. */
export interface TellOfChange {
  readonly podcast: string
  readonly kind: 'moved' | 'podcasts_merged' | 'episodes_merged'
  readonly from: string | null
  readonly episodes: EpisodePairs
  readonly at: number
}

export const feed: Decider<FeedState | null, TellOfChange, FeedEvent> = {
  kind: 'feed',
  initial: null,
  newestIsWhole: false,

  decide(_state, { podcast, kind, from, episodes, at }) {
    if (kind === 'episodes_merged') return [{ type: 'EpisodesMerged', data: { podcast, episodes, at } }]
    if (kind === 'podcasts_merged' && from !== null)
      return [{ type: 'FeedsMerged', data: { podcast, from, episodes, at } }]
    return [{ type: 'FeedMoved', data: { podcast, at } }]
  },

  evolve(state, { fact, number, stamp }) {
    const moved = fact.type === 'EpisodesMerged' ? (state?.moved ?? null) : { at: fact.data.at, number, stamp }
    return { moved, number, stamp }
  },
}
