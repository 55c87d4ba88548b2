import { afterAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../accounts/browser.ts'
import { feedId, startServer } from '../../support/instance.ts'

const server = await startServer({ rateLimits: true })
afterAll(() => server.close())
const app = await server.allow(await server.addUser())

const origin = 'https://player.example'
const feed = feedId('https://feeds.example/cors.xml')

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, {
    ...init,
    headers: { origin, ...(init.headers as Record<string, string> | undefined) },
  })

const preflight = (path: string, method: string, wanted = 'authorization,content-type,idempotency-key') =>
  ask(path, {
    method: 'OPTIONS',
    headers: { 'access-control-request-method': method, 'access-control-request-headers': wanted },
  })

/** What a browser would let the page know. */
const open = (response: Response) => ({
  origin: response.headers.get('access-control-allow-origin'),
  credentials: response.headers.get('access-control-allow-credentials'),
})
const toAnybody = { origin: '*', credentials: null }

describe('CORS is open on /api (tokens, no cookies)', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])(
    'a preflight for %s with Authorization and Idempotency-Key is allowed to any origin, without a token',
    async (method) => {
      const response = await preflight('/api/v1/subscriptions', method)
      expect(response.status).toBe(204)
      expect(open(response)).toEqual(toAnybody)
      expect(response.headers.get('access-control-allow-methods')?.split(',')).toContain(method)
      expect(response.headers.get('access-control-allow-headers')?.toLowerCase().split(/,\s*/)).toEqual(
        expect.arrayContaining(['authorization', 'content-type', 'idempotency-key']),
      )
      expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0)
    },
  )

  test('a preflight changes nothing and is not counted', async () => {
    for (let n = 0; n < 40; n++) await preflight(`/api/v1/subscriptions/${feed}`, 'DELETE')
    const { headers } = await app.call('DELETE', `/subscriptions/${feed}`)
    expect(headers.get('ratelimit-remaining')).toBe('29')
  })

  test('a write from another origin with Authorization and Idempotency-Key is carried out, once', async () => {
    const body = JSON.stringify({ name: 'Road' })
    const headers = { authorization: app.bearer(), 'content-type': 'application/json', 'idempotency-key': 'cors' }
    const [first, again] = [
      await ask('/api/v1/playlists', { method: 'POST', headers, body }),
      await ask('/api/v1/playlists', { method: 'POST', headers, body }),
    ]
    for (const response of [first, again]) {
      expect(response.status).toBe(201)
      expect(open(response)).toEqual(toAnybody)
    }
    expect(await again.json()).toEqual(await first.json())
  })

  test('a page may read limits, the request id and when to retry', async () => {
    const response = await ask('/api/v1/play', { headers: { authorization: app.bearer() } })
    expect(open(response)).toEqual(toAnybody)
    const exposed = response.headers.get('access-control-expose-headers')?.toLowerCase().split(',') ?? []
    for (const name of ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after', 'x-request-id'])
      expect(exposed).toContain(name)
  })

  test.each([
    ['401', '/api/v1/play', {}],
    ['404', '/api/v1/nothing', {}],
    ['405', '/api/v1/sync', {}],
    ['400', '/api/v1/play?feed=%00', {}],
    ['200', '/api/openapi.json', {}],
  ])('a page may read an answer of %s too', async (status, path, init) => {
    const response = await ask(path, init)
    expect(response.status).toBe(Number(status))
    expect(open(response)).toEqual(toAnybody)
  })

  test('a session’s cookie counts for nothing at the API, from another origin or this one', async () => {
    const { username } = await server.addUser()
    const browser = createBrowser(server.url)
    await browser.logIn(username)
    expect((await browser.go('/apps')).status).toBe(200)
    for (const from of [origin, server.url]) {
      const { status, headers } = await browser.go('/api/v1/apps', { headers: { origin: from } })
      expect(status).toBe(401)
      expect(headers.get('set-cookie')).toBeNull()
    }
    const posted = await browser.go('/api/v1/subscriptions', {
      method: 'POST',
      headers: { origin, 'content-type': 'text/plain' },
      body: JSON.stringify({ rss_source_feed: feed }),
    })
    expect(posted.status).toBe(401)
  })

  test('and on /api alone: no page may read the others', async () => {
    for (const path of ['/', '/users/log_in', '/authorize', '/health']) {
      expect(open(await ask(path))).toEqual({ origin: null, credentials: null })
    }
  })
})
