import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import type { LaneName, Row } from './lane.ts'
import { lanes } from './lanes/index.ts'

/**
 * What changed in each lane after a number of the user's journal, tombstones included, without the rows that stand
 * exactly as the asking device sent them. One statement, so that all of it is of one moment.
 */
const changedSince: Statement = {
  name: 'sync-changed-since',
  text: `select ${lanes
    .map(
      ({ readModel: { name, key } }) => `(select jsonb_agg(to_jsonb(x) - 'user_id' order by x.number, x.${key})
        from projections.${name} x
        where x.user_id = $1 and x.number > $2 and ($3::text is null or x.echo is distinct from $3)) as "${name}"`,
    )
    .join(', ')}`,
}

export type Changes = Record<LaneName, Row[]>

/**
 * @param device whose own words to leave out; null to leave out nothing
 */
export async function changesSince(
  db: Queryable,
  user: UserId,
  number: number,
  device: string | null,
): Promise<Changes> {
  const [found] = await rows<Record<string, Row[] | null>>(db, changedSince, [user, number, device])
  return Object.fromEntries(lanes.map((lane) => [lane.name, found?.[lane.readModel.name] ?? []])) as unknown as Changes
}
