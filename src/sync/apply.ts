import { rowsOf } from '../journal/read-models.ts'
import type { Unit } from '../journal/unit.ts'
import { type Author, authorKey, type Recorded } from '../kernel/decider.ts'
import { isRefusal } from '../kernel/refusal.ts'
import type { Seen } from '../podcast/seen.ts'
import type { Changes } from './changes.ts'
import type { Group, Intake, Rejected } from './intake.ts'
import type { LaneName, Row } from './lane.ts'
import { lanes } from './lanes/index.ts'

/** How an edit that met another device's was settled. */
export interface Conflict {
  readonly type: LaneName
  readonly group: Group
  readonly local: Record<string, unknown>
  readonly remote: Record<string, unknown>
  readonly resolution: 'local' | 'remote' | 'merged'
  readonly reason: string
}

export interface Applied {
  readonly conflicts: readonly Conflict[]
  readonly rejected: readonly Rejected[]
}

/** Lets the deciders hear every entry that was not heard before. */
export async function applyEntries(unit: Unit, { groups, ids }: Intake, seen: Seen): Promise<Applied> {
  const conflicts: Conflict[] = []
  const rejected: Rejected[] = []
  for (const lane of lanes) {
    const streams = groups.filter((group) => group.lane === lane).map((group) => group.id)
    if (streams.length > 0) await unit.load(lane.decider, streams)
  }
  const repeated = new Set(await unit.heard(groups.flatMap((group) => group.said.map((s) => s.edit))))
  for (const group of groups) {
    const { lane, id } = group
    // An entry that stands twice in one request is heard once.
    const fresh = group.said.filter((s) => !repeated.has(s.edit) && repeated.add(s.edit))
    if (fresh.length === 0) continue
    const [before] = rowsOf(lane.readModel, [{ id, state: unit.state(lane.decider, id) }])
    const untold = knowsOtherwise(unit.events(lane.decider, id).at(-1), unit.origin.author, seen)
    // A time that the clamp or the merge came to by chance is not what the device has.
    const timed = fresh.map((s) => (untold || s.at < s.sentAt ? { ...s, sentAt: Number.NEGATIVE_INFINITY } : s))
    const outcomes = lane.apply(unit, id, timed, ids, seen)
    outcomes.forEach((outcome, i) => {
      const said = fresh[i] as Group['said'][number]
      if (isRefusal(outcome)) {
        rejected.push({ type: lane.name, index: said.index, reason: outcome.message })
        return
      }
      if (!outcome.changed) unit.hear(said.edit, `${lane.decider.kind}/${id}`)
      if (outcome.conflict) {
        const local = said.entry as Record<string, unknown>
        conflicts.push({ type: lane.name, group, local, remote: before ? lane.told(before) : {}, ...outcome.conflict })
      }
    })
  }
  await unit.react()
  return { conflicts, rejected }
}

/**
 * Whether the device's own last word came out otherwise than it sent it and it may not have heard of that: an older word
 * of it that arrives only now would stand as sent, and yet not be what the device shows.
 */
function knowsOtherwise(last: Recorded | undefined, author: Author, seen: Seen): boolean {
  if (!last || seen.what !== 'until' || last.number <= seen.number) return false
  const own = authorKey(author) !== null && authorKey(last.author) === authorKey(author)
  return own && (last.fact.data as { asSent?: boolean }).asSent !== true
}

/**
 * What the device has to be told: what others changed, and of its own entries those that ended otherwise than it sent
 * them. A device that does not name itself is told of its own words too.
 */
export function tell(unit: Unit, { groups, ids }: Intake, changes: Changes, device: string | null): Changes {
  const told = {} as Changes
  const touched = Map.groupBy(unit.touched(), (t) => t.kind)
  for (const lane of lanes) {
    const { readModel } = lane
    const rowsById = new Map(changes[lane.name].map((row) => [row[readModel.key] as string, row]))
    // What this request wrote is not in the database yet.
    for (const row of rowsOf(readModel, touched.get(lane.decider.kind) ?? [])) {
      const movedAt = rowsById.get(row[readModel.key] as string)?.moved_at
      rowsById.set(row[readModel.key] as string, movedAt === undefined ? row : { ...row, moved_at: movedAt })
    }
    for (const group of groups) {
      if (group.lane !== lane) continue
      const row: Row | undefined =
        rowsById.get(group.id) ?? rowsOf(readModel, [{ id: group.id, state: unit.state(lane.decider, group.id) }])[0]
      // The device shows what it said last, whatever its clock said of the order.
      const last = group.said.toSorted((a, b) => a.index - b.index).at(-1)
      if (!row || !last) continue
      if (!lane.stands(row, last.entry, ids)) rowsById.set(group.id, row)
      // What stands as sent needs no telling, unless the row holds something that others said too.
      else if (device !== null && row.echo === device && row.moved_at === undefined) rowsById.delete(group.id)
    }
    told[lane.name] = [...rowsById.values()].sort((a, b) => (a.number as number) - (b.number as number))
  }
  return told
}
