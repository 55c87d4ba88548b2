import { z } from 'zod'
import type { SeenGuid } from '../podcast/guids.ts'
import { instantOut, isoTime } from '../podcast/times.ts'
import type { Deletion } from './deletions.ts'

/** The last and so present guid of a podcast. */
export function presentGuid(guids: readonly SeenGuid[] | undefined): SeenGuid {
  const last = guids?.at(-1)
  if (!last) throw new Error('a podcast has no guid')
  return last
}

/** How a subscription stands; a stamp is in seconds, times in milliseconds. */
export interface Standing {
  readonly active: boolean
  readonly subscribedAt: number | null
  readonly stamp: number
}

/** Whether a deletion still holds: whoever followed the podcast since, through whatever door, has it back. */
export const isDeleted = ({ active, subscribedAt }: Standing, deletion: Deletion | undefined): deletion is Deletion =>
  deletion !== undefined && !active && (subscribedAt ?? 0) <= deletion.leftAt

/** When the server heard of something: never the edit's own time, which may lie days back. */
export const heardAt = (stamp: number): string => isoTime(stamp * 1000)

export const subscriptionOut = z
  .object({
    feed_url: z.string(),
    guid: z.guid(),
    is_subscribed: z.boolean(),
    subscription_changed: instantOut.describe('When the server heard of the last change.'),
    guid_changed: instantOut.optional(),
    new_guid: z.guid().optional().describe('The podcast’s present guid, where it is another.'),
    deleted: instantOut.optional().describe('When it was deleted; absent for what is not.'),
  })
  .meta({ id: 'Subscription' })

export interface ShownParts {
  readonly feedUrl: string
  readonly standing: Standing
  readonly guids: readonly SeenGuid[] | undefined
  /** The guid the client knows the podcast by. */
  readonly guid: string
  readonly deletion?: Deletion | undefined
}

/** A subscription as the answers show it. */
export function showSubscription(parts: ShownParts): z.output<typeof subscriptionOut> {
  const { feedUrl, standing, guids, guid, deletion } = parts
  const present = presentGuid(guids)
  return {
    feed_url: feedUrl,
    guid,
    is_subscribed: standing.active,
    subscription_changed: heardAt(standing.stamp),
    ...(guids && guids.length > 1 && { guid_changed: isoTime(present.seenAt) }),
    ...(present.guid !== guid && { new_guid: present.guid }),
    ...(isDeleted(standing, deletion) && { deleted: isoTime(deletion.deletedAt) }),
  }
}

/** The guid a client knows that was last here at a time; the first one there ever was for a client that never was. */
export function guidAsOf(guids: readonly SeenGuid[] | undefined, since: number | undefined): string {
  const known = since === undefined ? undefined : guids?.findLast(({ seenAt }) => seenAt <= since)
  return known?.guid ?? guids?.[0]?.guid ?? presentGuid(guids).guid
}
