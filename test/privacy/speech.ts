import fc from 'fast-check'
import { type PrivacyEdit, type PrivacyState, privacy } from '../../src/privacy/decider.ts'
import type { PrivacyEvent, PrivacyLevel } from '../../src/privacy/events.ts'
import { privacySettings } from '../../src/privacy/projection.ts'
import type { Speech } from '../kernel/laws.ts'
import { noon, type Order } from '../kernel/stream.ts'

export const levels: readonly PrivacyLevel[] = ['public', 'anonymous', 'private']

/** What a device chooses for a podcast; `at` is milliseconds after noon. */
export interface Said {
  readonly level: PrivacyLevel
  readonly at: number
}

export const says =
  ({ level, at }: Said): Order<PrivacyState | null, PrivacyEdit> =>
  ({ known, seen }) => ({
    level,
    podcast: 'podcast-1',
    episode: null,
    at: noon + at,
    sentAt: noon + at,
    seen,
    known: known?.level ?? null,
  })

export const speech: Speech<PrivacyState | null, PrivacyEdit, PrivacyEvent, Said> = {
  decider: privacy,
  readModel: privacySettings,
  said: (earliest) =>
    fc.record({ level: fc.constantFrom(...levels), at: fc.integer({ min: earliest, max: earliest + 8 }) }),
  says,
}
