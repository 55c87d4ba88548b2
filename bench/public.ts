import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { nameKey } from '../src/podcast/keys.ts'
import { canonicalFeed } from '../src/podcast/names.ts'
import { windows } from '../src/popularity/queries.ts'
import { formatCursor } from '../src/timeline/shown.ts'
import { benchDatabase, benchInstance, median, printTable } from './support/instance.ts'
import { httpRequest, load } from './support/load.ts'

/**
 * What everybody may read, over HTTP, 16 connections, fsync on, no limits: with 10,000 public events and with 1,000,000,
 * side by side. Everything is told as a ratio to the empty handler of the same round, which needs no token either.
 * Ends with 1 where a goal is missed.
 */
const seconds = Number(process.env.BENCH_SECONDS ?? 3)
const rounds = Number(process.env.BENCH_ROUNDS ?? 5)
const connections = 16
const sizes = { few: 10_000, many: Number(process.env.BENCH_EVENTS ?? 1_000_000) } as const
const goal = { ofEmpty: 0.15, slower: 1.3 }
const day = 86_400_000

const feedUrl = (n: number | '') => `https://feeds.example/podcast/${n}`

/** Podcasts, episodes, and what 10,000 listeners let others know of them within 45 days, some of it loved by most. */
async function fill(url: string, events: number): Promise<void> {
  const instance = await benchInstance(url)
  const podcasts = Math.ceil(events / 200)
  const episodes = Math.ceil(events / 20)
  const id = (kind: string, n: string) => `md5('${kind}' || ${n})::uuid`
  for (const sql of [
    `insert into system.podcasts (id, feed_url, fetched_at, created_at)
      select ${id('p', 'n')}, '${feedUrl('')}' || n, now(), now() from generate_series(1, ${podcasts}) n`,
    `insert into system.episodes (id, podcast_id, guid, enclosure_url, created_at)
      select ${id('e', 'n')}, ${id('p', `(n % ${podcasts} + 1)`)}, 'guid-' || n, 'https://media.example/' || n || '.mp3', now()
      from generate_series(1, ${episodes}) n`,
    `insert into projections.timeline (id, at, kind, podcast_id, episode_id, handle, people, comment)
      select ${id('t', 'n')}, date_trunc('milliseconds', now() - random() * interval '45 days'), kind,
        ${id('p', `(e % ${podcasts} + 1)`)}, case when kind <> 'subscribe' then ${id('e', 'e')} end,
        'listener_' || (random() * 10000)::int, 1, case when kind = 'share' then 'Worth an hour.' end
      from (select n, 1 + floor(${episodes - 1} * random() ^ 3)::int as e,
        (array['subscribe', 'play', 'play', 'play', 'save', 'share'])[1 + floor(random() * 6)::int] as kind
        from generate_series(1, ${events}) n) doings`,
    ...['podcast_id', 'episode_id'].flatMap((target) =>
      ['popularity_hours (target_id, hour,', 'popularity_totals (target_id, podcast_id, is_episode,'].map((into) => {
        const hours = into.startsWith('popularity_hours')
        const keys = hours ? `${target}, (extract(epoch from at) / 3600)::int` : `${target}, podcast_id`
        const count = (kind: string) => `count(*) filter (where kind = '${kind}')`
        const counts = ['subscribe', 'play', 'save', 'share'].map(count).join(', ')
        const more = hours ? '' : `${target === 'episode_id'},`
        return `insert into projections.${into} subscribes, plays, saves, shares)
          select ${keys}, ${more} ${counts} from projections.timeline where ${target} is not null group by ${keys}`
      }),
    ),
    'vacuum analyze',
  ])
    await instance.stores.projections.pool.query(sql)
  const keys = Array.from({ length: podcasts }, (_, n) => nameKey('url', canonicalFeed(feedUrl(n + 1))))
  await instance.stores.system.pool.query(
    `insert into system.podcast_aliases (key, podcast_id)
      select key, ${id('p', 'n')} from unnest($1::uuid[]) with ordinality as x(key, n)`,
    [keys],
  )
  await instance.publicity.refresh()
  await instance.stores.projections.pool.query('vacuum analyze')
  await instance.stores.close()
}

