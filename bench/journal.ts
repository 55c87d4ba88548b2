import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { appendStatement, readHeadAndNewest } from '../src/journal/statements.ts'
import type { UserId } from '../src/kernel/brand.ts'
import { success } from '../src/kernel/endpoint.ts'
import { isRefusal } from '../src/kernel/refusal.ts'
import { play } from '../src/plays/decider.ts'
import { plays } from '../src/plays/projection.ts'
import { everything } from '../src/podcast/seen.ts'
import { benchDatabase, benchInstance, median, printTable } from './support/instance.ts'

/**
 * Guarded append of one event with the play's read model, fsync on: the journal's own commit beside the same two
 * statements on plain prepared `pg`, and beside the textbook's transaction of prepared statements. Rounds alternate,
 * so that what else the machine does falls on all alike.
 */
const seconds = Number(process.env.BENCH_SECONDS ?? 3)
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const users = Array.from({ length: 200 }, () => randomUUID() as UserId)
const episodes = Array.from({ length: 50 }, () => uuidv7())
const podcast = uuidv7()

const database = await benchDatabase()
const instance = await benchInstance(database.url, 16)
const pool = new pg.Pool({ connectionString: database.url, max: 16 })
let counter = 0
const pick = () => {
  counter++
  return {
    user: users[counter % users.length] as UserId,
    episode: episodes[counter % 47] as string,
    position: counter % 3000,
  }
}

async function ours(): Promise<void> {
  const { user, episode, position } = pick()
  const now = Date.now()
  const said = await instance.journal.commit(
    { user, author: { app: 'bench', device: null }, now, request: null },
    async (unit) => {
      const edit = {
        podcast,
        position,
        played: false,
        duration: 3600,
        started: null,
        reset: false,
        at: now,
        sentAt: now,
        seen: everything,
      }
      const decided = unit.decide(play, episode, edit)
      return isRefusal(decided) ? decided : success
    },
    { decider: play, id: episode },
  )
  if (isRefusal(said)) throw new Error(said.message)
}

const append = appendStatement([plays], { answer: false, heard: false, gone: false })

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
    started: null,
    at: Date.now(),
    startedOver: null,
    asSent: true,
    merged: false,
  },
  app: 'bench',
  device: null,
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
  echo: null,
})

/** The journal's two statements, without the journal. */
async function plain(): Promise<void> {
  for (;;) {
    const { user, episode, position } = pick()
    const opened = await pool.query({ ...readHeadAndNewest, values: [user, null, `play/${episode}`] })
    const { lastNumber, lastStamp } = opened.rows[0]
    const number = Number(lastNumber) + 1
    const stamp = Math.max(Math.floor(Date.now() / 1000), Number(lastStamp) + 1)
    const written = await pool.query({
      ...append,
      values: [
        user,
        lastNumber,
        number,
        stamp,
        JSON.stringify([eventOf(number, episode, position)]),
        null,
        null,
        Date.now(),
        JSON.stringify([rowOf(number, stamp, episode, position)]),
      ],
    })
    if (written.rowCount === 1) return
  }
}

/** Lock, read, append, project, commit: a prepared statement each. */
async function textbook(): Promise<void> {
  const { user, episode, position } = pick()
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query({
      name: 't-make',
      text: 'insert into events.heads (user_id) values ($1) on conflict do nothing',
      values: [user],
    })
    const head = await client.query({
      name: 't-lock',
      text: 'select last_number, last_stamp from events.heads where user_id = $1 for update',
      values: [user],
    })
    const number = Number(head.rows[0].last_number) + 1
    const stamp = Math.max(Math.floor(Date.now() / 1000), Number(head.rows[0].last_stamp) + 1)
    await client.query({
      name: 't-newest',
      text: 'select data from events.events where user_id = $1 and stream = $2 order by number desc limit 1',
      values: [user, `play/${episode}`],
    })
    const event = eventOf(number, episode, position)
    await client.query({
      name: 't-append',
      text: `insert into events.events (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now())`,
      values: [
        user,
        number,
        event.id,
        event.stream,
        event.type,
        event.version,
        event.data,
        event.app,
        event.device,
        stamp,
      ],
    })
    await client.query({
      name: 't-arrive',
      text: 'insert into events.arrivals (user_id, first, last) values ($1, $2, $2)',
      values: [user, number],
    })
    await client.query({
      name: 't-head',
      text: 'update events.heads set last_number = $2, last_stamp = $3 where user_id = $1',
      values: [user, number, stamp],
    })
    const row = rowOf(number, stamp, episode, position)
    await client.query({
      name: 't-project',
      text: `insert into projections.plays (user_id, episode_id, podcast_id, position, played, duration, updated_at, number, stamp, echo)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        on conflict (user_id, episode_id) do update set podcast_id = excluded.podcast_id, position = excluded.position,
          played = excluded.played, duration = excluded.duration, updated_at = excluded.updated_at,
          number = excluded.number, stamp = excluded.stamp, echo = excluded.echo`,
      values: [
        user,
        row.episode_id,
        row.podcast_id,
        row.position,
        row.played,
        row.duration,
        row.updated_at,
        row.number,
        row.stamp,
        row.echo,
      ],
    })
    await client.query('commit')
  } finally {
    client.release()
  }
}

/** Commands per second of so many writers, each one command after the other. */
async function rate(command: () => Promise<void>, writers: number): Promise<number> {
  const end = performance.now() + seconds * 1000
  let done = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async () => {
      while (performance.now() < end) {
        await command()
        done++
      }
    }),
  )
  return (done * 1000) / (performance.now() - started)
}

const candidates = { journal: ours, 'same statements, plain pg': plain, 'transaction, prepared pg': textbook }
for (const command of Object.values(candidates)) await rate(command, 4)
const table: Record<string, string | number>[] = []
for (const writers of [1, 16]) {
  const rates: Record<string, number[]> = {
    journal: [],
    'same statements, plain pg': [],
    'transaction, prepared pg': [],
  }
  for (let round = 0; round < rounds; round++) {
    for (const [name, command] of Object.entries(candidates)) rates[name]?.push(await rate(command, writers))
  }
  const of = (name: string) => median(rates[name] ?? [])
  for (const name of Object.keys(candidates)) {
    const ratios = (rates.journal ?? []).map((mine, i) => mine / (rates[name]?.[i] ?? Number.NaN))
    table.push({ writers, what: name, 'commands/s': Math.round(of(name)), 'journal is': median(ratios).toFixed(2) })
  }
}
printTable(`Guarded append + play read model, fsync on, median of ${rounds} rounds of ${seconds} s`, table)
await pool.end()
await instance.stores.close()
await database.close()
