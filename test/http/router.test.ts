import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answer, type Endpoint, type Origin } from '../../src/kernel/endpoint.ts'
import { refuse, refuseForNow, refuseValue } from '../../src/kernel/refusal.ts'
import { alice, aServer } from './a-server.ts'
import { echo, echoPath, put, simple } from './an-endpoint.ts'

describe('a request that is well', () => {
  test('reaches its endpoint with what the schemas made of it, the caller and the time', async () => {
    const server = await aServer({ endpoints: [echo], clock: () => 1_700_000_000_000 })
    const { status, json, headers } = await server.ask(`${echoPath}?feed=a%20b&limit=7`, put('{"position": 3, "x": 1}'))
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    expect(json).toEqual({
      params: { item: 'abc' },
      query: { feed: 'a b', limit: 7 },
      body: { position: 3 },
      caller: alice,
      origin: { user: alice.user, author: alice.author, now: 1_700_000_000_000, request: null },
      language: 'en',
    })
  })

  test('may call its JSON anything, or nothing', async () => {
    const server = await aServer({ endpoints: [echo] })
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'plain/text', '?']) {
      expect((await server.ask(echoPath, put('{"position":1}', { 'content-type': type }))).status, type).toBe(200)
    }
    expect((await server.ask(echoPath, put('{"position":1}'))).status).toBe(200)
  })

  test('may be packed', async () => {
    const server = await aServer({ endpoints: [echo] })
    const body = JSON.stringify({ position: 5 })
    for (const [encoding, packed] of [
      ['gzip', gzipSync(body)],
      ['GZip', gzipSync(body)],
      ['br', brotliCompressSync(body)],
      ['identity', body],
      ['deflate', deflateSync(body)],
    ] as const) {
      const { json } = await server.ask(echoPath, put(packed, { 'content-encoding': encoding }))
      expect(json, encoding).toMatchObject({ body: { position: 5 } })
    }
  })

  test('needs no body where every field is optional', async () => {
    const share = simple('/share', {
      method: 'post',
      body: z.object({ comment: z.string().optional() }),
      handle: async (call) => answer(200, call.body),
    })
    const server = await aServer({ endpoints: [share] })
    expect((await server.ask('/api/v1/share', { method: 'POST' })).json).toEqual({})
  })

  test('can be answered without a body', async () => {
    const server = await aServer({
      endpoints: [
        simple('/empty', { handle: async () => answer(204, undefined) }),
        simple('/bare', { handle: async () => answer(202, undefined) }),
      ],
    })
    const empty = await server.ask('/api/v1/empty')
    expect([empty.status, empty.text, empty.headers['content-type']]).toEqual([204, '', undefined])
    const bare = await server.ask('/api/v1/bare')
    expect([bare.status, bare.text, bare.headers['content-length']]).toEqual([202, '', '0'])
  })

  test('finds the literal path before one with parameters, whatever their order', async () => {
    const server = await aServer({ endpoints: [simple('/lists/{id}'), simple('/lists/queue')] })
    expect((await server.ask('/api/v1/lists/queue')).json).toEqual({ path: '/lists/queue' })
    expect((await server.ask('/api/v1/lists/other')).json).toEqual({ path: '/lists/{id}' })
    expect((await server.ask('/api/v1/lists/other/')).json).toEqual({ path: '/lists/{id}' })
  })

  test('may be a HEAD for every GET', async () => {
    const server = await aServer({ endpoints: [simple('/thing')] })
    const { status, text, headers } = await server.ask('/api/v1/thing', { method: 'HEAD' })
    expect([status, text, headers['content-length']]).toEqual([200, '', '17'])
  })
})

describe('who may', () => {
  test('a call without a token is told how to bring one, before its body is looked at', async () => {
    const server = await aServer({ endpoints: [echo] })
    const { status, json, headers } = await server.ask(echoPath, { ...put('garbage'), anonymous: true })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toBe('Bearer')
    expect(json).toEqual({ error: 'The token is missing or unknown.', error_code: 'UNAUTHORIZED' })
  })

  test('a grant without the scope is told which one is missing', async () => {
    const server = await aServer({ endpoints: [simple('/sync', { scope: ['user.sync', 'user'] })] })
    const { status, json } = await server.ask('/api/v1/sync')
    expect(status).toBe(403)
    expect(json.error_code).toBe('FORBIDDEN')
    expect(json.error).toContain('user.sync or user')
  })

  test('one of several scopes is enough', async () => {
    const server = await aServer({ endpoints: [simple('/sync', { scope: ['user.sync', 'user.plays'] })] })
    expect((await server.ask('/api/v1/sync')).status).toBe(200)
  })
})

