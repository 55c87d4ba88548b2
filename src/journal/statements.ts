import { hash } from 'node:crypto'
import type { Statement } from '../database/store.ts'
import type { ReadModel } from '../kernel/read-model.ts'

/** Columns of an event as this module reads them. */
const eventColumns = `e.number, e.id, e.stream, e.type, e.version, e.data, e.app, e.device, e.stamp,
  (extract(epoch from e.recorded_at) * 1000)::bigint as "recordedAt"`

/** An event as a row; see `toRecorded`. */
export interface EventRow {
  readonly number: number
  readonly id: string
  readonly stream: string
  readonly type: string
  readonly version: number
  readonly data: unknown
  readonly app: string
  readonly device: string | null
  readonly stamp: number
  readonly recordedAt: number
}

const head = `coalesce(h.last_number, 0) as "lastNumber", coalesce(h.last_stamp, 0) as "lastStamp",
  coalesce(h.horizon, 0) as horizon`

export const readHead: Statement = {
  name: 'journal-head',
  text: `select ${head} from (values (1)) one left join events.heads h on h.user_id = $1`,
}

/** The head together with the stored answer to a key, so that both are of one moment. */
export const readHeadAndAnswer: Statement = {
  name: 'journal-head-answer',
  text: `select ${head}, a.request, a.answer from (values (1)) one
    left join events.heads h on h.user_id = $1
    left join events.answers a on a.user_id = $1 and a.key = $2`,
}

const wasHeard = (edit: string): string =>
  `(exists (select from events.events e where e.user_id = $1 and e.id = ${edit})
    or exists (select from events.heard h where h.user_id = $1 and h.id = ${edit}))`

/** The head together with the newest event of one stream: all that a command on a whole-event stream needs. */
export const readHeadAndNewest: Statement = {
  name: 'journal-head-newest',
  text: `select ${head}, a.request, a.answer, ${eventColumns} from (values (1)) one
    left join events.heads h on h.user_id = $1
    left join events.answers a on a.user_id = $1 and a.key = $2
    left join lateral (
      select * from events.events where user_id = $1 and stream = $3 order by number desc limit 1) e on true`,
}

/**
 * The same and whether an edit was heard, so that a door of one edit a request asks once. Not a list of edits: of how
 * many PostgreSQL would guess, and plan anew at each request.
 */
export const readHeadNewestAndHeard: Statement = {
  name: 'journal-head-newest-heard',
  text: readHeadAndNewest.text.replace(' from (values (1)) one', `, ${wasHeard('$4::uuid')} as heard$&`),
}

export const lockHead: Statement = {
  name: 'journal-lock',
  text: `insert into events.heads (user_id) values ($1) on conflict (user_id) do update set user_id = excluded.user_id`,
}

export const readNewest: Statement = {
  name: 'journal-newest',
  text: `select ${eventColumns} from unnest($2::text[]) as s(stream)
    cross join lateral (
      select * from events.events where user_id = $1 and stream = s.stream order by number desc limit 1) e`,
}

export const readStreams: Statement = {
  name: 'journal-streams',
  text: `select ${eventColumns} from events.events e where user_id = $1 and stream = any($2::text[]) order by number`,
}

export const readAfter: Statement = {
  name: 'journal-after',
  text: `select ${eventColumns} from events.events e where user_id = $1 and number > $2 order by number limit $3`,
}

/** Backwards along the primary key: a page costs the same at both ends of the longest journal. */
export const readBefore: Statement = {
  name: 'journal-before',
  text: `select ${eventColumns} from events.events e where user_id = $1 and number < $2 order by number desc limit $3`,
}

/**
 * The same of one podcast: the newest of the events whose data names it, by an index of exactly those in their order,
 * and of one stream, by the index of streams. Each half reads a page at most, so that a podcast heard once among
 * 100,000 events is found as fast as one heard every day, which a filter on the way back could not do.
 */
export const readBeforeOfPodcast: Statement = {
  name: 'journal-before-of-podcast',
  text: `select ${eventColumns} from (
      (select * from events.events where user_id = $1 and (data ->> 'podcast') collate "C" = $4 and number < $2
        order by number desc limit $3)
      union all
      (select * from events.events where user_id = $1 and stream = $5 and number < $2
        order by number desc limit $3)) e
    order by number desc limit $3`,
}

/** Names of a user's streams of one kind: a range over the index, not over the events. */
export const readStreamNames: Statement = {
  name: 'journal-stream-names',
  text: `select distinct stream from events.events where user_id = $1 and stream >= $2 || '/' and stream < $2 || '0'`,
}

/** The newest event recorded before a stamp: where a cursor that is a time begins. */
export const readNumberBefore: Statement = {
  name: 'journal-number-before',
  text: `select number from events.events where user_id = $1 and stamp < $2 order by number desc limit 1`,
}

