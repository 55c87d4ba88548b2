import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { constants } from 'node:zlib'
import cors from '@koa/cors'
import type { Router } from '@koa/router'
import Koa from 'koa'
import compress from 'koa-compress'
import type { Logger } from 'pino'
import { refuse } from '../kernel/refusal.ts'
import { docsRouter } from './api-docs.ts'
import { answerUnrouted, errorBoundary, isForApi, sendError } from './errors.ts'
import { type Health, healthRouter } from './health.ts'
import { problemOf } from './problems.ts'
import { describeError, requestIdOf, requestLog } from './request-log.ts'
import { type ApiParts, apiRouter } from './router.ts'
import { apiHeaders, pageHeaders } from './security-headers.ts'
import { staticFiles } from './static.ts'
import { type SelfDescription, wellKnownRouter } from './well-known.ts'

export interface ServerConfig {
  /** What people and apps reach the instance by: `https://pods.example`. */
  readonly publicUrl: string
  /** How many proxies stand in front and tell the client's address; `true` for one, `false` for none. */
  readonly trustProxy: boolean | number
  /** Of the software, for the API's description. */
  readonly version: string
}

export interface ServerParts extends Omit<ApiParts, 'clock'> {
  /** Pages, and doors with protocols of their own, below `/api` too; asked in this order. */
  readonly pages: readonly Router[]
  /** Runs before every route, with the body unread: Fedify, the play domain. */
  readonly before?: readonly Koa.Middleware[]
  readonly health: Health
  /** The text of `/metrics`. */
  readonly metrics: () => Promise<string>
  readonly log: Logger
  readonly config: ServerConfig
  readonly about: SelfDescription
  /** Milliseconds since 1970; `Date.now` where not given. */
  readonly clock?: () => number
  /** The folder of static files; the repository's `public` where not given. */
  readonly publicFolder?: string
}

/** Puts the web server together; {@link listen} opens it. */
export function createServer(parts: ServerParts): Koa {
  const { log, config, before = [], pages, clock = Date.now } = parts
  const https = config.publicUrl.startsWith('https:')
  const folder = parts.publicFolder ?? fileURLToPath(new URL('../../public', import.meta.url))
  const doors = pages.map(routesOf)
  const about = { version: config.version, baseUrl: config.publicUrl, scopes: parts.about.scopes }

  const api = inTurn([
    openCors,
    packed,
    apiHeaders(https),
    routesOf(apiRouter({ ...parts, clock })),
    routesOf(docsRouter(parts.endpoints, about, pageHeaders(https))),
    ...doors,
    answerUnrouted,
  ])
  const site = inTurn([
    pageHeaders(https),
    staticFiles(folder),
    routesOf(wellKnownRouter(parts.about, about)),
    routesOf(healthRouter(parts.health, parts.metrics, log)),
    ...doors,
    answerUnrouted,
  ])

  // Of the addresses that proxies tell, only as many count as there are proxies to trust: the rest anybody can write.
  const app = new Koa({ proxy: Boolean(config.trustProxy), maxIpsCount: Number(config.trustProxy) })
  app.on('error', lateErrors(log))
  app.use(requestLog(log)).use(errorBoundary(log)).use(refuseMalformed)
  for (const middleware of before) app.use(middleware)
  return app.use((ctx, next) => (isForApi(ctx) ? api(ctx, next) : site(ctx, next)))
}

/** Lists of thousands of plays shrink to a tenth. Pages stay as they are: a secret form field beside echoed text must not be guessed by length. */
const packed = compress({ threshold: 1024, br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } } })

/** Any page may call the API: it goes by tokens, never by cookies. */
const openCors = cors({
  origin: '*',
  allowMethods: 'GET,HEAD,POST,PUT,PATCH,DELETE',
  exposeHeaders: [
    'RateLimit',
    'RateLimit-Policy',
    'RateLimit-Limit',
    'RateLimit-Remaining',
    'RateLimit-Reset',
    'Retry-After',
    'ETag',
    'Deprecation',
    'Sunset',
    'Idempotent-Replayed',
    'X-Request-Id',
    // Apps whose device has a wrong clock date their request tokens by it.
    'Date',
  ],
  maxAge: 86_400,
})

/** Beyond any form or app; reading a query takes time that grows with the square of its parameters. */
const mostQueryParameters = 200

