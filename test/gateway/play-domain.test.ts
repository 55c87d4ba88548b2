import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGateway } from '../../src/gateway/index.ts'
import { aServer } from '../http/a-server.ts'
import { feedId, freePort, itemId } from '../support/instance.ts'
import { type GatewayWorld, gatewayWorld, type Reader, written } from './world.ts'

let world: GatewayWorld
let ada: Reader
let path: string
beforeAll(async () => {
  world = await gatewayWorld({ playDomain: `play.example:${await freePort()}`, rateLimits: true })
  world.publish('show', written('Show', [{ guid: 'a' }]))
  ada = await world.reader()
  await world.follow(ada, world.feedUrl('show'))
  path = `/${ada.secret}/${feedId(world.feedUrl('show'))}/${itemId('a', 'https://media.example/a.mp3')}`
})
afterAll(() => world.close())

interface Asked {
  readonly host?: string
  readonly method?: string
  readonly headers?: Record<string, string>
}

/** What is answered on a host of one's choice. */
const ask = (where: string, { host = 'play.example', method = 'GET', headers = {} }: Asked = {}) =>
  new Promise<{ status: number | undefined; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
    const asking = request(world.server.url, { path: where, method, headers: { host, ...headers } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
    })
    asking.once('upgrade', (_, socket) => {
      socket.destroy()
      reject(new Error('it was upgraded'))
    })
    asking.once('error', reject).end()
  })

describe('the play domain', () => {
  test('plays, whatever port and case it is asked by', async () => {
    for (const host of ['play.example', 'play.example:443', 'PLAY.example.', 'play.example:4000']) {
      const { status, headers } = await ask(path, { host })
      expect([status, headers.location]).toEqual([302, 'https://media.example/a.mp3'])
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    }
    expect(await ask(path, { method: 'HEAD' })).toMatchObject({ status: 302, text: '' })
  })

  test('serves nothing else: no page, no API, no feed, no file, no channel', async () => {
    for (const other of [
      '/',
      '/users/log_in',
      '/apps',
      '/style.css',
      '/health',
      '/metrics',
      '/ready',
      '/.well-known/balados-sync',
      '/robots.txt',
      '/api/docs',
      '/api/openapi.json',
      '/api/v1/public/timeline',
      '/api/v1/live',
      '/v1/capabilities',
      '/status.php',
      `/rss/${ada.secret}/subscriptions`,
      `/play${path}`,
      `${path}/more`,
      `${path}/`,
    ]) {
      const { status, headers } = await ask(other)
      expect([other, status, headers['set-cookie']]).toEqual([other, other === `${path}/` ? 302 : 404, undefined])
    }
    expect((await ask('/api/2/auth/ada/login.json', { method: 'POST' })).status).toBe(404)
    expect((await ask('/users/log_in', { method: 'POST' })).status).toBe(404)
    expect((await ask(path, { method: 'POST' })).status).toBe(405)
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    }
    expect((await ask('/api/v1/live', { headers: upgrade })).status).toBe(404)
  })

  test('knows tokens and names as the other one does', async () => {
    expect((await ask('/nobody/x/y')).status).toBe(401)
    expect((await ask(`/${ada.secret}/x/y`)).status).toBe(400)
  })

  test('is where the enclosures of feeds are, while PUBLIC_URL plays too', async () => {
    const feed = await world.read(ada, 'subscriptions')
    const { hostname, pathname } = new URL(feed.items?.[0]?.enclosures?.[0]?.url ?? '')
    expect([hostname, pathname]).toEqual(['play.example', path])
    expect((await world.get(`/play${path}`)).status).toBe(302)
    expect((await world.get(path)).status).toBe(404)
  })
})

test('behind a proxy the host that it was asked by counts', async () => {
  const { listening, accounts, stores } = world.server.instance
  const where = { publicUrl: 'https://pods.example', playDomain: 'play.example' }
  const parts = { listening, accounts, cache: stores.cache.pool, countRequest: null, clock: Date.now, ...where }
  const { router, onPlayDomain } = createGateway(parts)
  for (const trustProxy of [0, 1]) {
    const config = { publicUrl: where.publicUrl, trustProxy, version: '1' }
    const server = await aServer({ pages: [router], before: [onPlayDomain], config })
    const headers = { host: 'inside:4000', 'x-forwarded-host': 'play.example' }
    expect((await server.ask(path, { headers })).status).toBe(302)
    expect((await server.ask('/health', { headers })).status).toBe(404)
    expect((await server.ask('/health', { headers: { host: 'pods.example' } })).status).toBe(200)
    const hidden = { host: 'play.example', 'x-forwarded-host': 'pods.example' }
    expect((await server.ask('/health', { headers: hidden })).status).toBe(404)
  }
})

describe('a token that is used too often', () => {
  test('waits, for plays and feeds apart, and the next one does not', async () => {
    const [busy, other] = [await world.reader(), await world.reader()]
    const list = ({ secret }: Reader) => world.get(`/rss/${secret}/queue`)
    const play = ({ secret }: Reader) => world.get(`/play/${secret}/x/y`)
    const answers = await Promise.all(Array.from({ length: 61 }, () => play(busy)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(60).fill(400), 429])
    const late = await play(busy)
    expect(late.status).toBe(429)
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    expect([(await list(busy)).status, (await play(other)).status]).toEqual([200, 400])
    const lists = await Promise.all(Array.from({ length: 60 }, () => list(busy)))
    expect(lists.map(({ status }) => status).toSorted()).toEqual([...Array(59).fill(200), 429])
  })

  test('bad ones are counted by the address they come from, good ones pass all the same', async () => {
    const answers = await Promise.all(Array.from({ length: 31 }, (_, n) => world.get(`/play/bad-${n}/x/y`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
    expect((await world.get(`/rss/${ada.secret}/queue`)).status).toBe(200)
  })
})
