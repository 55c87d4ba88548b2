import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { endpoint } from '../../src/kernel/endpoint.ts'
import { aServer } from './a-server.ts'
import { here, thing } from './here.ts'

describe('a page', () => {
  test('may load nothing from elsewhere and run no script of its own text', async () => {
    const server = await aServer(here)
    const { headers } = await server.ask('/')
    const policy = headers['content-security-policy']
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/unsafe|upgrade-insecure/)
    expect(headers['strict-transport-security']).toBeUndefined()
    expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('promises https only where people reach it by https', async () => {
    const config = { publicUrl: 'https://pods.example', trustProxy: true, version: '1' }
    const { headers } = await (await aServer({ ...here, config })).ask('/')
    expect(headers['strict-transport-security']).toMatch(/max-age/)
    expect(headers['content-security-policy']).toContain('upgrade-insecure-requests')
  })

  test('may have a policy of its own', async () => {
    const { headers } = await (await aServer(here)).ask('/own-policy')
    expect(headers['content-security-policy']).toBe("default-src 'self'")
  })

  test('that breaks shows a request id and not why', async () => {
    const server = await aServer(here)
    const { status, text, headers } = await server.ask('/broken')
    expect(status).toBe(500)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers.etag).toBeUndefined()
    expect(text).toContain(headers['x-request-id'])
    expect(text).not.toMatch(/secret|\bat /)
    const line = await server.logged((each) => each.msg === 'request failed')
    expect(line).toMatchObject({ route: '/broken', error: { message: 'secret detail' } })
  })

  test('that breaks after its headers are sent is cut off', async () => {
    const server = await aServer(here)
    await expect(server.ask('/flushed')).rejects.toThrow()
    await server.logged((each) => each.msg === 'request failed')
    expect(server.log.map((line) => line.msg).toSorted()).toEqual(['request', 'request failed'])
  })

  test('does not pass on the status of another server', async () => {
    const { status, text } = await (await aServer(here)).ask('/upstream')
    expect(status).toBe(500)
    expect(text).not.toContain('secret')
  })

  test('that breaks half-way ends there and is logged', async () => {
    const server = await aServer(here)
    await expect(server.ask('/half')).rejects.toThrow()
    const line = await server.logged((each) => each.msg === 'answer failed')
    expect(line).toMatchObject({ level: 50, error: { message: 'the feed broke off' } })
    await server.logged((each) => each.msg === 'request')
    expect(server.log).toHaveLength(2)
  })

  test('that refuses keeps its status and says why, escaped', async () => {
    const server = await aServer(here)
    const { status, text } = await server.ask('/forbidden')
    expect(status).toBe(403)
    expect(text).toContain('Not for you &lt;b&gt;')
    expect(server.log.filter((line) => line.msg === 'request failed')).toEqual([])
  })

  test('may be a door of its own below /api', async () => {
    expect((await (await aServer(here)).ask('/api/2/devices/alice')).text).toBe('["alice"]')
  })

  test('comes after what runs before all routes', async () => {
    const server = await aServer({
      ...here,
      before: [
        async (ctx, next) => {
          if (ctx.host === 'play.example') ctx.body = 'the play domain'
          else await next()
        },
      ],
    })
    expect((await server.ask('/api/v1/things/1', { headers: { host: 'play.example' } })).text).toBe('the play domain')
    expect((await server.ask('/')).text).toBe('<p>Home</p>')
  })
})

