import pino from 'pino'
import { grants } from '../../src/accounts/index.ts'
import { createServer, listen } from '../../src/http/server.ts'
import { createHerald } from '../../src/journal/pulse.ts'
import { createTidings } from '../../src/journal/tidings.ts'
import { startLive } from '../../src/sync/live/index.ts'
import { benchInstance, publicUrl } from './instance.ts'

/** A web process as it runs, without limits. Tells its parent the port. */
const [, , url = ''] = process.argv
const { stores, journal, endpoints, accounts, listening } = await benchInstance(url)
const log = pino({ level: 'warn' })
const live = await startLive({ events: stores.events, listening, accounts, counters: null, publicUrl, log })
const app = createServer({
  endpoints,
  authenticate: accounts.authenticate,
  grants,
  countRequest: null,
  about: { scopes: {}, playDomain: null, features: [] },
  pages: [live.router],
  health: async () => ({}),
  metrics: async () => '',
  log,
  config: { publicUrl, trustProxy: false, version: '0' },
})
journal.onAppend(createHerald(stores.events, log).wake)
journal.onAppend(createTidings(stores.events, log).tell)
journal.onAppend(live.wake)
const server = await listen(app, { host: '127.0.0.1', port: 0, upgrade: live.upgrade })
process.send?.((server.address() as { port: number }).port)
process.on('disconnect', () => process.exit(0))
