import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { logInCookie, openEvents, playTokenFor } from '../support/live.ts'

const feed = feedId('https://feeds.example/events.rss')
const item = itemId('guid-1', 'https://media.example/1.mp3')

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const somebody = async (scopes?: readonly string[]) => server.allow(await server.addUser(), scopes ? { scopes } : {})

async function listen(headers: Record<string, string>, query = '') {
  const stream = await openEvents(server.url, headers, query)
  onTestFinished(() => stream.close())
  return stream
}

const ask = (headers: Record<string, string>, query = '') =>
  fetch(`${server.url}/api/v1/events${query}`, { headers }).then(async (response) => ({
    status: response.status,
    body: await response.json(),
  }))

const played = (position: number) => ({ rss_source_feed: feed, rss_source_item: item, position, played: false })

describe('changes as server-sent events', () => {
  test('come as a sync would tell them, unpacked and unbuffered, with the sync_token as id', async () => {
    const app = await somebody()
    const stream = await listen({ authorization: app.bearer(), 'accept-encoding': 'gzip, br' })
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(stream.headers.get('content-encoding')).toBeNull()
    expect(stream.headers.get('cache-control')).toBe('no-store, no-transform')
    expect(stream.headers.get('x-accel-buffering')).toBe('no')
    expect(stream.headers.get('access-control-allow-origin')).toBe('*')
    const hello = await stream.next()
    expect(hello).toMatchObject({ event: 'connected', data: { sync_token: hello.id } })
    await app.call('post', '/play', played(7))
    const told = await stream.next()
    const synced = await app.call('post', '/sync', { last_sync: hello.id, changes: {} })
    expect(told).toEqual({
      id: synced.body.sync_token,
      event: 'change',
      data: { type: 'change', sync_token: synced.body.sync_token, changes: synced.body.changes },
    })
  })

  test('go on from Last-Event-ID, or from ?since=', async () => {
    const app = await somebody()
    const { sync_token } = (await app.call('post', '/sync', { changes: {} })).body
    await app.call('post', '/play', played(8))
    const { authorization } = { authorization: app.bearer() }
    for (const stream of [
      await listen({ authorization, 'last-event-id': sync_token }),
      await listen({ authorization }, `?since=${sync_token}`),
    ]) {
      expect(await stream.next()).toMatchObject({ event: 'connected', id: sync_token })
      expect((await stream.next()).data.changes.plays).toMatchObject([{ position: 8 }])
    }
  })

  test('an expired token answers 410, one that is none 400, before any stream begins', async () => {
    const authorization = (await somebody()).bearer()
    const since = Buffer.from('s1.00000000-0000-4000-8000-000000000000.0').toString('base64url')
    expect(await ask({ authorization }, `?since=${since}`)).toMatchObject({
      status: 410,
      body: { error_code: 'sync_token_expired' },
    })
    expect(await ask({ authorization, 'last-event-id': 'x' })).toMatchObject({ status: 400 })
  })
})

describe('who may listen', () => {
  test('a play token for the live channel may, one for feeds may not', async () => {
    const app = await somebody()
    const stream = await listen({ authorization: `Bearer ${await playTokenFor(server, app.user)}` })
    expect((await stream.next()).event).toBe('connected')
    const feeds = await playTokenFor(server, app.user, 'feeds')
    expect((await ask({ authorization: `Bearer ${feeds}` })).status).toBe(401)
    expect((await ask({})).status).toBe(401)
    expect((await ask({ authorization: 'Basic eDp5' })).status).toBe(401)
  })

  test('an app needs a scope of the sync', async () => {
    const app = await somebody(['user.plays.read'])
    expect(await ask({ authorization: app.bearer() })).toMatchObject({ status: 403, body: { error_code: 'FORBIDDEN' } })
  })

  test('a session may from a page of this server, and from no other', async () => {
    const user = await server.addUser()
    const cookie = await logInCookie(server, user.id)
    const stream = await listen({ cookie, 'sec-fetch-site': 'same-origin' })
    expect((await stream.next()).event).toBe('connected')
    expect((await listen({ cookie, origin: server.url })).headers.get('content-type')).toContain('event-stream')
    for (const from of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect(await ask({ cookie, ...from })).toMatchObject({ status: 403 })
    expect((await ask({ cookie: 'balados_session=nonsense' })).status).toBe(401)
  })
})
