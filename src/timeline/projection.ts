import type pg from 'pg'
import { v5 as uuidv5 } from 'uuid'
import { rows } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import type { ContributionChange } from '../popularity/events.ts'

/** The handles of these people, of those who have one. */
export type Handles = (users: readonly UserId[]) => Promise<ReadonlyMap<UserId, string>>

/** So many people are a group: fewer could be told apart. */
const enoughPeople = 3
const groupIds = 'c1d1c5a2-63bb-5a0f-8d54-0a6a5c7b3f10'

const statements = (place: string) => ({
  write: {
    name: `timeline-write-${place}`,
    text: `insert into ${place}.timeline (id, at, kind, podcast_id, episode_id, handle, people, comment)
      select id, to_timestamp(at / 1000.0), kind, podcast, episode, handle, 1, comment from jsonb_to_recordset($1::jsonb)
        as x(id uuid, at bigint, kind text, podcast uuid, episode uuid, handle text, comment text)
      on conflict (id) do update set comment = excluded.comment`,
  },
  remove: { name: `timeline-remove-${place}`, text: `delete from ${place}.timeline where id = any($1::uuid[])` },
  count: {
    name: `timeline-count-${place}`,
    text: `insert into ${place}.timeline_groups as g (kind, target_id, day, podcast_id, episode_id, people)
      select * from jsonb_to_recordset($1::jsonb)
        as x(kind text, target uuid, day date, podcast uuid, episode uuid, people int)
      on conflict (kind, target_id, day) do update set people = g.people + excluded.people`,
  },
  regroup: {
    name: `timeline-regroup-${place}`,
    text: `with groups as (
        select x.id, x.kind, g.podcast_id, g.episode_id, sum(g.people) as people,
          max(g.day) filter (where g.people > 0) as day
        from unnest($1::uuid[], $2::text[], $3::uuid[]) as x(id, kind, target_id)
        join ${place}.timeline_groups g using (kind, target_id) group by x.id, x.kind, g.podcast_id, g.episode_id),
      gone as (delete from ${place}.timeline t using groups g where t.id = g.id and g.people < ${enoughPeople})
      insert into ${place}.timeline (id, at, kind, podcast_id, episode_id, handle, people, comment)
      select id, day::timestamp at time zone 'UTC', kind, podcast_id, episode_id, null, people, null
      from groups where people >= ${enoughPeople}
      on conflict (id) do update set at = excluded.at, people = excluded.people`,
  },
  tidy: {
    name: `timeline-tidy-${place}`,
    text: `delete from ${place}.timeline_groups g using unnest($1::text[], $2::uuid[]) as x(kind, target_id)
      where g.kind = x.kind and g.target_id = x.target_id and g.people = 0`,
  },
})

/** Tells of what others may learn now, and no longer of what they may not. */
export async function applyToTimeline(
  client: pg.PoolClient,
  place: string,
  changes: readonly ContributionChange[],
  handles: Handles,
): Promise<void> {
  const sql = statements(place)
  const gone = changes.filter((c) => c.before.shown === 'name' && c.after.shown !== 'name')
  if (gone.length > 0) await rows(client, sql.remove, [gone.map((c) => c.event)])
  const named = changes.filter((c) => c.after.shown === 'name')
  if (named.length > 0) {
    const known = await handles([...new Set(named.map((c) => c.user))])
    const entries = named.flatMap(({ user, event: id, at, kind, podcast, episode, comment }) => {
      const handle = known.get(user)
      return handle === undefined ? [] : [{ id, at, kind, podcast, episode, handle, comment }]
    })
    await rows(client, sql.write, [JSON.stringify(entries)])
  }
  await regroup(client, sql, changes)
}

async function regroup(
  client: pg.PoolClient,
  sql: ReturnType<typeof statements>,
  changes: readonly ContributionChange[],
): Promise<void> {
  const days = new Map<string, { kind: string; target: string; people: number } & Record<string, unknown>>()
  for (const { kind, podcast, episode, at, before, after } of changes) {
    const people = Number(after.shown === 'group') - Number(before.shown === 'group')
    if (people === 0) continue
    const target = episode ?? podcast
    const day = new Date(at).toISOString().slice(0, 10)
    const key = `${kind} ${target} ${day}`
    const known = days.get(key)
    days.set(key, { kind, target, day, podcast, episode, people: (known?.people ?? 0) + people })
  }
  if (days.size === 0) return
  const targets = [...new Map([...days.values()].map((d) => [`${d.kind} ${d.target}`, d])).values()]
  const kinds = targets.map((t) => t.kind)
  const ids = targets.map((t) => t.target)
  await rows(client, sql.count, [JSON.stringify([...days.values()])])
  await rows(client, sql.regroup, [targets.map((t) => uuidv5(`${t.kind} ${t.target}`, groupIds)), kinds, ids])
  await rows(client, sql.tidy, [kinds, ids])
}
