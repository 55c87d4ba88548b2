import type { Fact, Upcasts } from '../kernel/decider.ts'

/**
 * What others may learn of a listener's doings: `public` with the handle, `anonymous` counted without it, `private`
 * nothing.
 */
export type PrivacyLevel = 'public' | 'anonymous' | 'private'

export type PrivacyEvent = Fact<
  'PrivacyChosen',
  {
    readonly level: PrivacyLevel
    readonly podcast: string | null
    readonly episode: string | null
    readonly at: number
    readonly asSent: boolean
  }
>

export const privacyUpcasts: Upcasts = {}
