import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { createServer as createTcpServer } from 'node:net'
import pino from 'pino'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { compose, type Instance } from '../../src/main/compose.ts'
import type { LoadedConfig } from '../../src/main/config.ts'
import { serve } from '../../src/main/serve.ts'
import { type FreshStores, freshStores } from './database.ts'

export const password = 'correct horse battery'
const secret = 'a secret for tests only, long enough to be one'

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface Reply {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
  readonly body: any
  readonly headers: Headers
}

export interface CallOptions {
  /** Claims of the request token beside `iss`, `sub`, `iat` and `exp`. */
  readonly claims?: Record<string, unknown>
  readonly headers?: Record<string, string>
}

/** An app that a user allowed, signing its calls. */
export interface App {
  readonly id: string
  readonly user: UserId
  readonly privateKey: KeyObject
  bearer(claims?: Record<string, unknown>): string
  /** Calls below `/api/v1`. */
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Reply>
  /** The same app on a device that names itself. */
  on(device: string): App
}

export interface TestServer {
  readonly url: string
  readonly fresh: FreshStores
  /** The parts of the instance on the same stores, for looking behind the doors. */
  readonly instance: Instance
  addUser(name?: string): Promise<{ id: UserId; username: string }>
  /** A user's app with these scopes, allowed without going through the pages. */
  allow(user: { id: UserId }, options?: { id?: string; scopes?: readonly string[] }): Promise<App>
  close(): Promise<void>
}

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A compact RS256 JWS, by node:crypto. */
export function signed(payload: unknown, key: KeyObject): string {
  const input = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

export interface ServerOptions {
  readonly layout?: 'one' | 'three'
  readonly rateLimits?: boolean
  readonly trustedProxies?: number
  readonly playDomain?: string
  /** A server whose databases this one shares, as a second process of the same instance would. */
  readonly beside?: TestServer
}

/** A real server on fresh stores, spoken to over HTTP. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const fresh = options.beside?.fresh ?? (await freshStores(options.layout))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = pino({ level: process.env.TEST_LOG_LEVEL ?? 'error' })
  const config: LoadedConfig = {
    port,
    host: '127.0.0.1',
    publicUrl: url,
    playDomain: options.playDomain,
    databases: fresh.urls,
    secretKeyBase: secret,
    dataDir: '/nonexistent',
    role: 'all',
    registration: 'open',
    federation: 'off',
    smtpUrl: undefined,
    logLevel: 'error',
    trustedProxies: options.trustedProxies ?? 0,
    allowPrivateAddresses: true,
    rateLimits: options.rateLimits ?? false,
  }
  const running = await serve(config, log)
  const instance = compose({ stores: fresh.stores, publicUrl: url, secret, log })
  const close = async () => {
    await running.stop()
    if (!options.beside) await fresh.close()
  }
  return testServerOf({ url, fresh, instance, close })
}

/** What tests do with a server. */
export function testServerOf({
  url,
  fresh,
  instance,
  close,
}: Pick<TestServer, 'url' | 'fresh' | 'instance' | 'close'>): TestServer {
  return {
    url,
    fresh,
    instance,
    async addUser(name = `u${randomUUID().replaceAll('-', '').slice(0, 12)}`) {
      const added = await instance.accounts.addUser({ username: name, password })
      if (isRefusal(added)) throw new Error(added.message)
      return { id: added.id, username: name }
    },
    async allow(user, { id = `test.app.${randomUUID().slice(0, 8)}`, scopes = ['*'] } = {}) {
      await fresh.stores.system.pool.query(
        `insert into system.app_tokens (user_id, app_id, name, url, image, public_key, scopes, authorized_at)
         values ($1, $2, 'Test app', null, null, $3, $4, now())`,
        [user.id, id, pem, scopes],
      )
      return app(url, id, user.id, keys.privateKey, null)
    },
    close,
  }
}

function app(url: string, id: string, user: UserId, privateKey: KeyObject, device: string | null): App {
  const bearer = (claims: Record<string, unknown> = {}) => {
    const now = Math.floor(Date.now() / 1000)
    const named = device === null ? {} : { device_id: device }
    return `Bearer ${signed({ iss: id, sub: user, iat: now, exp: now + 3600, ...named, ...claims }, privateKey)}`
  }
  return {
    id,
    user,
    privateKey,
    bearer,
    async call(method, path, body, { claims = {}, headers = {} } = {}) {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: bearer(claims),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: bodyOf(response, text), headers: response.headers }
    },
    on: (name) => app(url, id, user, privateKey, name),
  }
}

/** What an answer says: JSON read, a document of another kind as its text. */
export function bodyOf(response: Response, text: string) {
  if (text === '') return null
  return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text
}

/** Names as the API wants them. */
export const feedId = (url: string): string => Buffer.from(url).toString('base64url')
export const itemId = (guid: string, enclosure: string): string =>
  Buffer.from(`${guid},${enclosure}`).toString('base64url')