describe('a request with wrong values', () => {
  test('is told every one of them by its path', async () => {
    const server = await aServer({ endpoints: [echo] })
    const path = `/api/v1/play/${'a'.repeat(21)}/position?limit=many&feed=1&feed=2`
    const { status, json } = await server.ask(path, put('{"position":-1}'))
    expect(status).toBe(400)
    expect(json.error_code).toBe('VALIDATION_ERROR')
    const details = json.details as { path: string; message: string }[]
    expect(details.map((detail) => detail.path)).toEqual(['path.item', 'query.feed', 'query.limit', 'position'])
    expect(json.error).toMatch(/path\.item: .+; query\.feed: .+; and 1 more$/)
  })

  test('is told where in a list, and which field nobody knows', async () => {
    const body = z.strictObject({ items: z.array(z.union([z.string(), z.object({ feed: z.string() })])) })
    const server = await aServer({ endpoints: [simple('/items', { method: 'post', body })] })
    const sent = { method: 'POST', body: JSON.stringify({ items: ['a', { feed: 1 }, 2], more: 1, less: 2 }) }
    const { json } = await server.ask('/api/v1/items', sent)
    const paths = (json.details as { path: string }[]).map((detail) => detail.path)
    expect(paths).toEqual(['items.1.feed', 'items.2', 'more', 'less'])
  })

  test('is not answered with more than a thousand of them', async () => {
    const body = z.object({ items: z.array(z.string()) })
    const server = await aServer({ endpoints: [simple('/items', { method: 'post', body })] })
    const sent = { method: 'POST', body: JSON.stringify({ items: new Array(5000).fill(1) }) }
    const { json } = await server.ask('/api/v1/items', sent)
    expect(json.details).toHaveLength(1000)
    expect(json.error).toMatch(/and 4997 more$/)
  })

  test.each([
    ['garbage', 'position=1'],
    ['half of it', '{"position":'],
    ['a number', '1'],
    ['a string', '"position"'],
    ['null', 'null'],
    ['a list where an object belongs', '[1]'],
    ['a poisoned prototype', '{"position":1,"__proto__":{"admin":true}}'],
    ['bytes that are not UTF-8, outside of strings', Buffer.from([0x7b, 0xff, 0x7d])],
    ['a NUL character', '{"position":1,"note":["a\\u0000b"]}'],
    ['a NUL character in a name', '{"position":1,"note":{"a\\u0000b":1}}'],
    ['half a surrogate pair', '{"position":1,"note":{"deep":"\\uD83D"}}'],
  ])('is refused: %s as its body', async (_, body) => {
    const server = await aServer({ endpoints: [echo] })
    const { status, json } = await server.ask(echoPath, put(body))
    expect([status, json.error_code]).toEqual([400, 'VALIDATION_ERROR'])
    expect(json.details).not.toHaveLength(0)
  })

  test('is told which text holds the NUL character', async () => {
    const server = await aServer({ endpoints: [echo] })
    const { json } = await server.ask(echoPath, put('{"position":1,"note":[{"a":"x"},{"a":"\\u0000"}]}'))
    expect(json.details).toMatchObject([{ path: 'note.1.a' }])
  })

  test.each([
    ['an escaped backslash before u0000', '{"position":1,"note":"\\\\u0000"}'],
    ['a whole surrogate pair', '{"position":1,"note":"\\ud83d\\ude00"}'],
    ['bytes that are not UTF-8, in a string', Buffer.from('{"position":1,"note":"\xff"}', 'latin1')],
    ['very deep nesting', `{"position":1,"note":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
  ])('is not seen in %s', async (_, body) => {
    const taken = simple('/take', { method: 'put', body: z.object({ position: z.number() }) })
    const server = await aServer({ endpoints: [taken] })
    expect((await server.ask('/api/v1/take', put(body))).status).toBe(200)
  })

  test('is refused for a prototype only by name: nothing is inherited', async () => {
    const server = await aServer({ endpoints: [echo] })
    await server.ask(`${echoPath}?__proto__[x]=1&__proto__=2&constructor=3`, put('{"position":1}'))
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })
})

describe('an idempotency key', () => {
  const asked = async (path: string, method: string, body: string, key = 'k1') => {
    let origin: Origin | undefined
    const keep: Endpoint['handle'] = async (call: { origin: Origin }) => {
      origin = call.origin
      return answer(200, {})
    }
    const more = { body: z.looseObject({}), handle: keep }
    const endpoints = [simple('/a', { method: 'post', ...more }), simple('/a', { method: 'put', ...more })]
    const server = await aServer({ endpoints })
    await server.ask(`/api/v1${path}`, { method, body, headers: { 'idempotency-key': key } })
    return origin?.request
  }

  test('comes with a hash of method, path and body', async () => {
    const first = await asked('/a', 'POST', '{"x":1}')
    expect(first?.key).toBe('k1')
    expect(first?.hash).toMatch(/^[\w-]{43}$/)
    expect(await asked('/a', 'POST', '{"x":1}')).toEqual(first)
    const others = [
      await asked('/a', 'POST', '{"x":2}'),
      await asked('/a', 'PUT', '{"x":1}'),
      await asked('/a?feed=1', 'POST', '{"x":1}'),
    ]
    expect(new Set([first, ...others].map((each) => each?.hash)).size).toBe(4)
  })

  test.each([
    ['empty', ''],
    ['too long', 'k'.repeat(256)],
    ['with a space', 'a b'],
    ['not ASCII', 'caf\u00e9'],
  ])('that is %s is refused', async (_, key) => {
    const server = await aServer({ endpoints: [echo] })
    const { status, json } = await server.ask(echoPath, put('{"position":1}', { 'idempotency-key': key }))
    expect(status).toBe(400)
    expect(json.details).toMatchObject([{ path: 'header.idempotency-key' }])
  })

  test('of 255 characters is taken, and one on a question is not looked at', async () => {
    const server = await aServer({ endpoints: [echo, simple('/thing')] })
    const headers = { 'idempotency-key': 'k'.repeat(255) }
    expect((await server.ask(echoPath, put('{"position":1}', headers))).status).toBe(200)
    expect((await server.ask('/api/v1/thing', { headers: { 'idempotency-key': 'a b' } })).status).toBe(200)
  })
})

describe('an endpoint that says no', () => {
  const saying = (handle: Endpoint['handle']) => aServer({ endpoints: [simple('/no', { handle })] })

  test('keeps the reason of the domain and the details', async () => {
    const server = await saying(async () => refuse('feed_not_subscribed', 'Subscribe first.'))
    const domain = await server.ask('/api/v1/no')
    expect([domain.status, domain.json]).toEqual([
      422,
      { error: 'Subscribe first.', error_code: 'feed_not_subscribed' },
    ])
    const other = await saying(async () => refuseValue('items.3.feed', 'is not base64url'))
    const value = await other.ask('/api/v1/no')
    expect([value.status, value.json]).toEqual([
      400,
      {
        error: 'items.3.feed: is not base64url',
        error_code: 'VALIDATION_ERROR',
        details: [{ path: 'items.3.feed', message: 'is not base64url' }],
      },
    ])
  })

  test('for now says when to come back', async () => {
    const server = await saying(async () => refuseForNow('Slowly.', 12.3))
    const { status, headers, json } = await server.ask('/api/v1/no')
    expect([status, headers['retry-after'], json.error_code]).toEqual([429, '13', 'RATE_LIMIT_EXCEEDED'])
    const vague = await saying(async () => refuse('rate_limited', 'Slowly.'))
    expect((await vague.ask('/api/v1/no')).headers['retry-after']).toBe('60')
  })

  test.each([
    ['throws', () => Promise.reject(new Error('secret detail'))],
    ['throws what is no error', () => Promise.reject('secret detail')],
    ['answers what is no JSON', async () => answer(200, { n: 1n })],
  ])('or %s by mistake gives a request id, and the log the rest', async (_, handle) => {
    const server = await saying(handle)
    const { status, json, text, headers } = await server.ask('/api/v1/no')
    expect(status).toBe(500)
    expect(json.error_code).toBe('INTERNAL_ERROR')
    expect(json.request_id).toBe(headers['x-request-id'])
    expect(text).not.toMatch(/secret|BigInt|\bat /)
    const line = await server.logged((each) => each.msg === 'request failed')
    expect(line).toMatchObject({ level: 50, request_id: json.request_id, route: '/api/v1/no' })
    expect(JSON.stringify(line)).toMatch(/secret detail|BigInt/)
  })
})

describe('the endpoints of an instance', () => {
  test('can not be mounted when two claim the same place', async () => {
    const endpoints = [simple('/a/{id}'), simple('/a/{other}')]
    await expect(aServer({ endpoints })).rejects.toThrow('two endpoints at get /a/{}')
  })
})
