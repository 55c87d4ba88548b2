import type { Fact, Upcasts } from '../kernel/decider.ts'

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
  /** The event that last started this episode over: who did not know of it can't undo it. */
  readonly startedOver: { readonly number: number; readonly author: string | null } | null
  /** The device's own words stand, its time included. */
  readonly asSent: boolean
  /** Another device's value stands, and this edit only added to it. */
  readonly merged: boolean
}

export type PlayEvent =
  | Fact<'PositionMoved', PlayData>
  | Fact<'EpisodeFinished', PlayData>
  | Fact<'EpisodeUnplayed', PlayData>
  | Fact<'EpisodeStartedOver', PlayData>

export const playUpcasts: Upcasts = {}
