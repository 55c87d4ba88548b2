import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { feedState } from '../../src/feeds/queries.ts'
import { addJob } from '../../src/jobs/queue.ts'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { type Listener, type Places, startListener, type Way, ways } from './moving-listener.ts'

const hour = 3_600_000
const day = 24 * hour

let server: TestServer
/** Where the feed was at first, and where it moves to. */
let first: Origin
let second: Origin
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  // What a process remembers grows old by this clock.
  vi.spyOn(performance, 'now').mockImplementation(() => ticks() + ahead)
  first = await startOrigin((_, response) => void response.end())
  second = await startOrigin((_, response) => void response.end(), '127.0.0.2')
})
afterAll(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await first.close()
  await second.close()
})

const ticks = performance.now.bind(performance)
let ahead = 0

function wait(ms: number): void {
  ahead += ms
  vi.setSystemTime(Date.now() + ms)
}

interface Look {
  readonly host?: string
  readonly guids?: boolean
  readonly version?: number
}

const began = Date.UTC(2026, 10, 1, 8)

/** Three episodes in a feed that is the same show all the time, however it looks. */
function show({ host = 'media.example', guids = false, version = 0 }: Look): string {
  const guid = (k: number) => (guids ? `<guid isPermaLink="false">late-guid-${k}</guid>` : '')
  const items = [3, 2, 1].map(
    (k) => `<item><title>Episode ${k}</title>${guid(k)}<pubDate>${new Date(began + k * day).toUTCString()}</pubDate>
      <enclosure url="${enclosure(k, host)}" type="audio/mpeg" length="1000"/></item>`,
  )
  const own = guids ? '<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>' : ''
  return `<?xml version="1.0"?><rss version="2.0" xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel>
    <title>A show</title><link>https://show.example/</link><description>${version}</description>${own}${items.join('')}
    </channel></rss>`
}

/** Each host has folders of its own. */
const enclosure = (k: number, host = 'media.example') => `https://${host}/${host.split('.')[0]}/${k}.mp3`

async function until(holds: () => Promise<boolean>, push: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (tries % 10 === 0) await push()
    await sleep(50)
    if (await holds()) return
  }
  throw new Error('it did not come to pass')
}

const podcastOf = async (url: string) => {
  server.instance.catalog.forget()
  return (await server.instance.catalog.knownPodcast(url)) as PodcastId
}
const stateOf = async (url: string) => {
  const podcast = await podcastOf(url)
  return podcast && feedState(server.fresh.stores.cache.pool, podcast)
}
const shownUrl = async (url: string) => {
  const podcast = await podcastOf(url)
  return (await server.instance.catalog.podcastEntries([podcast])).get(podcast)?.feedUrl
}

/** Lets the real worker of the server look at the feed, at the time at which it is due. */
async function look(url: string): Promise<void> {
  const due = (await stateOf(url))?.nextCheckAt?.getTime() ?? Date.now()
  if (due > Date.now()) wait(due + 1 - Date.now())
  const { system } = server.fresh.stores
  await until(
    async () => ((await stateOf(url))?.checkedAt?.getTime() ?? 0) >= due,
    () => addJob(system, 'refresh-feeds', 'refresh-feeds-test'),
  )
}

/** Lets listeners be told of what is due, after the minute in which other processes may remember. */
async function tell(): Promise<void> {
  const { system } = server.fresh.stores
  wait(70_000)
  // The memory of names looks at the time once a second.
  await sleep(1_100)
  await until(
    async () => (await system.pool.query('select from system.identity_changes where told_at is null')).rowCount === 0,
    () => addJob(system, 'tell-of-changes', 'tell-of-changes-test'),
  )
}

describe.each(['one', 'three'] as const)('with databases in layout %s', { timeout: 120_000 }, (layout) => {
  const listeners = new Map<string, Listener>()
  beforeAll(async () => {
    vi.setSystemTime(began + 10 * day)
    server = await startServer({ layout })
  })
  afterAll(async () => {
    for (const listener of listeners.values()) listener.close()
    await server.close()
  })

  test('a feed that moves, moves back, changes all its files’ hosts and only later shows its guids leaves everybody one subscription and every place', async () => {
    const old = `${first.url}/show.xml`
    const now = `${second.url}/show.xml`
    const places: Record<string, number | 'played'> = { 1: 300, 2: 600, 3: 'played' }
    const serve = (origin: Origin, what: Look) => origin.says((_, response) => void response.end(show(what)))
    const leadOn = (origin: Origin, to: string) =>
      origin.says((_, response) => void response.writeHead(301, { location: to }).end())
    const expectWhole = async (feed: string, where: Places = places) => {
      for (const [name, listener] of listeners)
        await listener.expectWhole(feed, where).catch((error: Error) => {
          throw new Error(`${name}: ${error.message}`, { cause: error })
        })
    }
    async function listen(name: string, way: Way, feed: string): Promise<void> {
      const listener = await startListener(server)
      listeners.set(name, listener)
      await listener.begin()
      await listener.follow(way, feed)
      // Open Podcast knows of no plays.
      const door = way === 'open podcast' ? 'rest' : way
      for (const [k, place] of Object.entries(places)) {
        wait(2_000)
        await listener.play(door, feed, enclosure(Number(k)), place)
      }
    }
    /** The feed announces another address until that is believed. */
    async function move(from: string, to: string): Promise<void> {
      const since = Date.now()
      for (let looks = 0; looks < 20 && (await shownUrl(from)) !== to; looks++) await look(from)
      expect(await shownUrl(from)).toBe(to)
      expect(Date.now() - since).toBeGreaterThanOrEqual(2 * day)
      await tell()
    }

    serve(first, {})
    for (const way of ways) await listen(way, way, old)
    await look(old)
    expect(await stateOf(old)).toMatchObject({ title: 'A show', episodes: 3 })
    await expectWhole(old)

    // Somebody has found the new address before the server has: another podcast, as far as it knows.
    serve(second, {})
    leadOn(first, now)
    await listen('early', 'gpodder', now)
    await look(now)
    await listeners.get('early')?.expectWhole(now, places)

    await move(old, now)
    await expectWhole(now)
    expect(await podcastOf(old)).toBe(await podcastOf(now))

    serve(first, { version: 1 })
    leadOn(second, old)
    await move(now, old)
    await expectWhole(old)

    serve(first, { host: 'cdn.example', version: 2 })
    await look(old)
    await tell()
    await expectWhole(old)

    serve(first, { host: 'cdn.example', guids: true, version: 3 })
    await look(old)
    await tell()
    await expectWhole(old)

    // And again elsewhere, with everything else already new.
    serve(second, { host: 'third.example', guids: true, version: 4 })
    leadOn(first, now)
    await move(old, now)
    await expectWhole(now)

    // Each goes on by whatever name their app knows the episode, and that is the one place everywhere.
    const names = [
      [old, enclosure(1), ''],
      [now, enclosure(1, 'third.example'), 'late-guid-1'],
      [old, enclosure(1, 'cdn.example'), ''],
    ] as const
    for (const [name, listener] of listeners) {
      const way = ways.find((each) => each === name) ?? 'gpodder'
      for (const [i, [feed, file, guid]] of names.entries()) {
        wait(60_000)
        await listener.play(way === 'open podcast' ? 'nextcloud' : way, feed, file, 400 + i, guid)
        await listener.expectWhole(now, { ...places, 1: 400 + i })
      }
      await listener.follow(way, old)
      await listener.expectWhole(now, { ...places, 1: 402 })
    }
  })
})
