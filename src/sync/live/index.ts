import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Router } from '@koa/router'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { type Accounts, grants } from '../../accounts/index.ts'
import type { Counters } from '../../database/counters.ts'
import type { Store } from '../../database/store.ts'
import type { Listening } from '../../journal/listening.ts'
import { hearTidings, numbersOf } from '../../journal/tidings.ts'
import type { UserId } from '../../kernel/brand.ts'
import { type Channel, closeCodes, openChannel } from './channel.ts'
import { eventsRouter } from './events.ts'
import { createHub } from './hub.ts'
import { type LiveTimes, usualTimes } from './parts.ts'
import { createIdentify, type Identify } from './who.ts'

export interface LiveOptions {
  readonly events: Store
  readonly listening: Listening
  readonly accounts: Pick<Accounts, 'authenticate' | 'playToken' | 'visitorOf' | 'noteDevice'>
  /** Null where nothing is limited. */
  readonly counters: Counters | null
  readonly publicUrl: string
  readonly log: Logger
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  readonly times?: Partial<LiveTimes>
}

/** The live channel: changes as they happen, over WebSocket and as Server-Sent Events. */
export interface Live {
  /** `GET /api/v1/events`. */
  readonly router: Router
  /** What the HTTP server does with requests to become a WebSocket. */
  readonly upgrade: {
    wants(request: IncomingMessage): boolean
    take(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void
  }
  /** Closes every channel, and again does nothing: clients come back, to another process or after the restart. */
  stop(): Promise<void>
}

const paths = /^\/(?:sync\/)?api\/v1\/live(?:\?|$)/
const largestFrame = 64 * 1024
/** Tokens that are looked at again at once: all channels must not ask the database in one moment. */
const atOnce = 4
const minute = 60

export async function startLive(options: LiveOptions): Promise<Live> {
  const { events, listening, accounts, counters, publicUrl, log, clock = Date.now } = options
  const times = { ...usualTimes, ...options.times }
  const hub = createHub(listening, log)
  const open = new Set<Channel>()
  const once = createIdentify(accounts)
  const inTurn = pLimit(atOnce)
  const identify: Identify = (token, address) =>
    address === undefined ? inTurn(() => once(token)) : once(token, address)
  /** The same count as that of the REST operation: it must not matter by which door one comes. */
  const count = (operation: string) =>
    counters && ((user: UserId) => counters.take(`${user} ${operation}`, { limit: 60, seconds: minute }))
  const countPlay = count('post /play')
  const { noteDevice, visitorOf } = accounts
  const parts = { listening, grants, countPlay, noteDevice, times, clock, log, hub, identify }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestFrame, perMessageDeflate: false })
  const ear = await hearTidings(events, hub.wake, log)
  const beats = setInterval(() => {
    for (const channel of open) channel.beat()
  }, times.beat)
  // What no NOTIFY told of: a command line that wrote, a connection that broke without a word.
  const sweep = setInterval(() => {
    const users = hub.users()
    if (users.length === 0) return
    numbersOf(events, users).then(hub.compare, (error: unknown) => {
      log.error({ err: error }, 'could not look for changes nobody told of; trying again')
    })
  }, times.sweep)

  const stop = () => {
    clearInterval(beats)
    clearInterval(sweep)
    for (const channel of open) channel.close(closeCodes.goingAway, 'the server is stopping: come back')
    return ear.stop()
  }
  let stopped: Promise<void> | undefined

  return {
    router: eventsRouter({ ...parts, publicUrl, visitorOf, countOpening: count('get /events'), open }),
    upgrade: {
      wants: ({ url = '', headers }) => paths.test(url) && headers.upgrade?.toLowerCase() === 'websocket',
      take: (request, socket, head, address) =>
        sockets.handleUpgrade(request, socket, head, (made) => {
          const channel = openChannel(made, address, parts)
          open.add(channel)
          made.once('close', () => open.delete(channel))
        }),
    },
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
