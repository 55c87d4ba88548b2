import fc from 'fast-check'
import { type PlayState, play, type RecordPlay } from '../../src/plays/decider.ts'
import type { PlayEvent } from '../../src/plays/events.ts'
import { plays } from '../../src/plays/projection.ts'
import type { Speech } from '../kernel/laws.ts'
import { noon, type Order } from '../kernel/stream.ts'

/** What a device says of a play; `at` is milliseconds after noon. */
export interface Said {
  readonly position: number
  readonly played?: boolean
  readonly duration?: number | null
  readonly reset?: boolean
  readonly at: number
}

export const says =
  ({ position, played = false, duration = null, reset = false, at }: Said): Order<PlayState | null, RecordPlay> =>
  ({ seen }) => ({
    podcast: 'podcast-1',
    position,
    played,
    duration,
    started: null,
    reset,
    at: noon + at,
    sentAt: noon + at,
    seen,
  })

export const speech: Speech<PlayState | null, RecordPlay, PlayEvent, Said> = {
  decider: play,
  readModel: plays,
  said: (earliest) =>
    fc.record({
      position: fc.constantFrom(0, 30, 60, 90),
      played: fc.boolean(),
      duration: fc.constantFrom(null, 100, 200, 300),
      reset: fc.constantFrom(false, false, false, true),
      at: fc.integer({ min: earliest, max: earliest + 8 }),
    }),
  says,
}
