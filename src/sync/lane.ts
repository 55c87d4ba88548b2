import type { z } from 'zod'
import type { Unit } from '../journal/unit.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { Decider } from '../kernel/decider.ts'
import type { Origin } from '../kernel/endpoint.ts'
import type { ReadModel } from '../kernel/read-model.ts'
import type { Refusal } from '../kernel/refusal.ts'
import type { EpisodeName } from '../podcast/names.ts'
import type { MergeReason } from '../podcast/register.ts'
import type { Seen } from '../podcast/seen.ts'

export const laneNames = ['subscriptions', 'plays', 'playlists', 'collections', 'privacy', 'saves'] as const
export type LaneName = (typeof laneNames)[number]

export interface NamedEpisode {
  readonly feed: string
  readonly item: EpisodeName
}

/** The stable ids of what a request names. */
export interface Ids {
  podcast(feed: string): PodcastId
  episode(name: NamedEpisode): EpisodeId
}

/** One entry of a sync, understood: whose stream it edits, and the time it was made, as the door lets it in. */
export interface Said<Entry> {
  readonly entry: Entry
  /** Names the edit by its content, so that a repeat is noticed. */
  readonly edit: string
  readonly at: number
  readonly sentAt: number
}

/** What an entry came to: nothing to tell, or who won and why. */
export interface Outcome {
  readonly changed: boolean
  readonly conflict: { readonly resolution: 'local' | 'remote' | 'merged'; readonly reason: MergeReason } | null
}

/** One kind of thing that a sync carries: how its entries read, where they go, how they merge. */
export interface Lane<Entry> {
  readonly name: LaneName
  readonly entry: z.ZodType<Entry>
  // biome-ignore lint/suspicious/noExplicitAny: lanes of different deciders stand in one list
  readonly decider: Decider<any, any, any>
  readonly readModel: ReadModel
  feeds(entry: Entry): readonly string[]
  items(entry: Entry): readonly NamedEpisode[]
  /** The id of the stream the entry edits. */
  streamId(entry: Entry, ids: Ids, origin: Origin): string
  /** When the device says it made the edit, in milliseconds. */
  time(entry: Entry): number
  /** Entries of one stream that only make sense together, oldest first. */
  apply(unit: Unit, id: string, said: readonly Said<Entry>[], ids: Ids, seen: Seen): readonly (Outcome | Refusal)[]
  /** Whether a read model's row is exactly what the entry said. */
  stands(row: Row, entry: Entry, ids: Ids): boolean
  /** What a conflict report tells of a row, and of an entry. */
  told(row: Row): Record<string, unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: the row's shape is the read model's business
export type Row = Readonly<Record<string, any>>

// biome-ignore lint/suspicious/noExplicitAny: lanes of different entries stand in one list
export type AnyLane = Lane<any>

export const sameTime = (stored: string | Date | null, sent: number | null | undefined): boolean =>
  stored === null ? sent === null || sent === undefined : new Date(stored).getTime() === sent

/** The outcome of an edit to a value that one side wins. */
export function outcomeOf(
  verdict: { taken: boolean; concurrent: boolean; reason: MergeReason },
  changed: boolean,
): Outcome {
  const resolution = verdict.taken ? 'local' : 'remote'
  return { changed, conflict: verdict.concurrent ? { resolution, reason: verdict.reason } : null }
}
