import pino from 'pino'
import { grants } from '../../src/accounts/index.ts'
import { readActions } from '../../src/gpodder/actions.ts'
import { readSince } from '../../src/gpodder/cursor.ts'
import { createDoor } from '../../src/gpodder/door.ts'
import { createSettings, createStamps } from '../../src/gpodder/index.ts'
import { createServer, listen } from '../../src/http/server.ts'
import { startPulse } from '../../src/journal/pulse.ts'
import { createTidings } from '../../src/journal/tidings.ts'
import { answer } from '../../src/kernel/endpoint.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { benchInstance, publicUrl } from './instance.ts'
import { answerMemory } from './memory.ts'

/**
 * The web server as it runs, with two empty handlers more: the same middleware, authentication and validation as an
 * upload and a download of actions, and nothing behind them. Tells its parent the port, and how much memory it takes.
 */
const [, , url = ''] = process.argv
const instance = await benchInstance(url)
const { stores, accounts, listening, journal, following } = instance
const log = pino({ level: 'warn' })

const stamps = createStamps(stores.system)
const settings = createSettings(stores.system)
const empty = createDoor({ ...listening, accounts, stamps, settings, publicUrl, clock: Date.now })
empty.on(['post'], '/api/2/empty/:user.json', async (call) => {
  const body = await call.json()
  if (isRefusal(body)) return body
  readActions(body as unknown[])
  return answer(200, { timestamp: 0, update_urls: [] })
})
empty.on(['get'], '/api/2/empty/:user.json', async (call) => {
  const since = readSince(call.query('since'))
  return isRefusal(since) ? since : answer(200, { actions: [], timestamp: since })
})

const app = createServer({
  endpoints: instance.endpoints,
  authenticate: accounts.authenticate,
  grants,
  countRequest: null,
  about: { scopes: {}, playDomain: null, features: [] },
  pages: [accounts.pages(), ...instance.doors, empty.router],
  health: async () => ({}),
  metrics: async () => '',
  log,
  config: { publicUrl, trustProxy: false, version: '0' },
})
const pulse = await startPulse(stores.events, following, log)
journal.onAppend(pulse.wake)
journal.onAppend(createTidings(stores.events, log).tell)
accounts.start()
const server = await listen(app, { host: '127.0.0.1', port: 0 })

answerMemory()
process.send?.((server.address() as { port: number }).port)
process.on('disconnect', () => process.exit(0))
