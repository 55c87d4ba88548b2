import pino from 'pino'
import { z } from 'zod'
import { grants } from '../../src/accounts/index.ts'
import { successOut } from '../../src/http/schemas.ts'
import { createServer, listen } from '../../src/http/server.ts'
import { publicEndpoint, success } from '../../src/kernel/endpoint.ts'
import { benchInstance, publicUrl } from './instance.ts'

/** A web process as it runs, without limits, with an empty handler that needs no token. Tells its parent the port. */
const [, , url = ''] = process.argv
const instance = await benchInstance(url)
const timeline = instance.endpoints.find((e) => e.path === '/public/timeline')
const empty = publicEndpoint({
  path: '/bench/empty-public',
  summary: 'Nothing',
  tag: 'Bench',
  limit: 60,
  query: timeline?.query ?? z.never(),
  answers: { 200: successOut },
  handle: async () => success,
})
const app = createServer({
  endpoints: [...instance.endpoints, empty],
  authenticate: instance.accounts.authenticate,
  grants,
  countRequest: null,
  about: { scopes: {}, playDomain: null, features: [] },
  pages: [],
  health: async () => ({}),
  metrics: async () => '',
  log: pino({ level: 'warn' }),
  config: { publicUrl, trustProxy: false, version: '0' },
})
const server = await listen(app, { host: '127.0.0.1', port: 0 })
process.send?.((server.address() as { port: number }).port)
process.on('disconnect', () => process.exit(0))
