import { once } from 'node:events'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import { close, createServer, listen, type ServerParts } from '../../src/http/server.ts'
import type { Caller } from '../../src/kernel/endpoint.ts'
import { refuse } from '../../src/kernel/refusal.ts'

export const alice: Caller = {
  user: '0f5a2c1e-0000-4000-8000-000000000001' as Caller['user'],
  username: 'alice',
  author: { app: 'org.example.app', device: 'phone' },
  scopes: ['user.plays'],
}

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [key: string]: unknown
}

export interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  /** Leaves out the token. */
  readonly anonymous?: boolean
}

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON. */
  readonly json: { [key: string]: unknown }
}

export interface RunningServer {
  readonly port: number
  readonly log: LogLine[]
  /** Sends a request whose path goes over the wire as it stands. */
  ask(path: string, sent?: Sent): Promise<Received>
  /** The first log line that fits, waited for: a line is written after the answer is received. */
  logged(fits: (line: LogLine) => boolean): Promise<LogLine>
  /** Sends bytes on a connection of its own, and gives what comes back within `ms`. */
  speak(bytes: string | Uint8Array, ms?: number): Promise<string>
  close(patience?: number): Promise<void>
}

/** A server on a free port, closed when the test ends. The token `secret` is Alice's. */
export async function aServer(parts: Partial<ServerParts> = {}): Promise<RunningServer> {
  const log: LogLine[] = []
  const app = createServer({
    endpoints: [],
    authenticate: async (authorization) =>
      authorization === 'Bearer secret' ? alice : refuse('unauthorized', 'The token is missing or unknown.'),
    grants: (scopes, wanted) => scopes.includes(wanted),
    countRequest: null,
    pages: [],
    health: async () => ({ database: { ok: true } }),
    metrics: async () => 'up 1\n',
    log: pino({ level: 'debug' }, { write: (line: string) => void log.push(JSON.parse(line)) }),
    about: { scopes: { user: 'Everything' }, playDomain: null, features: [] },
    config: { publicUrl: 'http://localhost:4000', trustProxy: false, version: '1.2.3' },
    ...parts,
  })
  const server = await listen(app, { host: '127.0.0.1', port: 0 })
  const { port } = server.address() as AddressInfo
  onTestFinished(() => close(server, 0))
  return {
    port,
    log,
    close: (patience) => close(server, patience),
    async ask(path, { method = 'GET', headers = {}, body, anonymous = false } = {}) {
      const authorization = anonymous ? {} : { authorization: 'Bearer secret' }
      const asked = httpRequest({ port, host: '127.0.0.1', path, method, headers: { ...authorization, ...headers } })
      asked.end(body)
      const [response] = await once(asked, 'response')
      const received = await text(response)
      return {
        status: response.statusCode,
        headers: response.headers,
        text: received,
        get json() {
          return JSON.parse(received)
        },
      }
    },
    async logged(fits) {
      for (let tries = 0; tries < 200; tries++) {
        const line = log.find(fits)
        if (line) return line
        await sleep(10)
      }
      throw new Error(`no such line in the log: ${JSON.stringify(log)}`)
    },
    async speak(bytes, ms = 300) {
      const socket = connect(port, '127.0.0.1')
      let heard = ''
      socket.setEncoding('latin1').on('data', (chunk) => {
        heard += chunk
      })
      socket.on('error', () => {})
      socket.write(bytes)
      await Promise.race([once(socket, 'close'), sleep(ms)])
      socket.destroy()
      return heard
    },
  }
}