/** What no route should have to think about: a path that can't be decoded, a NUL that PostgreSQL can't hold. */
const refuseMalformed: Koa.Middleware = (ctx, next) => {
  const wrong = malformed(ctx)
  if (wrong === undefined) return next()
  // Answered before the API's own headers are set; a page that called it may read why.
  if (isForApi(ctx)) ctx.set('Access-Control-Allow-Origin', '*')
  sendError(ctx, problemOf(refuse('validation', wrong, [{ path: 'url', message: wrong }])))
}

function malformed(ctx: Koa.Context): string | undefined {
  try {
    // Also throws for a request target in absolute form with an impossible host.
    const { path, querystring } = ctx
    if (path.includes('%')) decodeURIComponent(path)
    if (ctx.url.includes('%00')) return 'The address holds a NUL character.'
    if (querystring.split('&', mostQueryParameters + 1).length > mostQueryParameters) {
      return `The address has more than ${mostQueryParameters} parameters.`
    }
    return undefined
  } catch {
    return 'The address is not properly encoded.'
  }
}

/** What the router's type asks of a context, the router itself puts there. */
function routesOf(router: Router): Koa.Middleware {
  return router.routes() as unknown as Koa.Middleware
}

/** One middleware after another, each deciding whether the next is asked. */
function inTurn(middleware: readonly Koa.Middleware[]): Koa.Middleware {
  return (ctx, next) => {
    const from = (index: number): Promise<unknown> => {
      const here = middleware[index]
      return Promise.resolve(here ? here(ctx, () => from(index + 1)) : next())
    }
    return from(0)
  }
}

const clientGone = /^(?:ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE|ERR_HTTP_REQUEST_TIMEOUT|HPE_.+)$/

/** Logs what goes wrong after the answer has begun; mostly a client that went away in the middle of it. */
function lateErrors(log: Logger): (error: Error, ctx?: Koa.Context) => void {
  // Koa tells of a broken stream twice: once for the stream, once for the answer it breaks.
  const told = new WeakSet<Error>()
  return (error, ctx) => {
    if (told.has(error)) return
    told.add(error)
    const line = { error: describeError(error), request_id: ctx && requestIdOf(ctx) }
    if (clientGone.test((error as { code?: string }).code ?? '')) log.debug(line, 'the client went away')
    else log.error(line, 'answer failed')
  }
}

const openSockets = new WeakMap<Server, Set<Socket>>()

/** Takes connections that become something else than HTTP: WebSockets. */
export interface Upgrade {
  /** Whether it takes this one; what it does not take is answered as if it had not asked. */
  wants(request: IncomingMessage): boolean
  /** @param address the client's, as the proxies that are trusted tell it */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, address: string): void
}

export interface Place {
  readonly host: string | undefined
  /** 0 takes a free one. */
  readonly port: number
  readonly upgrade?: Upgrade
}

/** Opens the server; resolves when it listens, rejects when it can't (a port that is taken). */
export async function listen(app: Koa, { host, port, upgrade }: Place): Promise<Server> {
  const server = createHttpServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 60_000,
      // Longer than the minute proxies usually keep a connection, so that it is never the server who hangs up first.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      shouldUpgradeCallback: (request) => upgrade?.wants(request) ?? false,
    },
    app.callback(),
  )
  const sockets = new Set<Socket>()
  openSockets.set(server, sockets)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  if (upgrade)
    server.on('upgrade', (request, socket, head) => {
      const { ip } = app.createContext(request, new ServerResponse(request))
      upgrade.take(request, socket, head, ip)
    })
  server.listen(port, host)
  await once(server, 'listening')
  return server
}

/**
 * Stops taking connections, lets running requests finish for up to `patience` milliseconds, then cuts off what is
 * left, upgraded connections (WebSocket) included. Resolves when nothing is open any more.
 */
export async function close(server: Server, patience = 10_000): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  // A kept-alive connection ends with the answer that is under way, or the one it asks for next.
  server.prependListener('request', (_, response) => response.setHeader('Connection', 'close'))
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const cut = (those: (socket: Socket) => boolean) => {
    for (const socket of openSockets.get(server) ?? []) if (those(socket)) socket.destroy()
  }
  // Node does not count a connection as idle that has not said a word yet; half a second is enough to say it.
  const cutSilent = setTimeout(cut, Math.min(500, patience), (socket: Socket) => socket.bytesRead === 0)
  const cutAll = setTimeout(cut, patience, () => true)
  await closed
  for (const timer of [sweep, cutSilent, cutAll]) clearTimeout(timer)
}
