import { randomUUID } from 'node:crypto'
import type pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { plays } from '../../src/plays/projection.ts'

/** What the server writes for plays, written without it. */
const podcast = uuidv7()
const author = { app: 'gpodder', device: 'phone' }
const names = plays.columns.map((column) => column.name)
const typed = plays.columns.map((column) => `${column.name} ${column.type}`)

const eventOf = (number: number, episode: string, position: number) => ({
  number,
  id: randomUUID(),
  stream: `play/${episode}`,
  type: 'PositionMoved',
  version: 1,
  data: {
    podcast,
    position,
    played: false,
    duration: 3600,
    at: Date.now(),
    started: 0,
    saidBy: null,
    timedBy: null,
    startedOver: null,
    asSent: true,
    merged: false,
  },
  ...author,
})

const rowOf = (number: number, stamp: number, episode: string, position: number) => ({
  episode_id: episode,
  podcast_id: podcast,
  position,
  played: false,
  duration: 3600,
  updated_at: new Date().toISOString(),
  number,
  stamp,
  echo: `${author.app}\n${author.device}`,
})

const insertEvents = {
  name: 'plain-events',
  text: `insert into events.events (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
    select $1, x.number, x.id, x.stream, x.type, x.version, x.data, x.app, x.device, $3, now()
    from jsonb_to_recordset($2::jsonb) as x(number bigint, id uuid, stream text, type text, version smallint, data jsonb, app text, device text)`,
}
const upsertPlays = {
  name: 'plain-plays',
  text: `insert into projections.plays (user_id, episode_id, ${names.join(', ')})
    select $1, x.episode_id, ${names.map((n) => `x.${n}`).join(', ')}
    from jsonb_to_recordset($2::jsonb) as x(episode_id uuid, ${typed.join(', ')})
    on conflict (user_id, episode_id) do update set ${names.map((n) => `${n} = excluded.${n}`).join(', ')}`,
}
const insertArrival = {
  name: 'plain-arrival',
  text: 'insert into events.arrivals (user_id, first, last) values ($1, $2, $3)',
}
const moveHead = {
  name: 'plain-head',
  text: `insert into events.heads (user_id, last_number, last_stamp) values ($1, $2, $3)
    on conflict (user_id) do update set last_number = excluded.last_number, last_stamp = excluded.last_stamp`,
}

async function write(pool: pg.Pool, user: string, from: number, episodes: readonly string[]): Promise<void> {
  const stamp = Math.floor(Date.now() / 1000)
  const [first, last] = [from + 1, from + episodes.length]
  const events = JSON.stringify(episodes.map((episode, i) => eventOf(first + i, episode, i)))
  const rows = JSON.stringify(episodes.map((episode, i) => rowOf(first + i, stamp, episode, i)))
  const client = await pool.connect()
  await client.query('begin')
  await client.query({ ...moveHead, values: [user, last, stamp] })
  await client.query({ ...insertEvents, values: [user, events, stamp] })
  await client.query({ ...insertArrival, values: [user, first, last] })
  await client.query({ ...upsertPlays, values: [user, rows] })
  await client.query('commit')
  client.release()
}

let committed = 0
const episodes = Array.from({ length: 100 }, () => uuidv7())

/** One play of this user, in a transaction of prepared statements. */
export async function commitPlain(pool: pg.Pool, user: string): Promise<void> {
  await write(pool, user, committed, [episodes[committed++ % episodes.length] as string])
}

/** A user's first plays of these episodes, in as few statements; answers how many milliseconds it took. */
export async function insertBySql(pool: pg.Pool, user: string, played: readonly string[]): Promise<number> {
  const started = performance.now()
  await write(pool, user, 0, played)
  return performance.now() - started
}

/** Gives a user the history of another. */
export async function repeatHistory(pool: pg.Pool, from: string, to: string): Promise<void> {
  for (const [table, columns] of [
    ['events.heads', 'last_number, last_stamp, horizon'],
    ['events.events', 'number, id, stream, type, version, data, app, device, stamp, recorded_at'],
    ['projections.plays', `episode_id, ${names.join(', ')}`],
  ])
    await pool.query(
      `insert into ${table} (user_id, ${columns}) select $2, ${columns} from ${table} where user_id = $1`,
      [from, to],
    )
}
