import type { Fact, Upcasts } from '../kernel/decider.ts'
import type { Written } from '../podcast/seen.ts'

/**
 * Each event tells the whole play, so that the newest one is enough to decide the next. Seconds are whole; `at` is the
 * edit's own time in milliseconds.
 */
export interface PlayData {
  readonly podcast: string
  readonly position: number
  readonly played: boolean
  readonly duration: number | null
  /** Where this stretch of listening began, where the app told it. */
  readonly started: number | null
  readonly at: number
  /** Who said position and played; null where this event does, and likewise of the duration. */
  readonly saidBy: Written | null
  readonly timedBy: Written | null
  /** What was edited in sight last: an edit of a device that saw only that is concurrent, and repeating it is none. */
  readonly spotBefore:
    | (Written & { readonly position: number; readonly played: boolean; readonly reset: boolean; readonly at: number })
    | null
  readonly lengthBefore: (Written & { readonly duration: number | null }) | null
  /** The event that last started this episode over: who did not know of it can't undo it. */
  readonly startedOver: Written | null
  /** The device's own words stand, its time included. */
  readonly asSent: boolean
}

export type PlayEvent =
  | Fact<'PositionMoved', PlayData>
  | Fact<'EpisodeFinished', PlayData>
  | Fact<'EpisodeUnplayed', PlayData>
  | Fact<'EpisodeStartedOver', PlayData>

export const playUpcasts: Upcasts = {}