describe('the log', () => {
  test('holds the pattern of the route and never the address', async () => {
    const server = await aServer(here)
    await server.ask('/api/v1/things/private-feed?feed=private-token')
    await server.ask('/private-path?private-token')
    await server.ask('/api/v1/things/private-feed', { method: 'DELETE' })
    const line = await server.logged((each) => each.status === 200)
    expect(line).toMatchObject({ level: 30, method: 'GET', route: '/api/v1/things/:id', status: 200 })
    expect(line.ms).toBeTypeOf('number')
    await server.logged((each) => each.status === 405)
    expect(server.log).toHaveLength(3)
    expect(JSON.stringify(server.log)).not.toContain('private')
  })

  test('speaks up by how bad it is', async () => {
    const server = await aServer(here)
    for (const path of ['/', '/nowhere', '/broken', '/health']) await server.ask(path)
    const levels = new Map([200, 404, 500].map((status) => [status, 0]))
    for (const status of levels.keys()) {
      levels.set(status, (await server.logged((line) => line.msg === 'request' && line.status === status)).level)
    }
    expect([...levels.values()]).toEqual([30, 40, 50])
    expect((await server.logged((line) => line.route === '/health')).level).toBe(20)
  })

  test('goes by a request id that the sender may choose, if it looks sane', async () => {
    const server = await aServer(here)
    const idOf = async (sent: string) =>
      (await server.ask('/', { headers: { 'x-request-id': sent } })).headers['x-request-id']
    expect(await idOf('trace-1234.5')).toBe('trace-1234.5')
    expect((await server.logged((line) => line.request_id === 'trace-1234.5')).status).toBe(200)
    for (const sent of ['short', 'with space in it', '{"a":"injected"}', 'x'.repeat(65)]) {
      expect(await idOf(sent)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/)
    }
  })

  test('does not hold what libraries hang on their errors', async () => {
    const detail = 'Key (feed)=(https://private.example) already exists.'
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail })
    const broken = endpoint({
      ...thing,
      handle: async () => {
        throw new Error('could not store', { cause })
      },
    })
    const server = await aServer({ endpoints: [broken] })
    await server.ask('/api/v1/things/1')
    const line = await server.logged((each) => each.msg === 'request failed')
    expect(line).toMatchObject({
      error: { message: 'could not store', cause: { message: 'duplicate key', code: '23505' } },
    })
    expect(JSON.stringify(line)).not.toContain('private')
  })
})

describe('machines', () => {
  test('see that the server lives, and what it lacks', async () => {
    const health = async () => ({ database: { ok: true }, follower: { ok: false, message: 'stopped at event 7' } })
    const server = await aServer({ health })
    expect((await server.ask('/health')).status).toBe(200)
    const { status, json } = await server.ask('/ready')
    expect(status).toBe(503)
    expect(json).toEqual({ status: 'not_ready', checks: await health() })
  })

  test('see that the server is ready', async () => {
    const { status, json } = await (await aServer()).ask('/ready')
    expect([status, json]).toEqual([200, { status: 'ready', checks: { database: { ok: true } } }])
  })

  test('learn nothing about the inside from checks that break', async () => {
    const server = await aServer({ health: () => Promise.reject(new Error('connect 10.0.0.7')) })
    const { status, text } = await server.ask('/ready')
    expect(status).toBe(503)
    expect(text).not.toContain('10.0.0.7')
    await server.logged((line) => line.level === 50)
  })

  test('read metrics as text', async () => {
    const { headers, text } = await (await aServer()).ask('/metrics')
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(text).toBe('up 1\n')
  })
})

describe('static files', () => {
  test('are served from the folder with a tag, and nothing beside them', async () => {
    const publicFolder = mkdtempSync(join(tmpdir(), 'public-'))
    writeFileSync(join(publicFolder, 'style.css'), 'body { color: red }')
    writeFileSync(join(publicFolder, '.secret'), 'no')
    const server = await aServer({ publicFolder })
    const { status, text, headers } = await server.ask('/style.css')
    expect([status, text]).toEqual([200, 'body { color: red }'])
    expect(headers['content-type']).toBe('text/css; charset=utf-8')
    expect(headers['cache-control']).toBe('public, max-age=300')
    const again = await server.ask('/style.css', { headers: { 'if-none-match': String(headers.etag) } })
    expect([again.status, again.text]).toEqual([304, ''])
    expect((await server.ask('/style.css', { method: 'HEAD' })).headers['content-length']).toBe('19')
    expect((await server.ask('/.secret')).status).toBe(404)
    expect((await server.ask('/style.css', { method: 'POST' })).status).toBe(404)
  })

  test('need not be there', async () => {
    expect((await (await aServer({ publicFolder: '/nowhere/at/all' })).ask('/style.css')).status).toBe(404)
  })
})
