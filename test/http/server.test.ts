import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from '@koa/router'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { answer, endpoint } from '../../src/kernel/endpoint.ts'
import { aServer } from './a-server.ts'

const thing = endpoint({
  method: 'get',
  path: '/things/{id}',
  summary: 'One thing',
  tag: 'test',
  scope: 'any',
  params: z.object({ id: z.string() }),
  query: z.object({ feed: z.string().optional() }),
  answers: { 200: z.unknown() },
  handle: async ({ params, query }) => answer(200, { ...params, ...query }),
})

const keep = endpoint({
  method: 'put',
  path: '/things/{id}',
  summary: 'Keep a thing',
  tag: 'test',
  scope: 'any',
  body: z.looseObject({}),
  answers: { 200: z.unknown() },
  handle: async () => answer(200, {}),
})

const pages = [
  new Router()
    .get('/', (ctx) => {
      ctx.type = 'html'
      ctx.body = '<p>Home</p>'
    })
    .get('/broken', (ctx) => {
      ctx.set({ ETag: '"old"', 'Content-Type': 'image/png' })
      throw new Error('secret detail')
    })
    .get('/flushed', (ctx) => {
      ctx.res.flushHeaders()
      throw new Error('too late')
    })
    .get('/upstream', () => {
      throw Object.assign(new Error('secret of another server'), { status: 404 })
    })
    .get('/forbidden', (ctx) => ctx.throw(403, 'Not for you <b>'))
    .get('/own-policy', (ctx) => {
      ctx.set('Content-Security-Policy', "default-src 'self'")
      ctx.body = 'mine'
    })
    .post('/form', (ctx) => {
      ctx.body = 'sent'
    })
    .get('/half', (ctx) => {
      const stream = new PassThrough()
      stream.write('half')
      setTimeout(() => stream.destroy(new Error('the feed broke off')), 50)
      ctx.body = stream
    }),
  new Router().get('/api/2/devices/:user', (ctx) => {
    ctx.body = [ctx.params.user]
  }),
]

const here = { endpoints: [thing, keep], pages }

describe('a path that nothing answers', () => {
  test('is told in JSON below /api, even without a token', async () => {
    const server = await aServer(here)
    for (const path of [
      '/api',
      '/api/',
      '/api?x',
      '/api/v1',
      '/api/v1/nothing',
      '/api/v1/THINGS/1',
      '/api/v2/things/1',
    ]) {
      const { status, json, headers } = await server.ask(path, { anonymous: true })
      expect([status, json.error_code], path).toEqual([404, 'NOT_FOUND'])
      expect(headers['access-control-allow-origin']).toBe('*')
    }
  })

  test('is told in a small page elsewhere, and in JSON to those who ask for it', async () => {
    const server = await aServer(here)
    const page = await server.ask('/apiary')
    expect(page.status).toBe(404)
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.text).toContain('<h1>Not Found</h1>')
    const program = await server.ask('/nowhere', { headers: { accept: 'application/json' } })
    expect(program.json).toMatchObject({ error_code: 'NOT_FOUND' })
  })

  test('by that method names the methods that it has', async () => {
    const server = await aServer(here)
    const api = await server.ask('/api/v1/things/1', { method: 'DELETE' })
    expect([api.status, api.json.error_code]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(api.headers.allow).toBe('GET, HEAD, PUT, OPTIONS')
    const odd = await server.ask('/api/v1/things/1', { method: 'PROPFIND' })
    expect(odd.status).toBe(405)
    const page = await server.ask('/form')
    expect([page.status, page.headers.allow]).toEqual([405, 'POST, OPTIONS'])
  })

  test('tells its methods to OPTIONS', async () => {
    const server = await aServer(here)
    const { status, headers } = await server.ask('/api/v1/things/1', { method: 'OPTIONS' })
    expect([status, headers.allow]).toEqual([204, 'GET, HEAD, PUT, OPTIONS'])
  })
})

