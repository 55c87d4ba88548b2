import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { createCredentials, type PlayTokenKind } from '../../src/accounts/credentials.ts'
import { createSessions } from '../../src/accounts/sessions.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import type { TestServer } from './instance.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
export type Told = any

/** A client of the live channel. */
export interface LiveClient {
  readonly socket: WebSocket
  /** Every frame that came and was not taken yet. */
  readonly frames: Told[]
  send(frame: object | string | Buffer): void
  /** The next frame, or the next that `is` what is waited for; others are left out. */
  next(is?: (frame: Told) => boolean): Promise<Told>
  /** Says something and takes the next answer. */
  ask(frame: object | string | Buffer): Promise<Told>
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Opens a channel; with a token it is let in, too. */
export async function openLive(
  url: string,
  token?: string,
  { path = '/api/v1/live', ...auth }: { path?: string; device_id?: string } = {},
): Promise<LiveClient> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${path}`)
  const frames: Told[] = []
  let wake = () => {}
  socket.on('message', (data) => {
    frames.push(JSON.parse(String(data)))
    wake()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => {
      resolve({ code, reason: String(reason) })
      wake()
    }),
  )
  const client: LiveClient = {
    socket,
    frames,
    closed,
    send: (frame) =>
      socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame), {
        binary: Buffer.isBuffer(frame),
      }),
    async next(is = () => true) {
      for (const until = Date.now() + 10_000; Date.now() < until; ) {
        while (frames.length > 0) {
          const frame = frames.shift()
          if (is(frame)) return frame
        }
        if (socket.readyState === WebSocket.CLOSED) throw new Error('the channel was closed')
        const woken = Promise.withResolvers<void>()
        wake = woken.resolve
        await Promise.race([sleep(100), woken.promise])
      }
      throw new Error('nothing came for ten seconds')
    },
    async ask(frame) {
      client.send(frame)
      return client.next()
    },
  }
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const hello = await client.next()
  if (hello.status !== 'connected') throw new Error(JSON.stringify(hello))
  if (token !== undefined) {
    const let_in = await client.ask({ type: 'auth', token, ...auth })
    if (let_in.status !== 'ok') throw new Error(JSON.stringify(let_in))
  }
  return client
}

export const tokenOf = (bearer: string): string => bearer.replace(/^Bearer /, '')

/** A play token for the user, made without going through the pages. */
export async function playTokenFor(server: TestServer, user: UserId, kind: PlayTokenKind = 'live'): Promise<string> {
  const credentials = createCredentials(server.fresh.stores.system, Date.now, { note: () => {}, flush: async () => {} })
  const made = await credentials.make(user, kind, 'Test')
  if (isRefusal(made)) throw new Error(made.message)
  return made.secret
}

/** A stream of server-sent events. */
export interface EventStream {
  readonly headers: Headers
  next(): Promise<{ id: string | undefined; event: string | undefined; data: Told }>
  close(): void
}

/** Opens the stream of changes; throws what was answered when it does not begin. */
export async function openEvents(
  url: string,
  headers: Record<string, string>,
  query = '',
  signal: AbortController = new AbortController(),
): Promise<EventStream> {
  const response = await fetch(`${url}/api/v1/events${query}`, { headers, signal: signal.signal })
  if (response.status !== 200 || !response.body) throw new Error(`${response.status} ${await response.text()}`)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  return {
    headers: response.headers,
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n')
        if (end < 0) {
          const { value, done } = await reader.read()
          if (done) throw new Error('the stream ended')
          text += value
          continue
        }
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const data = field('data')
        if (data !== undefined) return { id: field('id'), event: field('event'), data: JSON.parse(data) }
      }
    },
    close: () => signal.abort(),
  }
}

/** The cookie of a session, begun without going through the pages. */
export const logInCookie = async (server: TestServer, user: UserId): Promise<string> =>
  `balados_session=${await createSessions(server.fresh.stores.system, Date.now).open(user, undefined)}`
