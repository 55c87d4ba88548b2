import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { claimDueFeeds } from '../../src/feeds/store.ts'
import { addJob } from '../../src/jobs/queue.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { dataFolder, environment } from '../support/process.ts'
import { type FeedWorld, feedWorld, writeFeed } from './world.ts'

let world: FeedWorld
let origin: Origin
beforeEach(async () => {
  world = await feedWorld({ atOnce: 8, perHost: 8 })
  origin = await startOrigin((_, response) => void response.end(writeFeed({ episodes: [1] })))
})
afterEach(async () => {
  await world.close()
  await origin.close()
})

const until = async (holds: () => boolean | Promise<boolean>) => {
  for (let tries = 0; tries < 300; tries++) {
    if (await holds()) return
    await sleep(50)
  }
  throw new Error('it did not come to pass')
}

const wantMany = (count: number, url = origin.url) =>
  Promise.all(Array.from({ length: count }, (_, i) => world.want(`${url}/${i}.xml`)))

describe('feeds that are due', () => {
  test('are looked at by two workers, each by one of them, and never one twice at once', async () => {
    await wantMany(60)
    const open = new Set<string>()
    let twice = 0
    origin.says(async (request, response) => {
      const path = request.url ?? ''
      if (open.has(path)) twice++
      open.add(path)
      await sleep(5 + Math.random() * 20)
      open.delete(path)
      response.end(writeFeed({ episodes: [1] }))
    })
    const others = [world.worker, world.another({ atOnce: 8, perHost: 8 }), world.another({ atOnce: 8, perHost: 8 })]
    const tallies = await Promise.all(others.map((worker) => worker.refreshDue()))
    expect(tallies.reduce((sum, { changed }) => sum + changed, 0)).toBe(60)
    expect(tallies.filter(({ changed }) => changed > 5).length).toBeGreaterThan(1)
    expect(origin.requests).toHaveLength(60)
    expect(twice).toBe(0)
  })

  test('of one host are asked for two at a time, while other hosts’ are not held up by it', async () => {
    await world.close()
    world = await feedWorld({ atOnce: 6, perHost: 2 })
    const slow = await startOrigin((_, response) => void response.end(), '127.0.0.2')
    let most = 0
    let open = 0
    slow.says(async (_, response) => {
      most = Math.max(most, ++open)
      await sleep(200)
      open--
      response.end(writeFeed({ episodes: [1] }))
    })
    await wantMany(10, slow.url)
    world.now += 1
    await wantMany(10)
    const done = world.worker.refreshDue()
    await until(() => origin.requests.length === 10)
    expect(slow.requests.length).toBeLessThan(10)
    expect(await done).toMatchObject({ changed: 20 })
    expect(most).toBe(2)
    await slow.close()
  })

  test('of one host are all looked at before the worker rests, however fast they come', async () => {
    await world.close()
    world = await feedWorld({ atOnce: 8, perHost: 2 })
    origin.says((_, response) => void response.writeHead(404).end())
    await wantMany(30)
    for (let rounds = 0; rounds < 12; rounds++) {
      expect(await world.worker.refreshDue()).toMatchObject({ failed: 30 })
      world.now += 30 * 86_400_000
    }
  })

  test('are given back by a worker that stops, and another goes on at once', async () => {
    await wantMany(3)
    origin.says(() => {})
    const stopping = world.another({ atOnce: 8, perHost: 8 })
    const interrupted = stopping.refreshDue()
    await until(() => origin.requests.length === 3)
    await stopping.stop()
    await interrupted
    origin.says((_, response) => void response.end(writeFeed({ episodes: [1] })))
    expect(await world.another().refreshDue()).toMatchObject({ changed: 3 })
  })

  test('are nobody’s business but the worker’s that is at it, the command line’s included', async () => {
    const [podcast] = await wantMany(1)
    if (!podcast) throw new Error('no podcast')
    origin.says(() => {})
    const going = world.worker.refreshDue()
    await until(() => origin.requests.length === 1)
    expect(await world.another().refresh(podcast)).toBe('busy')
    await world.worker.stop()
    await going
  })

  test.each([
    ['another feed', 200],
    ['trouble', 500],
  ])(
    'and %s that a worker found when its time was up is not written over what another found since',
    async (_, status) => {
      const [podcast] = await wantMany(1)
      if (!podcast) throw new Error('no podcast')
      const held = Promise.withResolvers<void>()
      origin.says(async (_request, response) => {
        if (origin.requests.length > 1) return response.end(writeFeed({ title: 'In time', episodes: [1] }))
        await held.promise
        response.writeHead(status).end(writeFeed({ title: 'Late', episodes: [1] }))
      })
      const late = world.worker.refreshDue()
      await until(() => origin.requests.length === 1)
      // Two and a half minutes later.
      await world.fresh.stores.cache.pool.query("update cache.feeds set claimed_until = now() - interval '1 second'")
      expect(await world.another().refreshDue()).toMatchObject({ changed: 1 })
      const before = await world.state(podcast)
      held.resolve()
      expect(await late).toMatchObject({ lost: 1 })
      expect(await world.state(podcast)).toEqual(before)
    },
  )

  test('and claimed by eight workers at the same moment are each claimed by one', async () => {
    const { cache } = world.fresh.stores
    await wantMany(400)
    const wish = { now: world.now, limit: 5, perHost: 1000, except: [] }
    const mine = async () => {
      const claims: string[] = []
      for (let rounds = 0; rounds < 10; rounds++) {
        claims.push(...(await claimDueFeeds(cache, wish)).map(({ podcast }) => podcast))
      }
      return claims
    }
    const claims = (await Promise.all(Array.from({ length: 8 }, mine))).flat()
    expect(claims.length).toBeGreaterThan(100)
    expect(new Set(claims).size).toBe(claims.length)
  })

  test('and bring about a fault are left alone for an hour, and the others are looked at', async () => {
    const podcasts = await wantMany(3)
    // What no code of ours would do: a table that refuses one podcast.
    await world.fresh.stores.cache.pool.query(
      `alter table cache.feed_episodes add constraint faulty check (podcast_id <> '${podcasts[1]}')`,
    )
    expect(await world.worker.refreshDue()).toMatchObject({ changed: 2, failed: 1 })
    expect((await world.state(podcasts[1] as never)).nextCheckAt?.getTime()).toBe(world.now + 3_600_000)
    expect(world.logged).toEqual([expect.stringContaining(podcasts[1] ?? '')])
    expect(world.logged.join()).not.toMatch(/127\.0\.0\.1|\.xml/)
  })
})

