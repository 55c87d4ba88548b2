import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, feedId, itemId } from '../support/instance.ts'
import { playTokenFor } from '../support/live.ts'
import { createLiveReader, type LiveReader, learn } from '../support/live-reader.ts'
import { startLiveServer } from '../support/live-server.ts'
import { runs } from '../support/runs.ts'
import { startTwoServers, type TwoServers } from '../support/two-servers.ts'

const feed = (i: number) => feedId(`https://feeds.example/cuts-${i}.rss`)
const item = (i: number) => itemId(`guid-${i}`, `https://media.example/${i}.mp3`)
const readers = 3
const doors = 3
/** Playlists that are large enough together to fill what the system keeps for a connection that nobody reads. */
const lists = Array.from({ length: 400 }, () => randomUUID())
const filling = 'x'.repeat(4_000)

/** This process, and another one. */
let servers: TwoServers
beforeAll(async () => {
  servers = await startTwoServers()
})
afterAll(() => servers.close())

type Step =
  | { readonly do: 'play' | 'say' | 'subscribe'; readonly what: number; readonly server: number; readonly who: number }
  | { readonly do: 'batch'; readonly what: number; readonly server: number }
  | { readonly do: 'flood'; readonly what: number; readonly server: number; readonly size: number }
  | { readonly do: 'attach'; readonly who: number; readonly door: number; readonly sse: boolean; readonly back: number }
  | { readonly do: 'die' | 'pause' | 'resume'; readonly who: number }
  | { readonly do: 'wait'; readonly ms: number }

const what = fc.nat(900)
const server = fc.nat(1)
const who = fc.nat(readers - 1)
const some = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary })
const step: fc.Arbitrary<Step> = fc.oneof(
  some(8, fc.record({ do: fc.constantFrom('play', 'say', 'subscribe'), what, server, who })),
  some(3, fc.record({ do: fc.constant('batch'), what, server })),
  some(1, fc.record({ do: fc.constant('flood'), what, server, size: fc.constantFrom(20, 20, 20, lists.length) })),
  some(4, fc.record({ do: fc.constant('attach'), who, door: fc.nat(doors - 1), sse: fc.boolean(), back: fc.nat(4) })),
  some(4, fc.record({ do: fc.constantFrom('die', 'pause', 'resume'), who })),
  some(3, fc.record({ do: fc.constant('wait'), ms: fc.nat(40) })),
)
/** What is asked in one turn is asked at once. */
const script = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 3, maxLength: 15 })

/** A socket and a stream that are not read while more is told than the system keeps for them. */
const unread: Step[][] = [
  [0, 1].map((who) => ({ do: 'attach', who, door: 2, sse: who === 1, back: 0 })),
  [
    { do: 'pause', who: 0 },
    { do: 'pause', who: 1 },
  ],
  ...Array.from({ length: 8 }, (_, what): Step[] => [{ do: 'flood', what, server: what % 2, size: lists.length }]),
  [{ do: 'wait', ms: 700 }],
]

test('a channel that is read slowly, dies, or comes back with an old token misses nothing', {
  timeout: 1_800_000,
}, async () => {
  const impatient = await startLiveServer(servers.here, {
    times: { mostBuffered: 1_000, patience: 100, look: 10, farewell: 500, sweep: 1_000 },
  })
  const urls = [servers.here.url, servers.url, impatient.url]

  async function change(app: App, at: number, method: string, path: string, body: unknown): Promise<void> {
    const { status, body: said } = await (at === 0
      ? app.call(method, path, body)
      : servers.there(app, method, path, body))
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(said)}`)
  }

  async function take(app: App, devices: readonly LiveReader[], now: Step): Promise<void> {
    if ('ms' in now) return sleep(now.ms)
    if (!('what' in now) && !('door' in now)) return devices[now.who]?.[now.do]()
    if ('door' in now) return devices[now.who]?.attach(urls[now.door] ?? '', now.sse ? 'events' : 'websocket', now.back)
    const body = { rss_source_feed: feed(0), rss_source_item: item(now.what % 6), position: now.what, played: false }
    if (now.do === 'play') return change(app, now.server, 'post', '/play', body)
    if (now.do === 'say') {
      const { rss_source_feed: feed, rss_source_item: item, position } = body
      return devices[now.who]?.say({ type: 'record_play', feed, item, position })
    }
    if (now.do === 'subscribe')
      return now.what % 3 === 0
        ? change(app, now.server, 'delete', `/subscriptions/${feed(now.what % 4)}`, undefined)
        : change(app, now.server, 'post', '/subscriptions', { rss_source_feed: feed(now.what % 4) })
    const updated_at = new Date().toISOString()
    if ('size' in now) {
      const list = { description: `${now.what} ${filling}`, is_public: false, updated_at, items: [] }
      const playlists = lists.slice(0, now.size).map((id, i) => ({ id, name: `${i}`, ...list }))
      return change(app, now.server, 'post', '/sync', { changes: { playlists } })
    }
    const plays = Array.from({ length: 40 }, (_, i) => ({ ...body, rss_source_item: item(i), updated_at }))
    return change(app, now.server, 'post', '/sync', { changes: { plays } })
  }

  async function missesNothing(turns: readonly (readonly Step[])[]): Promise<void> {
    const app = await servers.here.allow(await servers.here.addUser())
    const token = await playTokenFor(servers.here, app.user)
    const begin = (await app.call('post', '/sync', { changes: {} })).body.sync_token
    const devices = Array.from({ length: readers }, () => createLiveReader(token, begin))
    try {
      await Promise.all(devices.map((device, i) => device.attach(urls[i % doors] ?? '', 'websocket')))
      for (const turn of turns) {
        // Steps of one device in one turn would not be steps of a device.
        const first = turn.filter((a, i) => !('who' in a) || turn.findIndex((b) => 'who' in b && b.who === a.who) === i)
        await Promise.all(first.map((now) => take(app, devices, now)))
      }
      for (const device of devices) device.resume()
      // What was said over a channel may come to stand late: compared is what stood at one moment.
      let all = await stands(app)
      const behind = () => devices.filter((device) => !alike(device.known(), all))
      for (const until = Date.now() + 15_000; behind().length > 0 && Date.now() < until; all = await stands(app)) {
        await sleep(20)
        for (const [i, device] of devices.entries())
          if (!device.isOpen()) await device.attach(urls[i % doors] ?? '', 'websocket')
      }
      for (const device of behind()) expect(Object.fromEntries(device.known())).toEqual(Object.fromEntries(all))
    } finally {
      for (const device of devices) device.die()
    }
  }

  await missesNothing(unread)
  expect(impatient.counts().slow).toBe(2)
  await fc.assert(fc.asyncProperty(script, missesNothing), { numRuns: runs(8, 100) })
  expect(impatient.counts().resumed).toBeGreaterThan(0)
})

const stands = async (app: App) => learn(new Map(), (await app.call('post', '/sync', { changes: {} })).body.changes)

const alike = (a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>) =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
