import type { LaneName } from '../../sync/lane.ts'
import type { Edit } from './life.ts'
import type { Device } from './listeners.ts'

/** A device's sync: what it has to say, nothing when it only asks. */
export interface SyncRequest {
  readonly what: 'sync'
  readonly device: Device
  readonly changes: Readonly<Partial<Record<LaneName, readonly Edit['entry'][]>>>
}

export interface ShareRequest {
  readonly what: 'share'
  readonly device: Device
  /** Names as the API has them. */
  readonly feed: string
  readonly item: string
  readonly comment: string | null
}

export type SeedRequest = SyncRequest | ShareRequest

/** How long a device is used before it syncs, where nothing makes it sync earlier. */
const stretch = 14 * 86_400_000

/**
 * Puts edits, oldest first, into few requests: one per device and stretch of time. A stretch ends early when a device
 * is about to change what the other one has changed in it, and who takes over asks first what is new: so nobody is
 * ever in another's way, as with people who use one device at a time.
 */
export function syncsOf(edits: readonly Edit[]): SyncRequest[] {
  const requests: SyncRequest[] = []
  /** Devices that others have synced after. */
  const behind = new Set<Device>()
  for (const round of roundsOf(edits)) {
    const devices = [...new Set(round.map((edit) => edit.device))]
    for (const device of devices) if (behind.has(device)) requests.push({ what: 'sync', device, changes: {} })
    for (const device of devices) {
      const said = Object.groupBy(
        round.filter((edit) => edit.device === device),
        (edit) => edit.lane,
      )
      const changes = Object.fromEntries(Object.entries(said).map(([lane, of]) => [lane, of.map((e) => e.entry)]))
      requests.push({ what: 'sync', device, changes })
    }
    const last = devices.at(-1)
    for (const device of ['phone', 'laptop'] as const) if (device !== last) behind.add(device)
    if (last) behind.delete(last)
  }
  return requests
}

/** Cuts edits where devices have to sync. */
function roundsOf(edits: readonly Edit[]): Edit[][] {
  const rounds: Edit[][] = []
  let round: Edit[] = []
  let changedBy = new Map<string, Device>()
  for (const edit of edits) {
    const begun = round[0]?.at ?? edit.at
    const theirs = (changedBy.get(edit.thing) ?? edit.device) !== edit.device
    if (theirs || edit.at - begun >= stretch) {
      rounds.push(round)
      round = []
      changedBy = new Map()
    }
    round.push(edit)
    changedBy.set(edit.thing, edit.device)
  }
  if (round.length > 0) rounds.push(round)
  return rounds
}
