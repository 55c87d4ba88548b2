import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Router } from '@koa/router'
import { describe, expect, onTestFinished, test } from 'vitest'
import { answer, endpoint } from '../../src/kernel/endpoint.ts'
import { aServer } from './a-server.ts'
import { thing } from './here.ts'

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