async function serverOn(url: string) {
  const child = fork(fileURLToPath(new URL('support/public-server.ts', import.meta.url)), [url])
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(message as number))
    child.once('exit', () => reject(new Error('the server did not start')))
  })
  return { port, end: () => child.disconnect() }
}

const database = await benchDatabase()
const admin = new pg.Client(database.url)
await admin.connect()
const servers: Record<keyof typeof sizes, Awaited<ReturnType<typeof serverOn>>> = Object.create(null)
for (const [size, events] of Object.entries(sizes) as [keyof typeof sizes, number][]) {
  await admin.query(`create database bench_${size}`)
  const url = new URL(database.url)
  url.pathname = `bench_${size}`
  const started = performance.now()
  await fill(url.toString(), events)
  console.log(`${events} events filled in ${((performance.now() - started) / 1000).toFixed(1)} s`)
  servers[size] = await serverOn(url.toString())
}

let turn = 0
/** Somewhere on the newest fifty pages; never the same twice within the second for which answers are remembered. */
const below = (events: number) => {
  const at = Date.now() - Math.floor(Math.random() * 45 * day * (1_000 / events))
  return formatCursor({ at, id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' })
}
const get = (path: string) => httpRequest('GET', `/api/v1/public${path}`, null)
const cases: Record<string, (events: number) => Buffer> = {
  'empty handler': () => httpRequest('GET', '/api/v1/bench/empty-public?limit=20', null),
  'trending podcasts': () => get('/trending/podcasts'),
  'trending episodes': () => get('/trending/episodes'),
  timeline: () => get('/timeline'),
  "trending of a podcast's episodes, each looked up": () => {
    const feed = Buffer.from(feedUrl(1 + (turn++ % (sizes.few / 200)))).toString('base64url')
    return get(
      `/trending/episodes?feed=${feed}&window=${windows[turn % 4]}&limit=${20 + Math.floor(Math.random() * 80)}`,
    )
  },
  'timeline, each page looked up': (events: number) => get(`/timeline?before=${below(events)}`),
}
const names = Object.keys(cases)
const requests = (name: string, size: string) => () => (cases[name] as (events: number) => Buffer)(sizes[size as 'few'])
const rates: Record<string, number[]> = {}
const key = (size: string, name: string) => `${size} ${name}`
for (const [size, { port }] of Object.entries(servers))
  for (const name of names) await load(port, connections, 1, requests(name, size))
for (let round = 0; round < rounds; round++)
  for (const name of names)
    for (const [size, { port }] of Object.entries(servers)) {
      const at = key(size, name)
      rates[at] = [...(rates[at] ?? []), await load(port, connections, seconds, requests(name, size))]
    }

const of = (size: string, name: string) => rates[key(size, name)] ?? []
const ratio = (a: readonly number[], b: readonly number[]) => median(a.map((rate, i) => rate / (b[i] ?? Number.NaN)))
let missed = 0
const check = (met: boolean) => {
  if (!met) missed++
  return met ? 'met' : 'MISSED'
}
printTable(
  `${connections} connections, median of ${rounds} rounds of ${seconds} s`,
  names.map((name) => {
    const empty = name === 'empty handler'
    const ofEmpty = Object.keys(sizes).map((size) => ratio(of(size, name), of(size, 'empty handler')))
    const slower = ratio(of('few', name), of('many', name))
    return {
      what: name,
      [`requests/s, ${sizes.few}`]: Math.round(median(of('few', name))),
      [`requests/s, ${sizes.many}`]: Math.round(median(of('many', name))),
      'of empty handler': empty ? '' : ofEmpty.map((r) => r.toFixed(2)).join(', '),
      [`at least ${goal.ofEmpty}`]: empty ? '' : check(Math.min(...ofEmpty) >= goal.ofEmpty),
      'times slower with many': empty ? '' : slower.toFixed(2),
      [`at most ${goal.slower}`]: empty ? '' : check(slower <= goal.slower),
    }
  }),
)
for (const { end } of Object.values(servers)) end()
await admin.end()
await database.close()
process.exitCode = missed > 0 ? 1 : 0