export const readHeard: Statement = {
  name: 'journal-heard',
  text: `select x.id from unnest($2::uuid[]) as x(id) where ${wasHeard('x.id')}`,
}

/**
 * `insert … on conflict` of a read model's rows, given as JSON in parameter `$n`, when the guard let the write through.
 * With `gone`, rows that say they are gone are deleted.
 */
function upsert(model: ReadModel, parameter: number, gone: boolean): string {
  const names = model.columns.map((c) => c.name)
  const given = `$${parameter}::jsonb`
  const removed = `gone_${model.name} as (
    delete from projections.${model.name} using guard, jsonb_to_recordset(${given}) as x(${model.key} ${model.keyType}, gone boolean)
    where user_id = $1 and projections.${model.name}.${model.key} = x.${model.key} and x.gone),
  `
  return `${gone ? removed : ''}${model.name} as (
    insert into projections.${model.name} (user_id, ${model.key}, ${names.join(', ')})
    select $1, x.${model.key}, ${names.map((n) => `x.${n}`).join(', ')} from guard
    cross join jsonb_to_recordset(${given}) as x(${model.key} ${model.keyType}, ${model.columns.map((c) => `${c.name} ${c.type}`).join(', ')}${gone ? ', gone boolean' : ''})
    ${gone ? 'where x.gone is null' : ''}
    on conflict (user_id, ${model.key}) do update set ${names.map((n) => `${n} = excluded.${n}`).join(', ')})`
}

/** PostgreSQL cuts names at 63 bytes, so what tells these apart is a hash of their text. */
const named = (what: string, text: string): Statement => ({ name: `${what}-${hash('sha1', text, 'hex')}`, text })

const upserts = (models: readonly ReadModel[], from: number, gone: boolean) =>
  models.map((model, i) => upsert(model, from + i, gone))

/** What a write carries beside events and rows. */
export interface StatementParts {
  readonly answer: boolean
  readonly heard: boolean
  /** Whether rows are among it that have nothing to show any more. */
  readonly gone: boolean
}

/**
 * The whole write of a request as one statement: move the head if it still stands where the decisions were taken,
 * and with it the events, their arrival, the stored answer, the edits heard in vain and the read models' rows.
 * Parameters: user, expected number, new number, stamp, events, answer, heard edits, recorded at, then one JSON array
 * of rows per read model. Returns one row when the guard held, none when somebody else was first.
 */
export function appendStatement(models: readonly ReadModel[], parts: StatementParts): Statement {
  const ctes = [
    `guard as (
      insert into events.heads as h (user_id, last_number, last_stamp) values ($1, $3, $4)
      on conflict (user_id) do update set last_number = $3, last_stamp = $4 where h.last_number = $2
      returning true)`,
    `appended as (
      insert into events.events (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
      select $1, x.number, x.id, x.stream, x.type, x.version, x.data, x.app, x.device, $4, to_timestamp($8::float8 / 1000)
      from guard cross join jsonb_to_recordset($5::jsonb)
        as x(number bigint, id uuid, stream text, type text, version smallint, data jsonb, app text, device text))`,
    `arrived as (
      insert into events.arrivals (user_id, first, last)
      select $1, $2::bigint + 1, $3 from guard where $3::bigint > $2::bigint)`,
    parts.answer
      ? `answered as (
      insert into events.answers (user_id, key, request, answer, recorded_at)
      select $1, x.key, x.request, x.answer, to_timestamp($8::float8 / 1000)
      from guard cross join json_to_record($6::json) as x(key uuid, request uuid, answer json))`
      : 'answered as (select $6::text)',
    parts.heard
      ? `heard as (
      insert into events.heard (user_id, id, stream, recorded_at)
      select $1, x.id, x.stream, to_timestamp($8::float8 / 1000)
      from guard cross join jsonb_to_recordset($7::jsonb) as x(id uuid, stream text)
      on conflict do nothing)`
      : 'heard as (select $7::text)',
    ...upserts(models, 9, parts.gone),
  ]
  return named('append', `with ${ctes.join(',\n')} select true as ok from guard`)
}

/**
 * The read models' half of a write where they live in another database: rows, and how far the user's have come.
 * Parameters: user, expected number, new number, then the rows per read model.
 */
export function projectStatement(models: readonly ReadModel[], gone: boolean): Statement {
  // Where nothing is known of the user yet, only the very first write may begin: whatever a later one found missing
  // was never projected.
  const guard = `guard as (
      insert into projections.progress as p (user_id, number)
      select $1::uuid, $3::bigint
      where $2::bigint = 0 or exists (select from projections.progress where user_id = $1)
      on conflict (user_id) do update set number = $3 where p.number = $2
      returning true)`
  return named('project', `with ${[guard, ...upserts(models, 4, gone)].join(',\n')} select true as ok from guard`)
}

export const readProgress: Statement = {
  name: 'projections-progress',
  text: 'select number from projections.progress where user_id = $1',
}
