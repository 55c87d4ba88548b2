import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Router } from '@koa/router'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import { type Accounts, addressGroup, grants } from '../../accounts/index.ts'
import type { Counters } from '../../database/counters.ts'
import type { Store } from '../../database/store.ts'
import { problemOf, sendProblem, upgradeRequired } from '../../http/problems.ts'
import type { Listening } from '../../journal/listening.ts'
import { hearTidings, numbersOf } from '../../journal/tidings.ts'
import type { UserId } from '../../kernel/brand.ts'
import { refuseForNow } from '../../kernel/refusal.ts'
import { type Channel, closeCodes, openChannel } from './channel.ts'
import { eventsRouter } from './events.ts'
import { createHub } from './hub.ts'
import { type LiveLimits, type LiveTally, type LiveTimes, noLimits, usualLimits, usualTimes } from './parts.ts'
import { createPlaces } from './places.ts'
import { createShifts } from './shifts.ts'
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
  readonly limits?: Partial<LiveLimits>
}

/** What the live channel counts, for those who watch the instance. */
export interface LiveCounts extends LiveTally {
  readonly open: Readonly<Record<Channel['kind'], number>>
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
  /** This process has written to a user's journal, up to this number: its channels need not wait for the tidings. */
  wake(user: UserId, number: number): void
  counts(): LiveCounts
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
  const limits = { ...(counters ? usualLimits : noLimits), ...options.limits }
  const tally: LiveTally = { pushed: 0, slow: 0, resumed: 0 }
  const hub = createHub(listening, tally, log)
  const shifts = createShifts(times.beat)
  const once = createIdentify(accounts)
  const inTurn = pLimit(atOnce)
  const identify: Identify = (token, address) =>
    address === undefined ? inTurn(() => once(token)) : once(token, address)
  /** The same count as that of the REST operation: it must not matter by which door one comes. */
  const count = (operation: string) =>
    counters && ((user: UserId) => counters.take(`${user} ${operation}`, { limit: 60, seconds: minute }))
  const countPlay = count('post /play')
  const { noteDevice, visitorOf } = accounts
  const places = createPlaces<UserId>(limits.channels)
  const strangers = createPlaces<string>(limits.strangers)
  const parts = { listening, grants, countPlay, noteDevice, places, tally, times, clock, log, hub, identify }

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: largestFrame,
    perMessageDeflate: false,
    autoPong: false,
  })
  const ear = await hearTidings(events, hub.wake, log)
  // What no NOTIFY told of: a command line that wrote, a connection that broke without a word.
  const sweep = setInterval(() => {
    const users = hub.users()
    if (users.length === 0) return
    numbersOf(events, users).then(hub.compare, (error: unknown) => {
      log.error({ err: error }, 'could not look for changes nobody told of; trying again')
    })
  }, times.sweep)

  let stopped: Promise<void> | undefined
  const sayGoodbye = (channel: Channel) => channel.close(closeCodes.goingAway, 'the server is stopping: come back')
  const stop = () => {
    shifts.stop()
    clearInterval(sweep)
    for (const channel of shifts.all()) sayGoodbye(channel)
    return ear.stop()
  }
  const enrol = (channel: Channel) => {
    if (stopped) sayGoodbye(channel)
    return shifts.add(channel)
  }
  const countOpening = count('get /events')

  return {
    router: eventsRouter({ ...parts, publicUrl, visitorOf, countOpening, enrol }).get(
      ['/api/v1/live', '/sync/api/v1/live'],
      (ctx) =>
        sendProblem(ctx, upgradeRequired('websocket', 'This path speaks WebSocket only; /api/v1/events does without.')),
    ),
    upgrade: {
      wants: ({ url = '', headers }) => paths.test(url) && headers.upgrade?.toLowerCase() === 'websocket',
      take(request, socket, head, address) {
        const leave = strangers.take(addressGroup(address))
        if (!leave) return refuseUpgrade(socket)
        // Given back as well when the handshake fails.
        socket.once('close', leave)
        sockets.handleUpgrade(request, socket, head, (made) => {
          const leaveTurn = enrol(openChannel(made, { address, leave }, parts))
          made.once('close', leaveTurn)
        })
      },
    },
    wake: (user, number) => hub.wake({ user, number }),
    counts() {
      const open = { websocket: 0, events: 0 }
      for (const { kind } of shifts.all()) open[kind]++
      return { ...tally, open }
    },
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}

/** Answers 429 on a connection that is no WebSocket yet. */
function refuseUpgrade(socket: Duplex): void {
  const { body } = problemOf(refuseForNow('Too many connections of this address have not authenticated.', 30))
  const text = JSON.stringify({ ...body, error_code: 'CONNECTION_RATE_LIMITED' })
  const headers = [
    'HTTP/1.1 429 Too Many Requests',
    'Connection: close',
    'Retry-After: 30',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(text)}`,
  ]
  socket.on('error', () => socket.destroy())
  socket.end(`${headers.join('\r\n')}\r\n\r\n${text}`)
}
