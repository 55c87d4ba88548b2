import Koa from 'koa'
import pino from 'pino'
import { z } from 'zod'
import { grants } from '../../src/accounts/index.ts'
import { successOut } from '../../src/http/schemas.ts'
import { createServer, listen } from '../../src/http/server.ts'
import { startPulse } from '../../src/journal/pulse.ts'
import { endpoint, success } from '../../src/kernel/endpoint.ts'
import { syncBody } from '../../src/sync/body.ts'
import { benchInstance, publicUrl } from './instance.ts'

/**
 * The web server as it runs, with two empty handlers more: the same middleware, authentication and validation as
 * `POST /play` and `POST /sync`, and nothing behind them. And a bare Koa. Tells its parent the ports.
 */
const [, , url = ''] = process.argv
const instance = await benchInstance(url)
const log = pino({ level: 'warn' })
const play = instance.endpoints.find((e) => e.method === 'post' && e.path === '/play')
const empty = (path: string, body: z.ZodType) =>
  endpoint({
    method: 'post',
    path,
    summary: path,
    tag: 'Bench',
    scope: 'user.plays.write',
    limit: 100,
    body,
    answers: { 200: successOut },
    handle: async () => success,
  })

const app = createServer({
  endpoints: [
    ...instance.endpoints,
    empty('/bench/empty-play', play?.body ?? z.never()),
    empty('/bench/empty-sync', syncBody),
  ],
  authenticate: instance.accounts.authenticate,
  grants,
  countRequest: null,
  about: { scopes: {}, playDomain: null, features: [] },
  pages: [],
  health: async () => ({}),
  metrics: async () => '',
  log,
  config: { publicUrl, trustProxy: false, version: '0' },
})
const pulse = await startPulse(instance.stores.events, instance.following, log)
instance.journal.onAppend(pulse.wake)
const api = await listen(app, { host: '127.0.0.1', port: 0 })

const bareApp = new Koa()
bareApp.use((ctx) => {
  ctx.body = { status: 'success' }
})
const bare = await listen(bareApp, { host: '127.0.0.1', port: 0 })

const port = (server: typeof api) => (server.address() as { port: number }).port
process.send?.({ api: port(api), bare: port(bare) })
process.on('disconnect', () => process.exit(0))
