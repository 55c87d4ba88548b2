import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { purgeMemory } from '../../../src/journal/purge.ts'
import { feedId, itemId, type Reply, startServer } from '../../support/instance.ts'

const server = await startServer({ rateLimits: true })
afterAll(() => server.close())
const app = await server.allow(await server.addUser())

const feed = feedId('https://feeds.example/errors.xml')
const other = feedId('https://feeds.example/others.xml')
const item = itemId('guid', 'https://media.example/errors.mp3')
const play = { rss_source_feed: feed, rss_source_item: item, position: 1, played: false }
const listener = async () => server.allow(await server.addUser())

/** What every error answer is, whatever else it holds. */
function isProblem({ status, body, headers }: Reply, expectedStatus: number, code: string) {
  expect([status, body.error_code]).toEqual([expectedStatus, code])
  expect(body.error).toMatch(/^.*\w.*[.!?\w`)]$/)
  expect(headers.get('content-type')).toContain('application/json')
}

describe('errors everywhere: {error: human sentence, error_code} with', () => {
  test('UNAUTHORIZED', async () => {
    const reply = await app.call('GET', '/play', undefined, { headers: { authorization: 'Bearer nobody' } })
    isProblem(reply, 401, 'UNAUTHORIZED')
    expect(reply.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  test('FORBIDDEN', async () => {
    const narrow = await server.allow({ id: app.user }, { scopes: ['user.plays.read'] })
    isProblem(await narrow.call('POST', '/play', play), 403, 'FORBIDDEN')
  })

  test('NOT_FOUND', async () => {
    isProblem(await app.call('GET', `/playlists/${randomUUID()}`), 404, 'NOT_FOUND')
    isProblem(await app.call('GET', '/no/such/place'), 404, 'NOT_FOUND')
  })

  test('CONFLICT', async () => {
    const id = randomUUID()
    await app.call('POST', '/playlists', { id, name: 'Road' })
    isProblem(await app.call('POST', '/playlists', { id, name: 'Rail' }), 409, 'CONFLICT')
    await app.call('POST', '/collections', { id, title: 'Road' })
    isProblem(await app.call('POST', '/collections', { id, title: 'Rail' }), 409, 'CONFLICT')
  })

  test('VALIDATION_ERROR (with details:[{path,message}])', async () => {
    const reply = await app.call('PUT', '/queue', { items: [{ rss_source_feed: feed, rss_source_item: '!' }] })
    isProblem(reply, 400, 'VALIDATION_ERROR')
    expect(reply.body.details).toEqual([{ path: 'items.0.rss_source_item', message: expect.any(String) }])
    const everything = await app.call('POST', '/play', { position: -1, played: 'yes' })
    expect(everything.body.details.map((detail: { path: string }) => detail.path)).toEqual(
      expect.arrayContaining(['rss_source_feed', 'rss_source_item', 'position', 'played']),
    )
    for (const body of ['{', '"text"', '7']) isProblem(await app.call('POST', '/play', body), 400, 'VALIDATION_ERROR')
  })

  test('RATE_LIMIT_EXCEEDED (with retry-after)', async () => {
    const busy = await listener()
    const save = () => busy.call('GET', '/apps')
    const replies: Reply[] = []
    for (let n = 0; n < 11; n++) replies.push(await save())
    for (const reply of replies.slice(0, 10)) expect(reply.status).toBe(200)
    const last = replies.at(-1) as Reply
    isProblem(last, 429, 'RATE_LIMIT_EXCEEDED')
    const seconds = Number(last.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
  })

  test('INTERNAL_ERROR (with a request id, never a stack)', async () => {
    const { pool } = server.fresh.stores.projections
    await pool.query('alter table projections.saves rename to saves_elsewhere')
    try {
      const reply = await app.call('POST', '/sync', { changes: {} }, { headers: { 'x-request-id': 'ask-me-7' } })
      isProblem(reply, 500, 'INTERNAL_ERROR')
      expect(reply.body.request_id).toBe('ask-me-7')
      expect(reply.headers.get('x-request-id')).toBe('ask-me-7')
      expect(JSON.stringify(reply.body)).not.toMatch(/saves|relation|\.ts|at /)
    } finally {
      await pool.query('alter table projections.saves_elsewhere rename to saves')
    }
  })
})

describe('a refusal of the domain keeps its own reason in error_code in lower case', () => {
  test('feed_not_subscribed', async () => {
    const { id } = (await app.call('POST', '/collections', { title: 'News' })).body
    const calls = [
      app.call('POST', `/collections/${id}/feeds`, { rss_source_feed: other }),
      app.call('PUT', `/collections/${id}/feeds`, { feeds: [other] }),
    ]
    for (const reply of await Promise.all(calls)) isProblem(reply, 422, 'feed_not_subscribed')
  })

  test('cannot_delete_default_collection', async () => {
    const { id } = (await app.call('GET', '/collections')).body.collections[0]
    isProblem(await app.call('DELETE', `/collections/${id}`), 403, 'cannot_delete_default_collection')
  })

  test('cannot_delete_queue', async () => {
    const { id } = (await app.call('GET', '/queue')).body
    isProblem(await app.call('DELETE', `/playlists/${id}`), 403, 'cannot_delete_queue')
  })

  test('too_many_items', async () => {
    const items = Array.from({ length: 10_000 }, (_, n) => ({
      rss_source_feed: feedId('http://a.example'),
      rss_source_item: itemId(String(n), ''),
    }))
    expect((await app.call('PUT', '/queue', { items })).status).toBe(200)
    const { id } = (await app.call('GET', '/queue')).body
    const one = { rss_source_feed: feed, rss_source_item: item }
    isProblem(await app.call('POST', `/playlists/${id}/items`, one), 422, 'too_many_items')
  })

  test('sync_token_expired', async () => {
    const last_sync = Buffer.from(`s1.${randomUUID()}.0`).toString('base64url')
    isProblem(await app.call('POST', '/sync', { last_sync, changes: {} }), 410, 'sync_token_expired')
  })
})

describe('body limit', () => {
  /** A sound body of about so many bytes; unknown fields are ignored. */
  const bodyOf = (bytes: number) => JSON.stringify({ ...play, changes: {}, padding: 'x'.repeat(bytes - 300) })
  const megabyte = 1024 * 1024

  /** Sends what `call` of an app would not: bytes. */
  async function send(path: string, bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
    const response = await fetch(`${server.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: app.bearer(), 'content-type': 'application/json', ...headers },
      body: bytes,
    })
    return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers }
  }
  const gzipped = (path: string, text: string) =>
    send(path, new Uint8Array(gzipSync(text)), { 'content-encoding': 'gzip' })

  test('1 MB for single commands, PAYLOAD_TOO_LARGE beyond', async () => {
    expect((await app.call('POST', '/play', bodyOf(megabyte))).status).toBe(200)
    isProblem(await app.call('POST', '/play', bodyOf(megabyte + 1000)), 413, 'PAYLOAD_TOO_LARGE')
    isProblem(await gzipped('/play', bodyOf(megabyte + 1000)), 413, 'PAYLOAD_TOO_LARGE')
  })

  test('16 MB for /sync, PAYLOAD_TOO_LARGE beyond', async () => {
    expect((await app.call('POST', '/sync', bodyOf(16 * megabyte))).status).toBe(200)
    isProblem(await app.call('POST', '/sync', bodyOf(16 * megabyte + 1000)), 413, 'PAYLOAD_TOO_LARGE')
  })

  test('gzip accepted for /sync, counted unpacked', async () => {
    const saved = { rss_source_feed: feed, rss_source_item: item, saved: true, updated_at: '2026-01-01T00:00:00Z' }
    const { status, body } = await gzipped('/sync', JSON.stringify({ changes: { saves: [saved] } }))
    expect(status).toBe(200)
    expect(body.changes.saves).toMatchObject([{ rss_source_item: item, saved: true }])
    expect((await gzipped('/sync', bodyOf(16 * megabyte))).status).toBe(200)
    isProblem(await gzipped('/sync', bodyOf(16 * megabyte + 1000)), 413, 'PAYLOAD_TOO_LARGE')
  })
})

describe('every write accepts an Idempotency-Key', () => {
  test('that is no key → 400', async () => {
    const headers = { 'idempotency-key': 'with blanks' }
    const reply = await app.call('POST', '/play', play, { headers })
    isProblem(reply, 400, 'VALIDATION_ERROR')
    expect(reply.body.details).toMatchObject([{ path: 'header.idempotency-key' }])
  })

  test('kept 24 h', async () => {
    const keyed = async (position: number) =>
      (await app.call('POST', '/play', { ...play, position }, { headers: { 'idempotency-key': 'a-day' } })).status
    const purgeIn = (hours: number) => purgeMemory(server.fresh.stores.events, Date.now() + hours * 3_600_000)
    expect(await keyed(10)).toBe(200)
    await purgeIn(23.9)
    expect(await keyed(20)).toBe(409)
    await purgeIn(24.1)
    expect(await keyed(20)).toBe(200)
  })
})
