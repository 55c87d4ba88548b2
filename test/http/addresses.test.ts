import { describe, expect, test } from 'vitest'
import { aServer } from './a-server.ts'
import { here } from './here.ts'

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
