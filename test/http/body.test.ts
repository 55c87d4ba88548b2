import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { Middleware } from 'koa'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { answer } from '../../src/kernel/endpoint.ts'
import { alice, aServer } from './a-server.ts'
import { echo, echoPath, put, simple } from './an-endpoint.ts'

describe('the size of a body', () => {
  const limited = simple('/small', { method: 'post', body: z.looseObject({}), bodyLimit: 1000 })
  const large = JSON.stringify({ a: 'x'.repeat(1000) })

  test('is limited', async () => {
    const server = await aServer({ endpoints: [limited] })
    const { status, json } = await server.ask('/api/v1/small', { method: 'POST', body: large })
    expect([status, json.error_code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
    const fits = JSON.stringify({ a: 'x'.repeat(900) })
    expect((await server.ask('/api/v1/small', { method: 'POST', body: fits })).status).toBe(200)
  })

  test('is limited when nobody says how long it will be', async () => {
    const server = await aServer({ endpoints: [limited] })
    const headers = { 'transfer-encoding': 'chunked' }
    expect((await server.ask('/api/v1/small', { method: 'POST', headers, body: large })).status).toBe(413)
  })

  test('counts unpacked', async () => {
    const server = await aServer({ endpoints: [limited] })
    const bomb = gzipSync(Buffer.alloc(50_000_000, 'x'))
    const started = Date.now()
    const headers = { 'content-encoding': 'gzip' }
    expect((await server.ask('/api/v1/small', { method: 'POST', headers, body: bomb })).status).toBe(413)
    expect(Date.now() - started).toBeLessThan(1000)
  })

  test.each(['identity', 'gzip'])('that is exceeded (%s) does not cost the connection', async (encoding) => {
    const server = await aServer({ endpoints: [limited] })
    const upload = encoding === 'gzip' ? gzipSync(randomBytes(5_000_000)) : randomBytes(5_000_000)
    const encoded = encoding === 'gzip' ? 'Content-Encoding: gzip\r\n' : ''
    const head = `POST /api/v1/small HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n${encoded}`
    const next = 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
    const both = [Buffer.from(`${head}Content-Length: ${upload.length}\r\n\r\n`), upload, Buffer.from(next)]
    expect(await server.speak(Buffer.concat(both), 3000)).toMatch(/413 Payload Too Large[\s\S]+200 OK/)
  })

  test('is 1 MB where the endpoint does not say otherwise', async () => {
    const roomy = simple('/roomy', { method: 'post', body: z.looseObject({}) })
    const server = await aServer({ endpoints: [roomy] })
    const of = (bytes: number) => ({ method: 'POST', body: JSON.stringify({ a: 'x'.repeat(bytes) }) })
    expect((await server.ask('/api/v1/roomy', of(1_000_000))).status).toBe(200)
    expect((await server.ask('/api/v1/roomy', of(1_100_000))).status).toBe(413)
  })
})

describe('a packed body', () => {
  const packed = (encoding: string, body: string | Uint8Array) => put(body, { 'content-encoding': encoding })

  test.each(['gzip', 'deflate', 'br'])('that is something else than %s is refused', async (encoding) => {
    const server = await aServer({ endpoints: [echo] })
    const cut = encoding === 'br' ? brotliCompressSync('{"position":1}') : gzipSync('{"position":1}')
    for (const body of ['{"position":1}', cut.subarray(0, cut.length - 9)]) {
      const { status, json } = await server.ask(echoPath, packed(encoding, body))
      expect([status, json.error_code]).toEqual([400, 'VALIDATION_ERROR'])
    }
  })

  test('of an unknown encoding is refused', async () => {
    const server = await aServer({ endpoints: [echo] })
    const { status, json } = await server.ask(echoPath, packed('rot13', '{"position":1}'))
    expect([status, json.error_code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  })

  test.each(['identity', 'gzip'])(
    'whose sender is gone before it is read (%s) is not taken for an empty one',
    async (encoding) => {
      let carriedOut = false
      let over = false
      const handle = async () => {
        carriedOut = true
        return answer(200, {})
      }
      const share = simple('/share', { method: 'post', body: z.object({ comment: z.string().optional() }), handle })
      const server = await aServer({
        endpoints: [share],
        authenticate: () => sleep(300, alice),
        before: [
          async (_, next) => {
            await next()
            over = true
          },
        ],
      })
      const head = `POST /api/v1/share HTTP/1.1\r\nHost: x\r\nContent-Encoding: ${encoding}\r\nContent-Length: 99\r\n\r\n{`
      await server.speak(head, 100)
      await expect.poll(() => over).toBe(true)
      expect(carriedOut).toBe(false)
      expect(server.log.filter((line) => line.level >= 50)).toEqual([])
    },
  )

  test.each(['identity', 'gzip'])('whose sender goes away half-way (%s) is over at once', async (encoding) => {
    let over = false
    const watch: Middleware = async (_, next) => {
      await next()
      over = true
    }
    const server = await aServer({ endpoints: [echo], before: [watch] })
    const whole = Buffer.from('{"position":1}')
    const body = encoding === 'gzip' ? gzipSync(whole) : whole
    const encoded = encoding === 'gzip' ? 'Content-Encoding: gzip\r\n' : ''
    const head = `PUT ${echoPath} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n${encoded}Content-Length: 999\r\n\r\n`
    await server.speak(Buffer.concat([Buffer.from(head), body.subarray(0, 10)]), 100)
    const line = await server.logged((each) => each.msg === 'request')
    expect(line).toMatchObject({ status: 499, aborted: true })
    expect(server.log.filter((each) => each.level >= 50)).toEqual([])
    // Not only the connection: nothing waits for the rest of the body any more.
    await expect.poll(() => over).toBe(true)
  })
})
