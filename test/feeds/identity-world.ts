import pino from 'pino'
import { grants } from '../../src/accounts/index.ts'
import { close, createServer, listen } from '../../src/http/server.ts'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import { compose } from '../../src/main/compose.ts'
import { openPodcastDoor } from '../../src/openpodcast/index.ts'
import { freshStores } from '../support/database.ts'
import { freePort, type TestServer, testServerOf } from '../support/instance.ts'
import { secret } from '../support/journal-doors.ts'

export interface World extends TestServer {
  /** Lets followers catch up and listeners hear of what changed. */
  settle(): Promise<void>
}

/** A server whose parts the test holds in its hand: what feeds show is told at once, not after a minute. */
export async function openWorld(layout: 'one' | 'three'): Promise<World> {
  const fresh = await freshStores(layout)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = pino({ level: 'error' })
  const { stores } = fresh
  const instance = compose({ stores, publicUrl: url, secret, log, rateLimits: false, patience: 0 })
  const { accounts, listening, endpoints, doors } = instance
  const about = { version: '0', baseUrl: url }
  const openPodcast = openPodcastDoor({ listening, system: stores.system, accounts, countRequest: null, about })
  const app = createServer({
    endpoints,
    authenticate: accounts.authenticate,
    grants,
    countRequest: null,
    pages: [...doors, openPodcast],
    health: async () => ({}),
    metrics: async () => '',
    log,
    about: { scopes: {}, playDomain: null, features: [] },
    config: { publicUrl: url, trustProxy: 0, version: '0' },
  })
  const server = await listen(app, { host: '127.0.0.1', port })
  const closeAll = async () => {
    await close(server)
    await fresh.close()
  }
  return {
    ...testServerOf({ url, fresh, instance, close: closeAll }),
    async settle() {
      for (let i = 0; i < 5; i++) {
        await sequenceArrivals(stores.events)
        const applied = await instance.following.advance()
        if ((await instance.telling.tell()) === 0 && applied === 0) return
      }
    },
  }
}
