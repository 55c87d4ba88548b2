import type pg from 'pg'
import { rows } from '../database/store.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { Deed, Merged, Played } from './gather.ts'
import { type Trace, traced } from './listened.ts'
import { inEither, type Place } from './tables.ts'

const sql = inEither((place) => ({
  read: {
    name: 'traces-read',
    text: `select t.user_id as "user", t.episode_id as episode, t.position, t.at, t.heard
      from unnest($1::uuid[], $2::uuid[]) as x(user_id, episode_id) join ${place}.traces t using (user_id, episode_id)`,
  },
  write: {
    name: 'traces-write',
    text: `insert into ${place}.traces (user_id, episode_id, podcast_id, position, at, heard)
      select user_id, episode_id, podcast_id, position, to_timestamp(at / 1000.0), heard
      from jsonb_to_recordset($1::jsonb)
        as x(user_id uuid, episode_id uuid, podcast_id uuid, position int, at bigint, heard jsonb)
      on conflict (user_id, episode_id) do update set position = excluded.position, at = excluded.at, heard = excluded.heard`,
  },
  turn: {
    name: 'traces-turn',
    text: `update ${place}.traces t set episode_id = x.stays, podcast_id = x.podcast
      from (select distinct on (y.user_id, y.stays) y.*
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as y(user_id, gone, stays, podcast)
        join ${place}.traces g on g.user_id = y.user_id and g.episode_id = y.gone
        order by y.user_id, y.stays, y.gone) x
      where t.user_id = x.user_id and t.episode_id = x.gone
        and not exists (select from ${place}.traces o where o.user_id = x.user_id and o.episode_id = x.stays)`,
  },
  drop: {
    name: 'traces-drop',
    text: `delete from ${place}.traces t using unnest($1::uuid[], $2::uuid[]) as x(user_id, gone)
      where t.user_id = x.user_id and t.episode_id = x.gone`,
  },
  forget: {
    name: 'traces-forget',
    text: `delete from ${place}.traces where user_id = $1`,
  },
}))

/** Goes on along what listeners heard of episodes, and answers which of them count as played now. */
export async function followPlays(client: pg.PoolClient, place: Place, plays: readonly Played[]): Promise<Deed[]> {
  const found = await rows<{ user: UserId; episode: EpisodeId; position: number; at: Date; heard: Trace['heard'] }>(
    client,
    sql(place).read,
    [plays.map((p) => p.user), plays.map((p) => p.episode)],
  )
  const known = new Map(found.map(({ user, episode, at, ...t }) => [`${user} ${episode}`, { ...t, at: at.getTime() }]))
  const finished: Deed[] = []
  const written: object[] = []
  for (const { user, episode, steps } of plays) {
    let trace: Trace | null = known.get(`${user} ${episode}`) ?? null
    // What counts is done with: nothing that comes after adds anything.
    if (trace?.heard === null) continue
    for (const { data, at, event } of steps) {
      trace = traced(trace, data)
      if (trace.heard !== null) continue
      const first = { podcast: data.podcast as PodcastId, at, event }
      finished.push({ user, kind: 'play', first, target: episode, active: true, comment: null })
      break
    }
    if (trace) written.push({ user_id: user, episode_id: episode, podcast_id: steps[0]?.data.podcast, ...trace })
  }
  if (written.length > 0) await rows(client, sql(place).write, [JSON.stringify(written)])
  return finished
}

/** Forgets what a listener heard. */
export const forgetTraces = async (client: pg.PoolClient, place: Place, user: UserId): Promise<void> =>
  void (await rows(client, sql(place).forget, [user]))

/** What was heard of an episode was heard of the one it turned out to be. */
export async function mergeTraces(client: pg.PoolClient, place: Place, merges: readonly Merged[]): Promise<void> {
  const [users, gone] = [merges.map((m) => m.user), merges.map((m) => m.from)]
  await rows(client, sql(place).turn, [users, gone, merges.map((m) => m.into), merges.map((m) => m.podcast)])
  await rows(client, sql(place).drop, [users, gone])
}
