import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { createCredentials } from '../src/accounts/credentials.ts'
import type { UserId } from '../src/kernel/brand.ts'
import { isRefusal } from '../src/kernel/refusal.ts'
import { benchDatabase, benchInstance, benchUsers, median, printTable } from './support/instance.ts'
import { httpRequest, load } from './support/load.ts'
import { memoryOf } from './support/memory.ts'
import { commitPlain, insertBySql, repeatHistory } from './support/plain-plays.ts'

/**
 * The gPodder API over HTTP, fsync on, the load from this process and the server in another. 200 users upload,
 * another 200 and a few with a long history poll, each with the cookie of a log-in, as AntennaPod does. Everything is told as a ratio to something measured in the same run;
 * ends with 1 where a goal is missed.
 */
const seconds = Number(process.env.BENCH_SECONDS ?? 0.7)
const rounds = Number(process.env.BENCH_ROUNDS ?? 7)
const connections = 16
const long = 20_000

interface Client {
  readonly id: UserId
  readonly username: string
  readonly basic: string
  readonly cookie: string
}

const database = await benchDatabase()
const instance = await benchInstance(database.url)
const pool = new pg.Pool({ connectionString: database.url, max: 1 })

async function startWeb(): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(fileURLToPath(new URL('support/gpodder-server.ts', import.meta.url)), [database.url])
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number))
    child.once('exit', () => reject(new Error('the server did not start')))
  })
  return { child, port }
}
const { child, port } = await startWeb()

const credentials = createCredentials(instance.stores.system, Date.now, { note: () => {}, flush: async () => {} })
async function logIn(id: UserId): Promise<Client> {
  const found = await pool.query<{ username: string }>('select username from system.users where id = $1', [id])
  const username = found.rows[0]?.username ?? ''
  const made = await credentials.make(id, 'app_password', 'Bench')
  if (isRefusal(made)) throw new Error(made.message)
  const basic = `Basic ${Buffer.from(`${username}:${made.secret}`).toString('base64')}`
  const url = `http://127.0.0.1:${port}/api/2/auth/${username}/login.json`
  const said = await fetch(url, { method: 'POST', headers: { authorization: basic } })
  const cookie = said.headers.getSetCookie()[0]?.split(';')[0]
  if (!cookie) throw new Error(`no cookie at log-in: ${said.status}`)
  return { id, username, basic, cookie: `Cookie: ${cookie}` }
}
const clients: Client[] = []
for (const { id } of await benchUsers(instance, 620)) clients.push(await logIn(id as UserId))
const crowd = clients.slice(0, 200)
const idle = clients.slice(200, 400)
const readers = clients.slice(400, 408)
/** Other people than those with cookies: nobody here has two clients that only ever write. */
const byPassword = clients.slice(408, 608)
const others = clients.slice(608)

const action = (n: number, position: number, at = Date.now()) => ({
  podcast: `https://feeds.example/${n % 20}.xml`,
  episode: `https://media.example/${n % 20}/${n}.mp3`,
  guid: `guid-${n}`,
  device: 'phone',
  action: 'play',
  timestamp: new Date(at).toISOString().slice(0, 19),
  started: 0,
  position,
  total: 3600,
})
const yesterday = Date.now() - 24 * 60 * 60 * 1000
const history = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => action(from + n, n % 3000, yesterday))

