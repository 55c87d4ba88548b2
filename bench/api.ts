import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { plays } from '../src/plays/projection.ts'
import { type BenchUser, benchDatabase, benchInstance, benchUsers, median, printTable } from './support/instance.ts'
import { httpRequest, load, once } from './support/load.ts'

/**
 * The REST API over HTTP, fsync on, 200 users with signed tokens, 16 connections, the load from this process and the
 * server in another. Everything is told as a ratio to the empty handler of the same round.
 */
const seconds = Number(process.env.BENCH_SECONDS ?? 3)
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const connections = 16

const b64 = (text: string) => Buffer.from(text).toString('base64url')
const feeds = Array.from({ length: 20 }, (_, i) => b64(`https://feeds.example/${i}.xml`))
const item = (feed: number, n: number) => b64(`guid-${feed}-${n},https://media.example/${feed}/${n}.mp3`)

const database = await benchDatabase()
const instance = await benchInstance(database.url)
const users = await benchUsers(instance, 212)
const crowd = users.slice(0, 200)
const child = fork(fileURLToPath(new URL('support/api-server.ts', import.meta.url)), [database.url])
const ports = await new Promise<{ api: number; bare: number }>((resolve, reject) => {
  child.once('message', (message) => resolve(message as { api: number; bare: number }))
  child.once('exit', () => reject(new Error('the server did not start')))
})

const playEntry = (n: number, at = Date.now()) => ({
  rss_source_feed: feeds[n % 20],
  rss_source_item: item(n % 20, Math.floor(n / 20)),
  position: n % 3000,
  played: n % 5 === 0,
  updated_at: new Date(at).toISOString(),
})

const sync = (user: BenchUser, body: unknown) => once(ports.api, httpRequest('POST', '/api/v1/sync', user.bearer, body))
const tokenOf = (answer: { body: unknown }) => (answer.body as { sync_token: string }).sync_token

// Throughput. Each user has 100 plays; an incremental sync is told one that another device changed since.
const tokens: string[] = []
for (const user of crowd) {
  const first = await sync(user, { changes: { plays: Array.from({ length: 100 }, (_, n) => playEntry(n)) } })
  const { updated_at: _, ...one } = playEntry(7)
  await instance.endpoints
    .find((e) => e.method === 'post' && e.path === '/play')
    ?.handle({
      body: {
        ...one,
        rss_source_feed: 'https://feeds.example/7.xml',
        rss_source_item: { guid: 'guid-7-0', enclosure: 'https://media.example/7/0.mp3' },
      },
      origin: { user: user.id, author: { app: 'other', device: 'other' }, now: Date.now(), request: null },
    } as never)
  tokens.push(tokenOf(first))
}
let turn = 0
const playBody = () => {
  const { updated_at: _, ...body } = playEntry(turn % 100)
  return { ...body, position: turn % 3600, duration: 3600 }
}
const userAt = (n: number) => crowd[n % crowd.length] as BenchUser
const post = (path: string, body: () => unknown) => () => {
  turn++
  return httpRequest('POST', path, userAt(turn).bearer, body())
}
const cases = {
  'bare Koa': { port: ports.bare, next: () => httpRequest('GET', '/', null) },
  'empty handler, play': { port: ports.api, next: post('/api/v1/bench/empty-play', playBody) },
  'POST /play': { port: ports.api, next: post('/api/v1/play', playBody) },
  'empty handler, sync': {
    port: ports.api,
    next: post('/api/v1/bench/empty-sync', () => ({ last_sync: tokens[turn % crowd.length], changes: {} })),
  },
  'POST /sync, incremental': {
    port: ports.api,
    next: post('/api/v1/sync', () => ({ last_sync: tokens[turn % crowd.length], changes: {} })),
  },
}
for (const { port, next } of Object.values(cases)) await load(port, connections, 1, next)
const rates: Record<string, number[]> = {}
for (let round = 0; round < rounds; round++) {
  for (const [name, { port, next }] of Object.entries(cases)) {
    rates[name] = [...(rates[name] ?? []), await load(port, connections, seconds, next)]
  }
}
const ratio = (name: string, to: string) =>
  median((rates[name] ?? []).map((r, i) => r / (rates[to]?.[i] ?? Number.NaN))).toFixed(2)
const line = (name: string, to: string | null, goal: string) => ({
  what: name,
  'requests/s': Math.round(median(rates[name] ?? [])),
  'of empty handler': to === null ? '' : ratio(name, to),
  goal,
})
printTable(`200 users, ${connections} connections, fsync on, median of ${rounds} rounds of ${seconds} s`, [
  line('bare Koa', null, ''),
  line('empty handler, play', null, ''),
  line('POST /play', 'empty handler, play', '0.13'),
  line('empty handler, sync', null, ''),
  line('POST /sync, incremental', 'empty handler, sync', '0.35'),
])

