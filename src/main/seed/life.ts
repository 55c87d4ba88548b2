import { isoTime } from '../../podcast/times.ts'
import type { LaneName } from '../../sync/lane.ts'
import type { Chance } from './chance.ts'
import type { Device, Listener } from './listeners.ts'
import type { Episode, Podcast } from './podcasts.ts'

/** Something a listener did on a device, as the app would put it into its next sync. */
export interface Edit {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly device: Device
  readonly lane: LaneName
  /** What it changes: two devices that change the same thing must have synced in between. */
  readonly thing: string
  readonly entry: Readonly<Record<string, unknown>>
}

export interface Play {
  readonly episode: Episode
  position: number
  /** Where the listener loses interest; null for an episode that will be finished. */
  readonly givesUpAt: number | null
  state: 'begun' | 'finished' | 'given up'
}

export interface List {
  readonly id: string
  readonly name: string
  readonly isPublic: boolean
  items: readonly Episode[]
}

export interface Shelf {
  readonly id: string
  readonly title: string
  readonly color: string
  readonly holds: (podcast: Podcast) => boolean
  /** What was said last, to say it anew only when it changed. */
  feeds: readonly string[]
}

/** A listener in the middle of the half year. Only the functions that make the history touch it. */
export interface Life {
  readonly listener: Listener
  readonly chance: Chance
  /** The histories' end; nothing happens after it. */
  readonly until: number
  readonly edits: Edit[]
  /** In the order they were begun. */
  readonly plays: Map<Episode, Play>
  /** Since when each podcast is followed. */
  readonly follows: Map<Podcast, number>
  readonly saved: Set<Episode>
  queue: readonly Episode[]
  lists: List[]
  shelves: Shelf[]
}

/**
 * Writes an edit down. Each is at least a second after the one before; what would be after the end never happens.
 *
 * @param entry given its time in RFC 3339, the entry of the sync
 * @returns when it happened
 */
export function say(
  life: Life,
  at: number,
  edit: Omit<Edit, 'at' | 'entry'>,
  entry: (time: string) => Edit['entry'],
): number {
  const time = Math.max(at, (life.edits.at(-1)?.at ?? 0) + 1000)
  if (time <= life.until) life.edits.push({ ...edit, at: time, entry: entry(isoTime(time)) })
  return time
}
