import type pg from 'pg'
import { rows } from '../database/store.ts'
import { targetOf } from './contributions.ts'
import { type ContributionChange, type ContributionKind, points } from './events.ts'
import { inEither, type Place } from './tables.ts'

/** What trending looks back over, in hours, each beside the same time before it. `all` is apart. */
const windowHours = { day: 24, week: 7 * 24, month: 30 * 24 } as const
/** What `all` is compared with is so many hours ago. */
const allBefore = windowHours.week

const hour = 3_600_000
const hourOf = (at: number): number => Math.floor(at / hour)

/** A point weighs half as much when half of its window has gone by. In thousandths, so that sums are exact. */
const weightOf = (age: number, window: number): number => Math.round(1000 * 2 ** (-age / (window / 2)))

const weights = (window: number): string =>
  `'{${Array.from({ length: window }, (_, age) => weightOf(age, window)).join()}}'::int[]`

const columnOf: Readonly<Record<ContributionKind, string>> = {
  subscribe: 'subscribes',
  play: 'plays',
  save: 'saves',
  share: 'shares',
}
const counted = Object.entries(columnOf) as [ContributionKind, string][]
const worth = counted.map(([kind, column]) => `${points[kind]} * ${column}`).join(' + ')
const columns = counted.map(([, column]) => column)
const added = (table: string) => columns.map((c) => `${c} = ${table}.${c} + excluded.${c}`).join(', ')

/**
 * Works out every window of some targets, or of all, as of an hour; `aim` narrows to targets. Points are whole and
 * weights thousandths, so whatever the order of events, the sums are the same.
 */
const rescore = (place: Place, aim: string): string => `
  with spans (span, hours, weights) as (values
      ${Object.entries(windowHours).map(([span, hours]) => `('${span}', ${hours}, ${weights(hours)})`)}),
    busy as (
      select target_id, greatest($1 - hour, 0) as age, ${worth} as points, plays, saves
      from ${place}.popularity_hours where hour > $1 - ${2 * windowHours.month} ${aim}),
    recent as (
      select target_id, sum(points) as lately, sum(plays) as lately_played, sum(saves) as lately_saved
      from busy where age < ${allBefore} group by target_id),
    fresh as (
      select s.span, b.target_id,
        coalesce(sum(b.points * s.weights[b.age + 1]) filter (where b.age < s.hours), 0) as score,
        coalesce(sum(b.plays) filter (where b.age < s.hours), 0) as plays,
        coalesce(sum(b.saves) filter (where b.age < s.hours), 0) as likes,
        coalesce(sum(b.points * s.weights[b.age - s.hours + 1]) filter (where b.age >= s.hours), 0) as score_previous,
        coalesce(sum(b.plays) filter (where b.age >= s.hours), 0) as plays_previous,
        coalesce(sum(b.saves) filter (where b.age >= s.hours), 0) as likes_previous
      from busy b join spans s on b.age < 2 * s.hours group by s.span, b.target_id
      union all
      select 'all', target_id, 1000 * (${worth}), plays, saves, 1000 * (${worth} - coalesce(lately, 0)),
        plays - coalesce(lately_played, 0), saves - coalesce(lately_saved, 0)
      from ${place}.popularity_totals left join recent using (target_id) where true ${aim}),
    shown as (select * from fresh where score > 0 or score_previous > 0),
    gone as (
      delete from ${place}.popularity p where true ${aim}
        and not exists (select from shown s where s.span = p.span and s.target_id = p.target_id))
  insert into ${place}.popularity as p (span, target_id, podcast_id, is_episode, score, plays, likes,
    score_previous, plays_previous, likes_previous)
  select s.span, s.target_id, t.podcast_id, t.is_episode, s.score, s.plays, s.likes,
    s.score_previous, s.plays_previous, s.likes_previous
  from shown s join ${place}.popularity_totals t using (target_id)
  on conflict (span, target_id) do update set score = excluded.score, plays = excluded.plays, likes = excluded.likes,
    score_previous = excluded.score_previous, plays_previous = excluded.plays_previous,
    likes_previous = excluded.likes_previous
  where (p.score, p.plays, p.likes, p.score_previous, p.plays_previous, p.likes_previous) is distinct from
    (excluded.score, excluded.plays, excluded.likes, excluded.score_previous, excluded.plays_previous,
      excluded.likes_previous)`

