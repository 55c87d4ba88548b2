import { type Queryable, rows, type Statement } from '../database/store.ts'
import type { MovedFeedRow } from '../feeds/queries.ts'
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
    .join(', ')},
    (select jsonb_agg(to_jsonb(m) - 'user_id' order by m.number, m.podcast_id)
      from projections.moved_feeds m where m.user_id = $1 and m.number > $2) as moved`,
}

export type Changes = Record<LaneName, Row[]>

/** How rows of a lane name the podcasts they are about. */
const aboutPodcasts: Readonly<Record<string, string>> = {
  playlists: `exists (select from jsonb_array_elements(x.items) i where i ->> 'podcast' = any($2::text[]))`,
  collections: `x.feeds ?| $2::text[]`,
}

const ofPodcasts: Statement = {
  name: 'sync-of-podcasts',
  text: `select ${lanes
    .map(
      ({ readModel: { name, key } }) => `(select jsonb_agg(to_jsonb(x) - 'user_id' order by x.number, x.${key})
        from projections.${name} x
        where x.user_id = $1 and ${aboutPodcasts[name] ?? 'x.podcast_id = any($2::uuid[])'}) as "${name}"`,
    )
    .join(', ')}`,
}

const byLane = (found: Record<string, Row[] | null> | undefined): Changes =>
  Object.fromEntries(lanes.map((lane) => [lane.name, found?.[lane.readModel.name] ?? []])) as unknown as Changes

/**
 * What changed after a number; of podcasts that go by another name since, everything, as written when that was said.
 *
 * @param device whose own words to leave out; null to leave out nothing
 */
export async function changesSince(
  db: Queryable,
  user: UserId,
  number: number,
  device: string | null,
): Promise<Changes> {
  const [found] = await rows<Record<string, Row[] | null>>(db, changedSince, [user, number, device])
  const changes = byLane(found)
  const moved = (found?.moved ?? []) as unknown as readonly MovedFeedRow[]
  if (moved.length === 0) return changes
  const [again] = await rows<Record<string, Row[] | null>>(db, ofPodcasts, [user, moved.map((row) => row.podcast_id)])
  return withMoved(changes, byLane(again), new Map(moved.map((row) => [row.podcast_id as string, row])))
}

/**
 * Adds the rows that are told again, under the number of the move: nobody sent them as they are named now. What was
 * written since the first look is told by the next one.
 */
function withMoved(changes: Changes, again: Changes, moved: ReadonlyMap<string, MovedFeedRow>): Changes {
  const last = Math.max(...[...moved.values()].map((row) => row.number))
  const all = {} as Changes
  for (const { name, readModel } of lanes) {
    const told = new Map(again[name].map((row) => [row[readModel.key] as string, toldAgain(row, last, moved)]))
    for (const row of changes[name]) {
      const before = told.get(row[readModel.key])
      told.set(row[readModel.key], before ? { ...before, ...row, echo: null } : row)
    }
    if (name === 'subscriptions')
      for (const [podcast, row] of moved) if (!told.has(podcast)) told.set(podcast, onlyMoved(row))
    all[name] = [...told.values()].sort((a, b) => a.number - b.number)
  }
  return all
}

function toldAgain(row: Row, last: number, moved: ReadonlyMap<string, MovedFeedRow>): Row {
  const move = moved.get(row.podcast_id)
  return { ...row, number: move?.number ?? last, echo: null, ...(move && { moved_at: move.moved_at }) }
}

/** What was never followed has moved all the same: devices that play it know it by its old name. */
const onlyMoved = (row: MovedFeedRow): Row => ({ ...row, echo: null, onlyMoved: true })
