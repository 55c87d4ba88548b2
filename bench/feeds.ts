import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Tally } from '../src/feeds/index.ts'
import { addKnownFeeds } from '../src/feeds/store.ts'
import type { PodcastId } from '../src/kernel/brand.ts'
import { hostOf } from '../src/podcast/names.ts'
import { benchDatabase, benchInstance, printTable } from './support/instance.ts'

/**
 * One refresh of 2,000 feeds of mixed size on 200 hosts, 10 % failing, 5 % slow, 5 % moved, beside a plain loop of
 * rss-parser over the same files; then a second refresh, of which nothing has changed. A web server of the same
 * instance answers requests meanwhile. Each part is a process of its own.
 */
const count = Number(process.env.BENCH_FEEDS ?? 2_000)
/** Milliseconds. */
const idleFor = 4_000
const goals = { delay: 50, memory: 600, again: 0.15 }

interface Run {
  readonly tally: Tally
  readonly ms: number
  readonly cpuMs: number
  readonly peak: number
}
interface Delay {
  readonly p99: number
  readonly max: number
  readonly cpuMs: number
}

const start = (file: string, ...args: string[]): ChildProcess =>
  fork(fileURLToPath(new URL(`support/${file}.ts`, import.meta.url)), args)
const heard = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T
async function ask<T>(child: ChildProcess): Promise<T> {
  const answer = heard<T>(child)
  child.send('go')
  return answer
}
const round = (value: number) => Math.round(value * 10) / 10
const percent = (value: number) => `${round(value * 100)} %`

const loop = await heard<{ ms: number; feeds: number; episodes: number; bytes: number }>(
  start('feed-loop', String(count)),
)

const database = await benchDatabase()
const instance = await benchInstance(database.url)
const origin = start('feed-origin', String(count))
const port = await heard<number>(origin)
/** Whether a feed is slow or fails goes by its number's last two digits: its host must not, or all slow ones share a few. */
const hostOfFeed = (n: number): string => {
  const host = (n + Math.floor(n / 100) * 7) % 200
  return `127.0.${1 + Math.floor(host / 100)}.${1 + (host % 100)}`
}
const urls = Array.from({ length: count }, (_, n) => `http://${hostOfFeed(n)}:${port}/${n}`)
const podcasts = await instance.catalog.podcasts(urls)
const named = urls.map((url) => ({ podcast: podcasts.get(url) as PodcastId, host: hostOf(url) }))
await addKnownFeeds(instance.stores.cache.pool, named, { wanted: true, now: Date.now() })

const spare = createServer().listen(0, '127.0.0.1')
await once(spare, 'listening')
const webPort = (spare.address() as { port: number }).port
await new Promise((resolve) => spare.close(resolve))
const web = start('feed-web', database.url, String(webPort))
await heard(web)
const worker = start('feed-worker', database.url)
await heard(worker)

/** Somebody looks at the server now and then. */
const visits = setInterval(() => void fetch(`http://127.0.0.1:${webPort}/.well-known/balados-sync`).catch(() => {}), 50)
await new Promise((resolve) => setTimeout(resolve, 1_000))
await ask<Delay>(web)
await new Promise((resolve) => setTimeout(resolve, idleFor))
const idle = await ask<Delay>(web)

const first = await ask<Run>(worker)
const busy = await ask<Delay>(web)
await instance.stores.cache.pool.query('update cache.feeds set next_check_at = now()')
const second = await ask<Run>(worker)
const busyAgain = await ask<Delay>(web)
const { rows } = await instance.stores.cache.pool.query('select count(*)::int as episodes from cache.feed_episodes')

clearInterval(visits)
for (const child of [origin, web, worker]) child.disconnect()
await instance.stores.close()
await database.close()

const row = (what: string, { tally, ms, cpuMs }: Run) => ({
  what,
  feeds: tally.changed + tally.unchanged + tally.failed,
  changed: tally.changed,
  unchanged: tally.unchanged,
  failed: tally.failed,
  seconds: round(ms / 1000),
  'CPU seconds': round(cpuMs / 1000),
  'feeds per second': round((count * 1000) / ms),
})
printTable(`${count} feeds, ${round(loop.bytes / 1e6)} MB, ${loop.episodes} episodes (${rows[0].episodes} kept)`, [
  {
    what: 'plain loop of rss-parser, nothing fetched or kept',
    feeds: loop.feeds,
    seconds: round(loop.ms / 1000),
    'feeds per second': round((loop.feeds * 1000) / loop.ms),
  },
  row('first refresh', first),
  row('second refresh, nothing changed', second),
])
const again = { wall: second.ms / first.ms, cpu: second.cpuMs / first.cpuMs }
const p99 = Math.max(busy.p99, busyAgain.p99)
const told = [
  [
    'event loop delay of the web role, p99',
    `${round(p99)} ms (idle ${round(idle.p99)})`,
    `< ${goals.delay} ms`,
    p99 < goals.delay,
  ],
  ['peak memory of the worker', `${Math.round(second.peak)} MB`, `< ${goals.memory} MB`, second.peak < goals.memory],
  ['second refresh by the first, time', percent(again.wall), `< ${percent(goals.again)}`, again.wall < goals.again],
  ['second refresh by the first, CPU', percent(again.cpu), `< ${percent(goals.again)}`, again.cpu < goals.again],
] as const
const share = (delay: Delay, run: Run) => percent(delay.cpuMs / run.ms)
console.log(
  `\nThe web role meanwhile took ${share(busy, first)} and ${share(busyAgain, second)} of a core, idle ${percent(idle.cpuMs / idleFor)}.`,
)
printTable(
  'Goals',
  told.map(([what, measured, goal, met]) => ({ what, measured, goal, met: met ? 'yes' : 'NO' })),
)
if (told.some(([, , , met]) => !met)) process.exitCode = 1
