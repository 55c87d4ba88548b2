import { z } from 'zod'
import type { ShownAction } from '../gpodder/index.ts'

/**
 * Seconds that are told as the length of an episode whose length nobody said: longer than any episode is. Without a
 * length AntennaPod takes a place for the very beginning, and others take -1 for a length that is over.
 */
const unknownLength = 24 * 60 * 60

/** An action as a Nextcloud tells it: every number is there. */
interface ToldAction extends Omit<ShownAction, 'device'> {
  readonly started: number
  readonly position: number
  readonly total: number
}

const unset = -1

export function tellAction({ device: _, ...action }: ShownAction): ToldAction {
  const told = { ...action, action: action.action.toUpperCase() }
  const { started = unset, position = unset, total } = action
  if (action.action !== 'play') return { ...told, started: unset, position: unset, total: unset }
  if (total === undefined) return { ...told, started: 0, position, total: Math.max(unknownLength, position + 1) }
  // Played, and no length was ever said: an end that is behind every end.
  if (total === 1 && position === 1)
    return { ...told, started: unknownLength, position: unknownLength, total: unknownLength }
  return { ...told, started, position, total }
}

const numbers = z.looseObject({ started: z.number(), position: z.number(), total: z.number() })

/**
 * What a client says of an episode whose length it does not know, without the length: Kasts sends 1 for it, and others
 * send back what they were told above. To be at the end of such a one means that it was played.
 */
export function readLength(entry: unknown): unknown {
  const read = numbers.safeParse(entry)
  if (!read.success) return entry
  const { started, position, total } = read.data
  if (total !== 1 && total !== unknownLength) return entry
  const isPlayed = started === total && position === total
  return isPlayed ? { ...read.data, started: 1, position: 1, total: 1 } : { ...read.data, total: unset }
}