const sql = inEither((place) => ({
  addHours: {
    name: 'popularity-add-hours',
    text: `insert into ${place}.popularity_hours as h (target_id, hour, ${columns})
      select * from jsonb_to_recordset($1::jsonb) as x(target_id uuid, hour int, ${columns.map((c) => `${c} int`)})
      on conflict (target_id, hour) do update set ${added('h')}`,
  },
  addTotals: {
    name: 'popularity-add-totals',
    text: `insert into ${place}.popularity_totals as t (target_id, podcast_id, is_episode, ${columns})
      select * from jsonb_to_recordset($1::jsonb)
        as x(target_id uuid, podcast_id uuid, is_episode boolean, ${columns.map((c) => `${c} int`)})
      on conflict (target_id) do update set ${added('t')}`,
  },
  // Not even that something was once counted stays of what counts no more.
  tidy: {
    name: 'popularity-tidy',
    text: `with hours as (
        delete from ${place}.popularity_hours where target_id = any($1::uuid[]) and (${columns}) = (0, 0, 0, 0))
      delete from ${place}.popularity_totals where target_id = any($1::uuid[]) and (${columns}) = (0, 0, 0, 0)`,
  },
  rescoreSome: { name: 'popularity-rescore-some', text: rescore(place, 'and target_id = any($2::uuid[])') },
  rescoreAll: { name: 'popularity-rescore-all', text: rescore(place, '') },
  rankPrevious: {
    name: 'popularity-rank-previous',
    text: `update ${place}.popularity p set rank_previous = r.rank
      from (
        select span, target_id, case when score_previous > 0 then
          row_number() over (partition by span, is_episode order by score_previous desc, target_id desc) end as rank
        from ${place}.popularity) r
      where r.span = p.span and r.target_id = p.target_id and p.rank_previous is distinct from r.rank`,
  },
  forgetHours: {
    name: 'popularity-forget-hours',
    text: `delete from ${place}.popularity_hours where hour <= $1 - ${2 * windowHours.month}`,
  },
}))

type Counts = Record<string, number>
const noCounts = (): Counts => Object.fromEntries(columns.map((column) => [column, 0]))

/** Counts what now counts, takes away what no longer does, and works out the scores that this changes. */
export async function applyToScores(
  client: pg.PoolClient,
  place: Place,
  changes: readonly ContributionChange[],
  now: number,
): Promise<void> {
  const hours = new Map<string, object & { counts: Counts }>()
  const totals = new Map<string, object & { counts: Counts }>()
  for (const change of changes) {
    const by = Number(change.after.counted) - Number(change.before.counted)
    if (by === 0) continue
    const { kind, podcast, episode, at } = change
    const column = columnOf[kind]
    for (const target of new Set([podcast, targetOf({ podcast, episode })])) {
      const of = { target_id: target, podcast_id: podcast, is_episode: target !== podcast }
      const total = totals.get(target) ?? { ...of, counts: noCounts() }
      const slot = `${target} ${hourOf(at)}`
      const inHour = hours.get(slot) ?? { target_id: target, hour: hourOf(at), counts: noCounts() }
      for (const { counts } of [total, inHour]) counts[column] = (counts[column] ?? 0) + by
      totals.set(target, total)
      hours.set(slot, inHour)
    }
  }
  if (totals.size === 0) return
  const flat = (all: Iterable<object & { counts: Counts }>) =>
    JSON.stringify(Array.from(all, ({ counts, ...of }) => ({ ...of, ...counts })))
  await rows(client, sql(place).addTotals, [flat(totals.values())])
  await rows(client, sql(place).addHours, [flat(hours.values())])
  await rows(client, sql(place).rescoreSome, [hourOf(now), [...totals.keys()]])
  await rows(client, sql(place).tidy, [[...totals.keys()]])
}

/** Brings all scores to this hour, and ranks those of the time before. */
export async function rescoreAll(client: pg.PoolClient, place: Place, now: number): Promise<void> {
  await rows(client, sql(place).rescoreAll, [hourOf(now)])
  await rows(client, sql(place).rankPrevious, [])
  await rows(client, sql(place).forgetHours, [hourOf(now)])
}