// One user's 10,000 plays, beside inserting the same rows by SQL.
const many = 10_000
const pool = new pg.Pool({ connectionString: database.url, max: 1 })
const episodes = Array.from({ length: many }, () => uuidv7())
const podcast = uuidv7()

async function bySql(): Promise<number> {
  const user = randomUUID()
  const stamp = Math.floor(Date.now() / 1000)
  const at = Date.now()
  const events = episodes.map((episode, i) => ({
    number: i + 1,
    id: randomUUID(),
    stream: `play/${episode}`,
    type: 'PositionMoved',
    version: 1,
    data: {
      podcast,
      position: i,
      played: false,
      duration: null,
      started: null,
      at,
      startedOver: null,
      asSent: true,
      merged: false,
    },
    app: 'bench',
    device: 'bench',
  }))
  const rows = episodes.map((episode, i) => ({
    episode_id: episode,
    podcast_id: podcast,
    position: i,
    played: false,
    duration: null,
    updated_at: new Date(at).toISOString(),
    number: i + 1,
    stamp,
    echo: 'bench\nbench',
  }))
  const started = performance.now()
  const client = await pool.connect()
  await client.query('begin')
  await client.query(
    `insert into events.events (user_id, number, id, stream, type, version, data, app, device, stamp, recorded_at)
     select $1, x.number, x.id, x.stream, x.type, x.version, x.data, x.app, x.device, $3, now()
     from jsonb_to_recordset($2::jsonb) as x(number bigint, id uuid, stream text, type text, version smallint, data jsonb, app text, device text)`,
    [user, JSON.stringify(events), stamp],
  )
  const names = plays.columns.map((c) => c.name)
  await client.query(
    `insert into projections.plays (user_id, episode_id, ${names.join(', ')})
     select $1, x.episode_id, ${names.map((n) => `x.${n}`).join(', ')}
     from jsonb_to_recordset($2::jsonb) as x(episode_id uuid, ${plays.columns.map((c) => `${c.name} ${c.type}`).join(', ')})`,
    [user, JSON.stringify(rows)],
  )
  await client.query('commit')
  client.release()
  return performance.now() - started
}

const firstSync = (user: BenchUser, from: number) =>
  sync(user, { changes: { plays: Array.from({ length: many }, (_, n) => playEntry(from + n)) } })
const timings: Record<'sql' | 'known' | 'fresh', number[]> = { sql: [], known: [], fresh: [] }
await bySql()
await firstSync(users[200] as BenchUser, 1_000_000)
for (let round = 0; round < 5; round++) {
  timings.sql.push(await bySql())
  timings.known.push((await firstSync(users[201 + round] as BenchUser, 1_000_000)).ms)
  timings.fresh.push((await firstSync(users[206 + round] as BenchUser, 2_000_000 + round * many)).ms)
}
const times = (name: 'known' | 'fresh') =>
  median(timings[name].map((ms, i) => ms / (timings.sql[i] ?? Number.NaN))).toFixed(2)
printTable('One request with 10,000 plays, median of 5', [
  { what: 'the rows by SQL', ms: Math.round(median(timings.sql)), 'times the SQL': '', goal: '' },
  {
    what: '/sync, episodes known here',
    ms: Math.round(median(timings.known)),
    'times the SQL': times('known'),
    goal: 'at most 4',
  },
  {
    what: '/sync, episodes never seen',
    ms: Math.round(median(timings.fresh)),
    'times the SQL': times('fresh'),
    goal: 'at most 4',
  },
])

// An incremental sync does not care how much there is.
const light = users[211] as BenchUser
const heavy = users[210] as BenchUser
let lightToken = tokenOf(await sync(light, { changes: { plays: Array.from({ length: 100 }, (_, n) => playEntry(n)) } }))
let heavyToken = ''
for (let part = 0; part < 4; part++) {
  const entries = Array.from({ length: 25_000 }, (_, n) => playEntry(3_000_000 + part * 25_000 + n))
  heavyToken = tokenOf(await sync(heavy, { changes: { plays: entries } }))
}
await pool.query('vacuum analyze')
const spans: Record<'light' | 'heavy', number[]> = { light: [], heavy: [] }
for (let round = 0; round < 400; round++) {
  const edit = () => ({ plays: [{ ...playEntry(3_000_000 + (round % 100)), position: round }] })
  const a = await sync(light, { last_sync: lightToken, changes: edit() })
  const b = await sync(heavy, { last_sync: heavyToken, changes: edit() })
  lightToken = tokenOf(a)
  heavyToken = tokenOf(b)
  spans.light.push(a.ms)
  spans.heavy.push(b.ms)
}
printTable('Incremental sync with one edit, median of 400', [
  { 'plays of the user': 100, ms: median(spans.light).toFixed(2), ratio: '', goal: '' },
  {
    'plays of the user': 100_000,
    ms: median(spans.heavy).toFixed(2),
    ratio: (median(spans.heavy) / median(spans.light)).toFixed(2),
    goal: 'at most 1.3',
  },
])

child.disconnect()
await pool.end()
await instance.stores.close()
await database.close()
