import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { startHub } from './hub.ts'
import { writeFeed } from './world.ts'

let server: TestServer
let origin: Origin
beforeAll(async () => {
  server = await startServer()
  origin = await startOrigin((request, response) => {
    if (request.url === '/bad.xml') response.writeHead(500).end()
    else response.end(writeFeed({ episodes: [1] }))
  })
})
afterAll(async () => {
  await server.close()
  await origin.close()
})

const lines = async () => (await (await fetch(`${server.url}/metrics`)).text()).split('\n')
const told = async (name: string) =>
  Number((await lines()).find((line) => line.startsWith(name))?.split(' ')[1] ?? Number.NaN)

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await holds()) return
    await sleep(100)
  }
  throw new Error('it did not come to pass')
}

const subscribe = async (url: string) => {
  const app = await server.allow(await server.addUser())
  expect((await app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })).status).toBe(200)
}

test('the metrics tell how feeds stand, and what looking at them comes to', { timeout: 60_000 }, async () => {
  await subscribe(`${origin.url}/good.xml`)
  await subscribe(`${origin.url}/bad.xml`)
  await eventually(async () => (await told('balados_feed_refreshes_total{outcome="failed"')) === 1)
  await eventually(async () => (await told('balados_feed_refreshes_total{outcome="changed"')) === 1)
  expect(await told('balados_feed_fetch_seconds_count')).toBe(2)
  expect(await told('balados_feed_bytes_total')).toBe(Buffer.byteLength(writeFeed({ episodes: [1] })))
  // Who asks again within ten seconds hears the same of all feeds.
  await eventually(async () => (await told('balados_feeds{status="fine"')) === 1)
  expect(await told('balados_feeds_wanted{status="failing"')).toBe(1)
  expect(await told('balados_feeds_due{status="fine"')).toBe(0)
  expect(await told('balados_feeds_looked_at_last_hour{status="fine"')).toBe(1)
  expect(await told('balados_feeds_oldest_due_seconds')).toBe(0)
  expect((await lines()).join('\n')).not.toContain(origin.url)
})

test('a running server asks the hub of a feed, answers it, and looks when it tells', { timeout: 60_000 }, async () => {
  const hub = await startHub()
  const extra = `<link xmlns="http://www.w3.org/2005/Atom" rel="hub" href="${hub.url}"/>
    <link xmlns="http://www.w3.org/2005/Atom" rel="self" href="https://feeds.example/show.xml"/>`
  origin.says((_, response) => void response.end(writeFeed({ episodes: [1], extra })))
  await subscribe(`${origin.url}/hub.xml`)
  const { system, cache } = server.fresh.stores
  await eventually(async () => ((await cache.pool.query('select from cache.hub_leases')).rowCount ?? 0) > 0)
  await system.pool.query("select jobs.add_job('tend-hubs')")
  await eventually(async () => hub.asked.length === 1)
  const [asked = {}] = hub.asked
  expect(asked['hub.callback']?.startsWith(`${server.url}/websub/`)).toBe(true)
  expect(await hub.verify(asked)).toMatchObject({ status: 200 })
  const before = origin.requests.length
  expect(await hub.distribute(asked, 'news')).toBe(202)
  await eventually(async () => origin.requests.length === before + 1)
  await hub.close()
})
