import { Readable } from 'node:stream'
import { Router } from '@koa/router'
import type Koa from 'koa'
import { type Accounts, appPasswordPattern, doorSessionLife } from '../accounts/index.ts'
import { bodyReader, textReader } from '../http/body.ts'
import { createCookies } from '../http/cookies.ts'
import { problemOf, sendJson, sendProblem } from '../http/problems.ts'
import type { Listening } from '../journal/listening.ts'
import type { UserId } from '../kernel/brand.ts'
import type { Answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { isDevice, type Sender } from './sender.ts'
import type { Settings } from './settings.ts'
import type { Stamps } from './stamps.ts'

export interface DoorParts extends Listening {
  readonly accounts: Pick<Accounts, 'basic' | 'doorSessions' | 'devices' | 'findUser' | 'addressKey'>
  readonly stamps: Stamps
  readonly settings: Settings
  readonly publicUrl: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** Who is calling, and through which client as far as that can be told. */
interface Visitor {
  readonly user: UserId
  readonly username: string
  readonly client: string
  /** Whether `client` is one client's own, and not of all who have the same password. */
  readonly hasCookie: boolean
}

export interface Call extends Visitor {
  /** The device in the path, or in the query. */
  readonly device: string | null
  readonly format: string
  /** What settings are of. */
  readonly scope: string
  readonly now: number
  /** A part of the path that is this route's alone. */
  part(name: string): string
  query(name: string): string | undefined
  json(): Promise<unknown>
  text(): Promise<string | Refusal>
  /** As whom it writes, on a device if one is named. */
  sender(device: string | null): Sender
}

/** The body of an answer may be a stream here. */
export type Handler = (call: Call) => Promise<Answer | Refusal>

export interface Door {
  readonly router: Router
  on(methods: readonly ('get' | 'post' | 'put' | 'delete')[], path: string, handle: Handler): void
}

/** The app under whose name everything that comes through this door is written. */
export const app = 'gpodder'
/** First syncs carry tens of thousands of actions. */
const bodyLimit = 64 * 1024 * 1024
const cookieName = 'sessionid'
const unauthorized = refuse('unauthorized', 'Log in with the name of the account and an app password.')
const nameAndAppPassword = new RegExp(`^(.+)__${appPasswordPattern}$`, 'i')

/** Mounts what the API answers: log-in, users in paths, bodies and errors are dealt with here and nowhere else. */
export function createDoor({ accounts, publicUrl, clock }: DoorParts): Door {
  const router = new Router()
  const cookies = createCookies(publicUrl)
  const readJson = bodyReader(bodyLimit, false)
  const readText = textReader(bodyLimit)

  /** Who brings this cookie. */
  async function byCookie(ctx: Koa.Context): Promise<Visitor | null> {
    const cookie = cookies.read(ctx, cookieName)
    const found = cookie === undefined ? null : await accounts.doorSessions.read(cookie)
    return found && { ...found, hasCookie: true }
  }

  /** Clients send their password once and the cookie afterwards, or give up after three refusals: each gets a cookie. */
  async function visitorOf(ctx: Koa.Context): Promise<Visitor | Refusal> {
    const credentials = readBasic(ctx.get('Authorization'))
    if (!credentials) return (await byCookie(ctx)) ?? unauthorized
    const caller = await accounts.basic(credentials, ctx.ip)
    if (caller === null) return unauthorized
    if (isRefusal(caller)) return caller
    const known = await byCookie(ctx)
    const client = known?.user === caller.user ? known.client : undefined
    cookies.write(ctx, cookieName, await accounts.doorSessions.open(caller, client), doorSessionLife)
    const { user, username, appPassword } = caller
    return { user, username, client: client ?? `password ${appPassword?.id ?? ''}`, hasCookie: client !== undefined }
  }

  function callOf(ctx: Koa.Context, visitor: Visitor): Call | Refusal {
    const {
      user: named,
      device: inPath,
      format = 'json',
      scope = '',
    } = ctx.params as Record<string, string | undefined>
    if (named !== undefined && !isUser(named, visitor.username))
      return refuseValue('path.user', 'is not the user who is logged in')
    const device = inPath ?? one(ctx.query.device) ?? null
    if (device !== null && !isDevice(device)) return refuseValue('device', 'may hold letters, digits, ".", "_" and "-"')
    const now = clock()
    return {
      ...visitor,
      device,
      format,
      scope,
      now,
      part: (name) => (ctx.params as Record<string, string | undefined>)[name] ?? '',
      query: (name) => one(ctx.query[name]),
      json: async () => {
        const body = await readJson(ctx)
        return isRefusal(body) ? body : body.value
      },
      text: () => readText(ctx),
      sender: (writer) => ({ user: visitor.user, app, device: writer, now }),
    }
  }

  async function say(ctx: Koa.Context, handle: Handler): Promise<void> {
    ctx.set({ 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'no-store' })
    const visitor = await visitorOf(ctx)
    const call = isRefusal(visitor) ? visitor : callOf(ctx, visitor)
    const said = isRefusal(call) ? call : await handle(call)
    if (isRefusal(said)) sendRefusal(ctx, said)
    else send(ctx, said)
  }

  router.post('/api/2/auth/:user/logout.json', (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    cookies.clear(ctx, cookieName)
    sendJson(ctx, {})
  })

  return {
    router,
    on(methods, path, handle) {
      for (const method of methods) router[method](path, (ctx) => say(ctx, handle))
    },
  }
}

/** Says a text or a stream as it is, and everything else as JSON. */
export function send(ctx: Koa.Context, { status, body, headers = {} }: Answer): void {
  ctx.status = status
  if (typeof body === 'string') ctx.body = body
  else if (body instanceof Readable) sendStream(ctx, body)
  else sendJson(ctx, body)
  ctx.set(headers)
}

/** What breaks off in the middle takes the connection with it: packed, it would wait for its rest for ever. */
function sendStream(ctx: Koa.Context, body: Readable): void {
  body.once('error', (error) => {
    ctx.app.emit('error', error, ctx)
    ctx.res.destroy()
  })
  ctx.body = body
}

/** Says why not; who did not log in is asked to, by Basic. */
export function sendRefusal(ctx: Koa.Context, refusal: Refusal): void {
  sendProblem(ctx, problemOf(refusal))
  if (refusal.refused === 'unauthorized') ctx.set('WWW-Authenticate', 'Basic realm="Balados Sync", charset="UTF-8"')
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** Reads `Basic <base64 of name:password>` (RFC 7617). */
export function readBasic(header: string): { username: string; password: string } | null {
  const [, encoded] = header.match(/^Basic +([A-Za-z0-9+/_-]+=*)$/i) ?? []
  if (encoded === undefined) return null
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? null : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Older gPodder desktops put `name__apppassword` into the path too. */
export function isUser(named: string, username: string): boolean {
  const name = named.toLowerCase()
  return name === username || name.match(nameAndAppPassword)?.[1] === username
}
