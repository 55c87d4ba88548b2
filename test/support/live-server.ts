import pino from 'pino'
import { onTestFinished } from 'vitest'
import { close, createServer, listen } from '../../src/http/server.ts'
import { createMetrics } from '../../src/main/metrics.ts'
import { type LiveCounts, type LiveOptions, startLive } from '../../src/sync/live/index.ts'
import type { TestServer } from './instance.ts'

export interface LiveServer {
  readonly url: string
  counts(): LiveCounts
  /** As a process stops: channels first, then whatever else is open. */
  stop(): Promise<void>
}

/** A web server beside another one, whose channels are looked after otherwise than usual; ends with the test. */
export async function startLiveServer(
  { instance, fresh, url: publicUrl }: TestServer,
  { times = {}, limits = {} }: Pick<LiveOptions, 'times' | 'limits'> = {},
): Promise<LiveServer> {
  const { accounts, listening, following } = instance
  const log = pino({ level: 'silent' })
  const { events } = fresh.stores
  const live = await startLive({ events, listening, accounts, counters: null, publicUrl, log, times, limits })
  const metrics = createMetrics(following, fresh.stores.cache.pool)
  metrics.show(live)
  const app = createServer({
    endpoints: [],
    authenticate: accounts.authenticate,
    grants: () => true,
    countRequest: null,
    pages: [live.router],
    health: async () => ({}),
    metrics: metrics.text,
    log,
    about: { scopes: {}, playDomain: null, features: [] },
    config: { publicUrl, trustProxy: true, version: '0' },
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0, upgrade: live.upgrade })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= live.stop().then(() => close(server))
    return stopped
  }
  onTestFinished(stop)
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  return { url, counts: live.counts, stop }
}
