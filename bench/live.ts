import { type ChildProcess, fork } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { createCredentials } from '../src/accounts/credentials.ts'
import type { UserId } from '../src/kernel/brand.ts'
import { isRefusal } from '../src/kernel/refusal.ts'
import { type BenchUser, benchDatabase, benchInstance, benchUsers, printTable } from './support/instance.ts'
import { missedByBadReaders } from './support/live-readers.ts'
import { httpRequest, once } from './support/load.ts'

/**
 * From the request that changes something to the frame that tells it: two web processes on one PostgreSQL (fsync on),
 * half of the channels at each, changes made at both in turn. All clients are in this process.
 */
const channels = Number(process.env.BENCH_CHANNELS ?? 1_000)
const people = Number(process.env.BENCH_USERS ?? 200)
const perSecond = Number(process.env.BENCH_RATE ?? 20)
const seconds = Number(process.env.BENCH_SECONDS ?? 20)

const b64 = (text: string) => Buffer.from(text).toString('base64url')
const percentile = (sorted: readonly number[], p: number) =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN) * 10) / 10

const database = await benchDatabase()
const instance = await benchInstance(database.url)
// The last of them has no channel but those that listen badly.
const users = await benchUsers(instance, people + 1)
const startWeb = async (): Promise<{ child: ChildProcess; port: number }> => {
  const child = fork(fileURLToPath(new URL('support/live-server.ts', import.meta.url)), [database.url])
  return { child, port: await new Promise((resolve) => child.once('message', (port) => resolve(port as number))) }
}
const webs = [await startWeb(), await startWeb()] as const

const credentials = createCredentials(instance.stores.system, Date.now, { note: () => {}, flush: async () => {} })
async function playToken({ id }: BenchUser): Promise<string> {
  const made = await credentials.make(id as UserId, 'live', 'Bench')
  if (isRefusal(made)) throw new Error(made.message)
  return made.secret
}

/** When each change left, by the position it says; and how long each channel waited for it. */
const left = new Map<number, number>()
const waits: number[] = []

async function openChannel(token: string, port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.on('message', (data) => {
      const now = performance.now()
      const frame = JSON.parse(String(data))
      if (frame.status === 'connected') socket.send(JSON.stringify({ type: 'auth', token }))
      else if (frame.data?.user_id) socket.send('{"type":"subscribe"}')
      else if (frame.status === 'ok') resolve()
      else if (frame.type !== 'change') reject(new Error(String(data)))
      else for (const { position } of frame.changes.plays) waits.push(now - (left.get(position) ?? Number.NaN))
    })
  })
  return socket
}

const tokens = await Promise.all(users.map(playToken))
const sockets: WebSocket[] = []
for (let i = 0; i < channels; i += 20) {
  const some = Array.from({ length: Math.min(20, channels - i) }, (_, n) => i + n)
  const opened = some.map((n) => openChannel(tokens[n % people] as string, webs[Math.floor(n / people) % 2]?.port ?? 0))
  sockets.push(...(await Promise.all(opened)))
}

const posts: Promise<unknown>[] = []
let expected = 0
const started = performance.now()
for (let n = 0; n < perSecond * seconds; n++) {
  await sleep(Math.max(0, started + (n * 1000) / perSecond - performance.now()))
  const body = {
    rss_source_feed: b64(`https://feeds.example/${n % 20}.xml`),
    rss_source_item: b64(`guid-${n % 50},https://media.example/${n % 50}.mp3`),
    position: n,
    played: false,
  }
  const user = n % people
  expected += Math.floor(channels / people) + (user < channels % people ? 1 : 0)
  left.set(n, performance.now())
  const { bearer } = users[user] as BenchUser
  posts.push(once(webs[n % 2]?.port ?? 0, httpRequest('POST', '/api/v1/play', bearer, body)))
}
await Promise.all(posts)
for (const until = Date.now() + 5_000; waits.length < expected && Date.now() < until; ) await sleep(20)

waits.sort((a, b) => a - b)
printTable(`${channels} channels of ${people} users on two web processes, ${perSecond} changes a second`, [
  {
    'frames expected': expected,
    'frames told': waits.length,
    'p50 ms': percentile(waits, 0.5),
    'p99 ms': percentile(waits, 0.99),
    'worst ms': percentile(waits, 1),
  },
])
const missedByOthers = await missedByBadReaders({
  urls: [`http://127.0.0.1:${webs[0].port}`, `http://127.0.0.1:${webs[1].port}`],
  bearer: (users[people] as BenchUser).bearer,
  token: tokens[people] as string,
})
printTable(`The ${channels} others still open`, missedByOthers)
for (const socket of sockets) socket.terminate()
for (const { child } of webs) child.disconnect()
await instance.stores.close()
await database.close()
const missed = waits.length < expected || missedByOthers.some((reader) => reader.missed > 0)
if (missed || percentile(waits, 0.99) > 300) process.exitCode = 1
