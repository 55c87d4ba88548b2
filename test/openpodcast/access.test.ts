import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { appPasswordOf, doorOf, freshFeed } from './door.ts'

let server: TestServer
let user: Awaited<ReturnType<TestServer['addUser']>>
let secret: string
beforeAll(async () => {
  server = await startServer({ rateLimits: true, trustedProxies: 1 })
  user = await server.addUser()
  secret = await appPasswordOf(server, user)
})
afterAll(() => server.close())

describe('what lets in', () => {
  test('is an app password, in capitals too, which signs what it writes', async () => {
    const door = doorOf(server, `Bearer ${secret.toUpperCase()}`)
    expect((await door.call('POST', '/subscriptions', { subscriptions: [{ feed_url: freshFeed() }] })).status).toBe(200)
    const { rows } = await server.fresh.stores.events.pool.query(
      'select e.app, e.device = c.id::text as own from events.events e, system.credentials c where e.user_id = $1 and c.user_id = $1',
      [user.id],
    )
    expect(rows).toContainEqual({ app: 'openpodcast', own: true })
  })

  test('is a request token, as far as its grant goes', async () => {
    const reader = await server.allow(user, { scopes: ['user.subscriptions.read'] })
    const door = doorOf(server, reader.bearer({ device_id: 'phone' }))
    expect((await door.call('GET', '/subscriptions')).status).toBe(200)
    const refused = await door.call('POST', '/subscriptions', { subscriptions: [{ feed_url: freshFeed() }] })
    expect([refused.status, refused.body.error_code]).toEqual([403, 'FORBIDDEN'])
    const writer = await server.allow(user, { scopes: ['user.subscriptions.write'] })
    const write = doorOf(server, writer.bearer({ device_id: 'phone' }))
    expect((await write.call('POST', '/subscriptions', { subscriptions: [{ feed_url: freshFeed() }] })).status).toBe(
      200,
    )
    const events = await server.instance.journal.readBack(user.id, Number.MAX_SAFE_INTEGER, 10)
    expect(events.map((event) => event.author)).toContainEqual({ app: writer.id, device: 'phone' })
  })

  test('is nothing else', async () => {
    const basic = `Basic ${Buffer.from(`${user.username}:${secret}`).toString('base64')}`
    for (const authorization of ['', basic, 'Bearer nonsense', `Bearer ${'a'.repeat(24)}`]) {
      const { status, body, headers } = await doorOf(server, authorization).call('GET', '/subscriptions')
      expect([status, body.error_code]).toEqual([401, 'UNAUTHORIZED'])
      expect(headers.get('www-authenticate')).toBe('Bearer')
    }
  })

  test('is no app password that was revoked', async () => {
    const other = await server.addUser()
    const door = doorOf(server, `Bearer ${await appPasswordOf(server, other)}`)
    expect((await door.call('GET', '/subscriptions')).status).toBe(200)
    await server.fresh.stores.system.pool.query('update system.credentials set revoked_at = now() where user_id = $1', [
      other.id,
    ])
    expect((await door.call('GET', '/subscriptions')).status).toBe(401)
  })

  test('is no guess: bad app passwords are counted by address, where the right one goes on passing', async () => {
    const from = (bearer: string, address: string) =>
      fetch(`${server.url}/v1/subscriptions`, {
        headers: { authorization: `Bearer ${bearer}`, 'x-forwarded-for': address },
      })
    const statuses = []
    for (let n = 0; n < 31; n++) statuses.push((await from('b'.repeat(24), '192.0.2.9')).status)
    expect(statuses).toEqual([...Array(30).fill(401), 429])
    expect((await from(secret, '192.0.2.9')).status).toBe(200)
    expect((await from('b'.repeat(24), '192.0.2.10')).status).toBe(401)
  })
})

describe('any page', () => {
  test('may read what the server can, and the description of each call', async () => {
    const answer = await fetch(`${server.url}/v1/capabilities`, { headers: { origin: 'https://app.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    const body = (await answer.json()) as { openapi: string; capabilities: object }
    expect(body.capabilities).toEqual({ 'urn:opa:core': { '0.1.0': { status: 'UNSTABLE' } } })
    const document = (await (await fetch(body.openapi)).json()) as { servers: object; paths: Record<string, object> }
    expect(document.servers).toEqual([{ url: `${server.url}/v1` }])
    expect(Object.entries(document.paths).map(([path, methods]) => [path, ...Object.keys(methods)])).toEqual([
      ['/subscriptions', 'get', 'post'],
      ['/subscriptions/{guid}', 'get', 'patch', 'delete'],
      ['/deletions/{id}', 'get'],
    ])
    const known = (await (await fetch(`${server.url}/.well-known/balados-sync`)).json()) as { features: string[] }
    expect(known.features).toContain('open-podcast')
  })

  test('may call it, by a preflight', async () => {
    const answer = await fetch(`${server.url}/v1/subscriptions/917393e3-1b1e-5cef-ace4-edaa54e1f810`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,content-type',
      },
    })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
  })

  test('reads errors as JSON, of paths that are none too', async () => {
    for (const [path, status] of [
      ['/v1/episodes', 404],
      ['/v1', 404],
    ] as const) {
      const answer = await fetch(`${server.url}${path}`, { headers: { accept: 'text/html' } })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('content-type')).toContain('application/json')
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    }
    const wrong = await fetch(`${server.url}/v1/subscriptions`, { method: 'PUT' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, expect.stringContaining('POST')])
  })
})