describe('a web page of anybody', () => {
  const origin = 'https://app.example'

  test('may call the API and see what it says about itself', async () => {
    const server = await aServer(here)
    for (const path of ['/api/v1/things/1', '/api/v1/nothing', '/api/openapi.json']) {
      const { headers } = await server.ask(path, { headers: { origin } })
      expect(headers['access-control-allow-origin'], path).toBe('*')
      expect(headers['access-control-allow-credentials']).toBeUndefined()
      expect(headers['access-control-expose-headers']).toMatch(/RateLimit-Remaining.*Retry-After.*X-Request-Id/)
    }
  })

  test('may ask first', async () => {
    const server = await aServer(here)
    const headers = {
      origin,
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization,idempotency-key',
    }
    const asked = await server.ask('/api/v1/things/1', { method: 'OPTIONS', headers, anonymous: true })
    expect(asked.status).toBe(204)
    expect(asked.headers['access-control-allow-methods']).toContain('PUT')
    expect(asked.headers['access-control-allow-headers']).toBe('authorization,idempotency-key')
  })

  test('may not read the pages', async () => {
    const server = await aServer(here)
    const { headers } = await server.ask('/', { headers: { origin } })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('an address', () => {
  test.each([
    ['half an escape', '/api/v1/things/%E0%A4%A'],
    ['a lone percent sign', '/api/v1/things/100%'],
    ['an escape that is not UTF-8', '/things/%ED%A0%80'],
    ['a NUL in its path', '/api/v1/things/a%00b'],
    ['a NUL in its query', '/api/v1/things/1?feed=a%00b'],
    ['a host that can not be', 'http://[::bad/api/v1/things/1'],
    ['a name before the host that can not be', 'http://me:%zz@host/api/v1/things/1'],
    ['thousands of parameters', `/?${'a&'.repeat(5000)}`],
  ])('with %s is a bad request', async (_, path) => {
    const server = await aServer(here)
    const started = performance.now()
    expect((await server.ask(path)).status).toBe(400)
    expect(performance.now() - started).toBeLessThan(200)
  })

  test.each([
    ['with a parameter that is wrongly escaped', '/api/v1/things/1?feed=%E0%', 200],
    ['in absolute form', 'http://localhost/api/v1/things/1', 200],
    ['with two slashes', '//api/v1/things/1', 404],
    ['that climbs', '/../../etc/passwd', 404],
    ['that climbs in disguise', '/%2e%2e%2fpackage.json', 404],
    ['that is a star', '*', 404],
    ['of 8 kB', `/api/v1/things/${'a'.repeat(8000)}`, 200],
    ['of 20 kB', `/api/v1/things/${'a'.repeat(20_000)}`, 431],
  ])('%s is answered', async (_, path, status) => {
    const server = await aServer(here)
    expect((await server.ask(path)).status).toBe(status)
  })

  test('keeps what is escaped in it apart from what is not', async () => {
    const server = await aServer(here)
    expect((await server.ask('/api/v1/things/a%2Fb%20c?feed=%2B+')).json).toEqual({ id: 'a/b c', feed: '+ ' })
  })

  test('may be garbage altogether, as may be what follows', async () => {
    const server = await aServer(here)
    for (const bytes of [
      'garbage\r\n\r\n',
      'GET / HTTP/1.1\r\n\r\n',
      'GET /\u0001 HTTP/1.1\r\nHost: x\r\n\r\n',
      'PUT /api/v1/things/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      'PUT /api/v1/things/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    ]) {
      expect(await server.speak(bytes, 100), bytes).toMatch(/^HTTP\/1\.1 4/)
    }
    expect(server.log.filter((line) => line.level >= 50)).toEqual([])
    expect((await server.ask('/health')).status).toBe(200)
  })
})

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

describe('a server that closes', () => {
  const slow = endpoint({
    ...thing,
    handle: async () => {
      await sleep(300)
      return answer(200, { slow: true })
    },
  })

  test('lets running requests finish and takes no others', async () => {
    const server = await aServer({ endpoints: [slow] })
    const running = server.ask('/api/v1/things/1')
    await sleep(100)
    const closed = server.close()
    await expect(server.ask('/health')).rejects.toThrow(/ECONNREFUSED/)
    expect((await running).json).toEqual({ slow: true })
    await closed
  })

  test('does not wait for connections that are kept alive, or never said a word', async () => {
    const server = await aServer({ endpoints: [slow] })
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    const silent = connect(server.port, '127.0.0.1')
    await once(silent, 'connect')
    const [response] = await once(get({ port: server.port, path: '/health', agent }), 'response')
    await text(response)
    const running = once(get({ port: server.port, path: '/api/v1/things/1', agent }), 'response')
    await sleep(50)
    const started = Date.now()
    await Promise.all([server.close(), running.then(([late]) => text(late))])
    expect(Date.now() - started).toBeLessThan(2000)
  })

  test('hangs up on a client that always has one more thing to ask', async () => {
    const server = await aServer({ endpoints: [slow] })
    const client = connect(server.port, '127.0.0.1').on('error', () => {})
    const ask = () => client.write('GET /api/v1/things/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n')
    const asking = setInterval(ask, 100)
    client.once('close', () => clearInterval(asking))
    await sleep(250)
    const started = Date.now()
    await server.close(4000)
    expect(Date.now() - started).toBeLessThan(3000)
  })

  test('cuts off what takes longer than its patience, even a connection that has become something else', async () => {
    const endless = new Router().get('/endless', (ctx) => {
      ctx.body = new PassThrough()
    })
    const server = await aServer({ pages: [endless] })
    const stream = connect(server.port, '127.0.0.1')
    stream.on('error', () => {}).write('GET /endless HTTP/1.1\r\nHost: x\r\n\r\n')
    await sleep(50)
    const started = Date.now()
    await server.close(200)
    expect(Date.now() - started).toBeGreaterThan(150)
    expect(Date.now() - started).toBeLessThan(1000)
  })

  test('says so when its port is taken', async () => {
    const { port } = await aServer()
    const { listen } = await import('../../src/http/server.ts')
    const { default: Koa } = await import('koa')
    await expect(listen(new Koa(), { host: '127.0.0.1', port })).rejects.toThrow(/EADDRINUSE/)
  })
})