test('a feed that nobody wants is looked at on demand, and not again by itself', async () => {
  const url = `${origin.url}/once.xml`
  const podcast = (await world.catalog.podcasts([url])).get(url)
  if (!podcast) throw new Error('no podcast')
  expect(await world.worker.refresh(podcast)).toBe('changed')
  expect(await world.state(podcast)).toMatchObject({ wanted: false, nextCheckAt: null, episodes: 1 })
})

test('a worker killed in the middle of a fetch holds its feeds for no longer than its claim', async () => {
  const folder = await dataFolder()
  const { system } = world.fresh.stores
  const [podcast] = await wantMany(1)
  if (!podcast) throw new Error('no podcast')
  // A real process goes by the real clock.
  await world.fresh.stores.cache.pool.query("update cache.feeds set next_check_at = now() - interval '1 minute'")
  origin.says((_, response) => void response.writeHead(200).write('<rss'))
  const cli = fileURLToPath(new URL('../../src/main/cli.ts', import.meta.url))
  const env = environment({
    DATABASE_URL: world.fresh.urls.system,
    DATA_DIR: folder.path,
    ROLE: 'worker',
    LOG_LEVEL: 'error',
    ALLOW_PRIVATE_ADDRESSES: 'true',
  })
  const child = spawn(process.execPath, [cli, 'start'], { env, stdio: 'ignore' })
  await addJob(system, 'refresh-feeds', 'now')
  await until(() => origin.requests.length === 1)
  expect(origin.requests[0]?.headers['user-agent']).toMatch(/^Balados-Sync\/\d\S* \(\+http:\/\/localhost:4000\)$/)
  child.kill('SIGKILL')
  await once(child, 'exit')

  origin.says((_, response) => void response.end(writeFeed({ episodes: [1] })))
  world.now = Date.now()
  expect(await world.worker.refreshDue()).toMatchObject({ changed: 0 })
  const { claimedUntil } = await world.state(podcast)
  expect((claimedUntil?.getTime() ?? 0) - Date.now()).toBeLessThan(150_000)
  // Two and a half minutes later.
  await world.fresh.stores.cache.pool.query("update cache.feeds set claimed_until = now() - interval '1 second'")
  expect(await world.worker.refreshDue()).toMatchObject({ changed: 1 })
  await folder.remove()
})