async function ask<T>({ username, cookie }: Client, method: string, query: string, body?: unknown, at = port) {
  const started = performance.now()
  const response = await fetch(`http://127.0.0.1:${at}/api/2/episodes/${username}.json${query}`, {
    method,
    headers: { cookie: cookie.slice('Cookie: '.length) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${(await response.text()).slice(-300)}`)
  const said = (await response.json()) as T
  return { ms: performance.now() - started, said }
}
const upload = (client: Client, actions: readonly unknown[]) => ask(client, 'POST', '', actions)
const download = (client: Client, at?: number) =>
  ask<{ actions: unknown[]; timestamp: number }>(client, 'GET', '?since=0', undefined, at)

for (const client of [...crowd, ...byPassword, ...idle]) await upload(client, history(0, 100))
const [reader] = readers as [Client]
await upload(reader, history(0, long))
for (const other of readers.slice(1)) await repeatHistory(pool, reader.id, other.id)
await pool.query('vacuum analyze')

let turn = 0
const of = (some: readonly Client[]) => some[turn % some.length] as Client
const newPlay = () => [action(Math.floor(turn / crowd.length) % 100, turn % 3600)]
const post = (path: string, by: 'cookie' | 'basic') => () => {
  turn++
  const { username, basic, cookie } = of(by === 'basic' ? byPassword : crowd)
  const address = `/api/2/${path}/${username}.json`
  return by === 'basic'
    ? httpRequest('POST', address, basic, newPlay())
    : httpRequest('POST', address, null, newPlay(), [cookie])
}
const poll = (path: string, some: readonly Client[]) => () => {
  turn++
  const { username, cookie } = of(some)
  return httpRequest('GET', `/api/2/${path}/${username}.json?since=${Math.floor(Date.now() / 1000)}`, null, undefined, [
    cookie,
  ])
}
const over = (count: number, next: () => Buffer) => (span: number) => load(port, count, span, next)
async function plainCommits(span: number): Promise<number> {
  const [client, started] = [others[0] as Client, performance.now()]
  let done = 0
  for (; performance.now() < started + span * 1000; done++) await commitPlain(pool, client.id)
  return (done * 1000) / (performance.now() - started)
}

const cases = {
  'empty handler, upload': over(connections, post('empty', 'cookie')),
  'POST of one action': over(connections, post('episodes', 'cookie')),
  'empty handler, upload, Basic': over(connections, post('empty', 'basic')),
  'POST of one action, Basic': over(connections, post('episodes', 'basic')),
  'empty handler, poll': over(connections, poll('empty', idle)),
  'GET since=now, a history of 100': over(connections, poll('episodes', idle)),
  'GET since=now, a history of 20,000': over(connections, poll('episodes', readers)),
  'plain pg commit of the rows': plainCommits,
  'POST of one action, one connection': over(1, post('episodes', 'cookie')),
} as const
type Case = keyof typeof cases

/** Lets the followers of the journal come to the end of what other cases wrote: a case pays for its own events only. */
async function followed(): Promise<void> {
  for (const until = performance.now() + 10_000; performance.now() < until; await sleep(50)) {
    const { rows } = await pool.query<{ behind: boolean }>(
      `select exists (select from events.arrivals)
        or exists (select from projections.followers f, events.store s where f.position < s.position) as behind`,
    )
    if (!rows[0]?.behind) return
  }
}

for (const run of Object.values(cases)) await run(0.5)
const rates = new Map<Case, number[]>()
for (let round = 0; round < rounds; round++)
  for (const [name, run] of Object.entries(cases) as [Case, (span: number) => Promise<number>][]) {
    await followed()
    rates.set(name, [...(rates.get(name) ?? []), await run(seconds)])
  }

let missed = false
const judged = (value: number, goal: number, least: boolean, unit = ''): string => {
  const met = least ? value >= goal : value <= goal
  missed ||= !met
  return `${least ? 'at least' : 'at most'} ${goal}${unit}${met ? '' : ': MISSED'}`
}
const line = (what: Case, beside?: Case, goal?: number) => {
  const own = rates.get(what) ?? []
  const ratio = beside && median(own.map((rate, i) => rate / (rates.get(beside)?.[i] ?? Number.NaN)))
  return {
    what,
    'a second': Math.round(median(own)),
    ratio: ratio?.toFixed(2) ?? '',
    of: beside ?? '',
    goal: ratio !== undefined && goal !== undefined ? judged(ratio, goal, true) : '',
  }
}
printTable(`${crowd.length} users, ${connections} connections, fsync on, median of ${rounds} rounds of ${seconds} s`, [
  line('empty handler, upload'),
  line('POST of one action', 'empty handler, upload', 0.13),
  line('empty handler, upload, Basic'),
  line('POST of one action, Basic', 'empty handler, upload, Basic', 0.13),
  line('empty handler, poll'),
  line('GET since=now, a history of 100', 'empty handler, poll', 0.35),
  line('GET since=now, a history of 20,000', 'empty handler, poll', 0.35),
  line('GET since=now, a history of 20,000', 'GET since=now, a history of 100', 0.8),
  line('plain pg commit of the rows'),
  line('POST of one action, one connection', 'plain pg commit of the rows', 0.5),
])

// One request with 10,000 actions, beside inserting the same rows by SQL.
const many = 10_000
const episodes = Array.from({ length: many }, () => uuidv7())
const timings = { sql: [] as number[], known: [] as number[], fresh: [] as number[] }
await insertBySql(pool, randomUUID(), episodes)
await upload(others[1] as Client, history(1_000_000, many))
for (let round = 0; round < 3; round++) {
  timings.sql.push(await insertBySql(pool, randomUUID(), episodes))
  timings.known.push((await upload(others[2 + round] as Client, history(1_000_000, many))).ms)
  timings.fresh.push((await upload(others[5 + round] as Client, history(2_000_000 + round * many, many))).ms)
}
const times = (name: 'known' | 'fresh') => median(timings[name].map((ms, i) => ms / (timings.sql[i] ?? Number.NaN)))
const timed = (what: string, name: keyof typeof timings) => ({
  what,
  ms: Math.round(median(timings[name])),
  'times the SQL': name === 'sql' ? '' : times(name).toFixed(2),
  goal: name === 'sql' ? '' : judged(times(name), 4, false),
})
printTable('One request with 10,000 actions, median of 3', [
  timed('the rows by SQL', 'sql'),
  timed('POST, episodes known here', 'known'),
  timed('POST, episodes never seen', 'fresh'),
])

// A first download, by a server that has done nothing yet but one of the same kind.
const heavy = others[8] as Client
for (let part = 0; part < 5; part++) await upload(heavy, history(3_000_000 + part * long, long))
const fresh = await startWeb()
await download(others[1] as Client, fresh.port)
const downloads = []
for (const [client, count] of [
  [reader, long],
  [heavy, 5 * long],
] as const) {
  const { ms, said } = await download(client, fresh.port)
  if (said.actions.length !== count) throw new Error(`told ${said.actions.length} of ${count}`)
  const { before, during } = await memoryOf(fresh.child, () => download(client, fresh.port))
  downloads.push({ count, ms, held: during.held - before.held, resident: during.resident - before.resident })
}
const mb = (value: number) => `${value.toFixed(1)} MB`
const least = downloads[0]?.held ?? Number.NaN
printTable('A download of everything: memory of the server above what it had before', [
  ...downloads.map(({ count, ms, held, resident }) => ({
    actions: count,
    ms: Math.round(ms),
    'held at most': mb(held),
    'resident at most': mb(resident),
    goal: count === long ? '' : judged(held, Math.ceil(least + 8), false, ' MB'),
  })),
])

for (const web of [child, fresh.child]) web.disconnect()
await pool.end()
await instance.stores.close()
await database.close()
if (missed) process.exitCode = 1
