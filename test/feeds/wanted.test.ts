import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reviewWanted } from '../../src/feeds/index.ts'
import { feedState } from '../../src/feeds/queries.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { writeFeed } from './world.ts'

let server: TestServer
let origin: Origin
let app: App
let other: App
beforeAll(async () => {
  server = await startServer({ layout: 'three' })
  origin = await startOrigin((_, response) => void response.end(writeFeed({ title: 'Found', episodes: [2, 1] })))
  app = await server.allow(await server.addUser())
  other = await server.allow(await server.addUser())
})
afterAll(async () => {
  await server.close()
  await origin.close()
})

const stateOf = async (url: string) => {
  const podcast = await server.instance.catalog.knownPodcast(url)
  return podcast && feedState(server.fresh.stores.cache.pool, podcast)
}

async function eventually(url: string, wanted: object) {
  for (let tries = 0; tries < 200; tries++) {
    const state = await stateOf(url)
    if (state && Object.entries(wanted).every(([key, value]) => state[key as keyof typeof state] === value)) return
    await sleep(50)
  }
  expect(await stateOf(url)).toMatchObject(wanted)
}

const subscribe = (by: App, url: string) => by.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
const review = (now = Date.now()) => reviewWanted(server.fresh.stores, server.instance.catalog, now)

describe('a running server', { timeout: 60_000 }, () => {
  test('reads a feed within seconds of somebody’s subscribing', async () => {
    const url = `${origin.url}/subscribed.xml`
    expect((await subscribe(app, url)).status).toBe(200)
    await eventually(url, { wanted: true, status: 'fine', title: 'Found', episodes: 2 })
  })

  test('reads a feed of which somebody has played an episode', async () => {
    const url = `${origin.url}/played.xml`
    const body = { position: 3, played: false, rss_source_item: itemId('guid-1', 'https://media.example/1.mp3') }
    await app.call('POST', '/play', { rss_source_feed: feedId(url), ...body })
    await eventually(url, { wanted: true, status: 'fine', episodes: 2, followers: 0 })
  })

  test('counts followers, and takes off the list what nobody follows or has played for a month', async () => {
    const url = `${origin.url}/left.xml`
    await subscribe(app, url)
    await subscribe(other, url)
    await eventually(url, { status: 'fine' })
    await review()
    expect(await stateOf(url)).toMatchObject({ wanted: true, followers: 2 })
    await app.call('DELETE', `/subscriptions/${feedId(url)}`)
    await review()
    expect(await stateOf(url)).toMatchObject({ wanted: true, followers: 1 })
    await other.call('DELETE', `/subscriptions/${feedId(url)}`)
    await review()
    expect(await stateOf(url)).toMatchObject({ wanted: false, followers: 0, nextCheckAt: null, title: 'Found' })

    const played = `${origin.url}/played.xml`
    expect(await stateOf(played)).toMatchObject({ wanted: true })
    await review(Date.now() + 31 * 86_400_000)
    expect(await stateOf(played)).toMatchObject({ wanted: false })
    await review()
    expect(await stateOf(played)).toMatchObject({ wanted: true })

    await subscribe(app, url)
    await eventually(url, { wanted: true })
  })

  test('finds its list again after the cache was emptied', async () => {
    const url = `${origin.url}/subscribed.xml`
    await server.fresh.stores.cache.pool.query('delete from cache.feeds')
    await review()
    expect(await stateOf(url)).toMatchObject({ wanted: true, status: 'new' })
  })
})
