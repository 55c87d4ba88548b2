import type { Unit } from '../journal/unit.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { everything, type Seen } from '../podcast/seen.ts'
import { play } from './decider.ts'

/** What a direct command says of a play; what it leaves out stays as it is. */
export interface PlaySaid {
  /** Seconds. */
  readonly position?: number | undefined
  readonly played?: boolean | undefined
  readonly duration?: number | null | undefined
  /** Milliseconds since 1970. */
  readonly at?: number | null | undefined
}

/**
 * Decides a direct command about a play, whose stream is loaded. Without `at` it is an order given now and replaces;
 * with `at` the newer edit stands. Null when nothing is refused.
 */
export function recordPlay(
  unit: Unit,
  { podcast, episode }: { readonly podcast: PodcastId; readonly episode: EpisodeId },
  said: PlaySaid,
): Refusal | null {
  const { now } = unit.origin
  const known = unit.state(play, episode)
  const at = Math.min(said.at ?? now, now)
  const seen: Seen = typeof said.at === 'number' ? { what: 'unknown' } : everything
  // What it left out may be another device's word, which its next sync must tell it.
  const whole =
    said.position !== undefined &&
    said.played !== undefined &&
    (typeof said.duration === 'number' || (known?.duration ?? null) === null)
  const decided = unit.decide(play, episode, {
    podcast,
    position: said.position ?? known?.position ?? 0,
    played: said.played ?? known?.played ?? false,
    duration: said.duration ?? known?.duration ?? null,
    started: null,
    reset: false,
    at,
    sentAt: whole ? at : Number.NEGATIVE_INFINITY,
    seen,
  })
  return isRefusal(decided) ? decided : null
}
