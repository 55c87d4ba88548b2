import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCounters } from '../../src/database/counters.ts'
import { openStores } from '../../src/database/store.ts'
import { storeDefinitions } from '../../src/main/stores.ts'
import { type App, startServer, type TestServer } from '../support/instance.ts'
import { startTwoServers } from '../support/two-servers.ts'

let server: TestServer
let app: App
beforeAll(async () => {
  server = await startServer({ rateLimits: true })
  app = await server.allow(await server.addUser())
})
afterAll(() => server.close())

test('every answer of a limited endpoint tells how its count stands', async () => {
  const { status, headers } = await app.call('GET', '/collections')
  expect(status).toBe(200)
  expect(headers.get('ratelimit-limit')).toBe('100')
  expect(headers.get('ratelimit-remaining')).toBe('99')
  expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(0)
  expect(headers.get('ratelimit-policy')).toBe('100;w=60')
})

test('beyond its limit a user waits, for this endpoint only, while others do not', async () => {
  const ask = (of: App) => of.call('GET', '/apps')
  for (let n = 0; n < 10; n++) expect((await ask(app)).status).toBe(200)
  const { status, headers, body } = await ask(app)
  expect(status).toBe(429)
  expect(body.error_code).toBe('RATE_LIMIT_EXCEEDED')
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  expect(headers.get('ratelimit-remaining')).toBe('0')
  const sameUser = await server.allow({ id: app.user })
  expect((await ask(sameUser)).status).toBe(429)
  expect((await app.call('GET', '/playlists')).status).toBe(200)
  expect((await ask(await server.allow(await server.addUser()))).status).toBe(200)
})

test('a refused token is not counted as anybody’s', async () => {
  const other = await server.allow(await server.addUser())
  await other.call('GET', '/apps', undefined, { claims: { exp: 1 } })
  expect((await other.call('GET', '/apps')).headers.get('ratelimit-remaining')).toBe('9')
})

test('Rate limits hold across processes: they share their counts, and forgetting is for all', async () => {
  const second = await openStores(server.fresh.urls, storeDefinitions)
  try {
    const here = createCounters(server.fresh.stores.system)
    const there = createCounters(second.system)
    const allowance = { limit: 5, seconds: 60 }
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 ? here : there).take('shared', allowance)),
    )
    expect(all.filter((standing) => !standing.exceeded)).toHaveLength(5)
    expect((await there.look('shared', allowance)).exceeded).toBe(true)
    await here.forget('shared', allowance)
    expect((await there.take('shared', allowance)).remaining).toBe(4)
  } finally {
    await second.close()
  }
})

test('rate limits hold across processes, told over HTTP', async () => {
  const { here, there, close } = await startTwoServers({ rateLimits: true })
  try {
    const someone = await here.allow(await here.addUser())
    const replies = await Promise.all(
      Array.from({ length: 14 }, (_, n) => (n % 2 ? someone.call('GET', '/apps') : there(someone, 'GET', '/apps'))),
    )
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(10)
    expect(replies.filter(({ status }) => status === 429)).toHaveLength(4)
  } finally {
    await close()
  }
})
