import fc from 'fast-check'
import { type SaveEdit, type SaveState, save } from '../../src/sharing/decider.ts'
import type { SaveEvent } from '../../src/sharing/events.ts'
import { saves } from '../../src/sharing/projection.ts'
import type { Speech } from '../kernel/laws.ts'
import { noon, type Order } from '../kernel/stream.ts'

/** What a device says of a saved episode; `at` is milliseconds after noon. */
export interface Said {
  readonly saved: boolean
  readonly at: number
}

export const says =
  ({ saved, at }: Said): Order<SaveState | null, SaveEdit> =>
  ({ known, seen }) => ({
    podcast: 'podcast-1',
    saved,
    at: noon + at,
    sentAt: noon + at,
    seen,
    known: known?.saved ?? null,
  })

export const speech: Speech<SaveState | null, SaveEdit, SaveEvent, Said> = {
  decider: save,
  readModel: saves,
  said: (earliest) => fc.record({ saved: fc.boolean(), at: fc.integer({ min: earliest, max: earliest + 8 }) }),
  says,
}
