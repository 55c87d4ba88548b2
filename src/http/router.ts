import { createHash } from 'node:crypto'
import { Router, type RouterContext } from '@koa/router'
import type Koa from 'koa'
import type { Answer, Caller, Endpoint, EndpointCall, Origin, PublicCall } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseForNow } from '../kernel/refusal.ts'
import { bodyReader, defaultBodyLimit, documentReader, type JsonBody } from './body.ts'
import { languageOf } from './layout.ts'
import { problemOf, sendJson, sendProblem } from './problems.ts'
import { findings } from './validation.ts'

/**
 * Who is calling, by the `Authorization` header as it came and the address it came from; refuses with `unauthorized`,
 * or with `rate_limited` where too many bad ones came from that address.
 */
export type Authenticate = (authorization: string | undefined, address: string) => Promise<Caller | Refusal>

/** Whether a grant of `scopes` includes the scope `wanted`. */
export type Grants = (scopes: readonly string[], wanted: string) => boolean

/** How a count of requests stands. */
interface Standing {
  readonly exceeded: boolean
  readonly remaining: number
  /** Seconds until it starts anew. */
  readonly resetIn: number
}

/** Counts one more request of this name, over all processes. */
export type CountRequest = (
  key: string,
  allowance: { readonly limit: number; readonly seconds: number },
) => Promise<Standing>

export interface ApiParts {
  readonly endpoints: readonly Endpoint[]
  /** What the endpoints' paths begin with; {@link apiPrefix} where not said. */
  readonly prefix?: string
  readonly authenticate: Authenticate
  readonly grants: Grants
  /** Null where requests are not limited. */
  readonly countRequest: CountRequest | null
  /** The name under which the requests of one address are counted where nobody need say who is asking. */
  readonly addressKey?: (address: string) => string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** Where the REST API lives on an instance. */
export const apiPrefix = '/api/v1'

/**
 * Mounts the endpoints below their prefix. A literal path wins over one with parameters, whatever the order of
 * the endpoints; a request that none answers goes on to the next middleware. Throws when two claim the same place.
 */
export function apiRouter({ endpoints, ...parts }: ApiParts): Router {
  const router = new Router({ prefix: parts.prefix ?? apiPrefix, sensitive: true, exclusive: 'specificity' })
  const taken = new Set<string>()
  for (const endpoint of endpoints) {
    const place = `${endpoint.method} ${endpoint.path.replaceAll(/\{\w+\}/g, '{}')}`
    if (taken.has(place)) throw new Error(`two endpoints at ${place}`)
    taken.add(place)
    router[endpoint.method](endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'), operation(endpoint, parts))
  }
  return router
}

/** Everything that can be known before a request comes is worked out here, once per endpoint. */
function operation(endpoint: Endpoint, parts: Omit<ApiParts, 'endpoints'>): Koa.Middleware {
  const { authenticate, grants, countRequest, clock, addressKey = String, prefix = '' } = parts
  const { params, query, body } = endpoint
  const wanted = endpoint.scope === 'any' ? [] : [endpoint.scope].flat()
  const missingScope = refuse(
    'forbidden',
    `This needs the scope ${wanted.join(' or ')}, which the app was not granted.`,
  )
  const bodyLimit = endpoint.bodyLimit ?? defaultBodyLimit
  const readBody =
    body && (endpoint.bodyTypes ? documentReader(bodyLimit) : bodyReader(bodyLimit, !endpoint.checksTexts))
  const writes = endpoint.method !== 'get'
  const handle = endpoint.handle as (call: EndpointCall<unknown, unknown, unknown>) => Promise<Answer | Refusal>
  const counted = { ...endpoint, path: prefix + endpoint.path }

  async function answerAnybody(ctx: Koa.Context): Promise<Answer | Refusal> {
    const late = countRequest && (await overLimit(ctx, counted, countRequest, addressKey(ctx.ip)))
    if (late) return late
    const found = findings()
    const call = {
      params: params && found.check(params, ctx.params, 'path'),
      query: query && found.check(query, ctx.query, 'query'),
      language: languageOf(ctx),
    }
    return (
      found.refusal() ?? (endpoint.handle as (call: PublicCall<unknown, unknown>) => Promise<Answer | Refusal>)(call)
    )
  }

  async function carryOut(ctx: Koa.Context): Promise<Answer | Refusal> {
    const caller = await authenticate(ctx.headers.authorization, ctx.ip)
    if (isRefusal(caller)) return caller
    if (wanted.length > 0 && !wanted.some((scope) => grants(caller.scopes, scope))) return missingScope
    const late = countRequest && (await overLimit(ctx, counted, countRequest, caller.user))
    if (late) return late

    const read = readBody ? await readBody(ctx) : noBody
    if (isRefusal(read)) return read
    const request = writes ? idempotency(ctx, read.text) : null
    if (isRefusal(request)) return request

    const found = findings()
    const call = {
      params: params && found.check(params, ctx.params, 'path'),
      query: query && found.check(query, ctx.query, 'query'),
      body: body && found.check(body, read.value, 'body'),
      caller,
      origin: { user: caller.user, author: caller.author, now: clock(), request },
      language: languageOf(ctx),
    }
    return found.refusal() ?? handle(call)
  }

  return async (ctx) => {
    const result = await (endpoint.scope === 'public' ? answerAnybody(ctx) : carryOut(ctx))
    // What a listener plays and follows has no place in anybody's cache; what everybody may read says so itself.
    ctx.set('Cache-Control', 'no-store')
    if (isRefusal(result)) sendProblem(ctx, problemOf(result))
    else send(ctx, result, endpoint.answerType)
  }
}

const noBody: JsonBody = { value: undefined, text: '' }

const minute = 60

/**
 * Counts the request and tells how the count stands (draft-ietf-httpapi-ratelimit-headers-03, the fields clients know);
 * a refusal where there were too many.
 */
async function overLimit(
  ctx: Koa.Context,
  { method, path, limit }: Endpoint,
  countRequest: CountRequest,
  asker: string,
): Promise<Refusal | null> {
  const { exceeded, remaining, resetIn } = await countRequest(`${asker} ${method} ${path}`, { limit, seconds: minute })
  ctx.set({
    'RateLimit-Limit': String(limit),
    'RateLimit-Remaining': String(remaining),
    'RateLimit-Reset': String(resetIn),
    'RateLimit-Policy': `${limit};w=${minute}`,
  })
  return exceeded ? refuseForNow(`At most ${limit} such requests a minute; try again in ${resetIn} s.`, resetIn) : null
}

function send(ctx: Koa.Context, { status, body, headers }: Answer, type: string | undefined): void {
  if (headers) ctx.set(headers)
  if (body === undefined) ctx.body = null
  else if (type !== undefined && (typeof body === 'string' || Buffer.isBuffer(body))) {
    ctx.type = `${type}; charset=utf-8`
    ctx.body = body
  } else sendJson(ctx, body)
  ctx.status = status
  const { ETag } = headers ?? {}
  if (ETag !== undefined && isKnown(ctx, ETag)) ctx.status = 304
}

/**
 * Whether the client has this very answer (RFC 9110, 13.1.2). Unlike Koa's `fresh` it does not mind `no-cache`, which
 * is about caches on the way, and which browsers and Node add.
 */
export function isKnown(ctx: Koa.Context, etag: string): boolean {
  const known = ctx.headers['if-none-match']?.split(',').map((tag) => tag.trim()) ?? []
  return known.includes('*') || known.includes(etag) || known.includes(etag.replace(/^W\//, ''))
}

const idempotencyKey = /^[\x21-\x7e]{1,255}$/

function idempotency(ctx: Koa.Context, body: string): Origin['request'] | Refusal {
  const key = ctx.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key !== 'string' || !idempotencyKey.test(key)) {
    const message = '1 to 255 visible ASCII characters'
    return refuse('validation', `Idempotency-Key: ${message}`, [{ path: 'header.idempotency-key', message }])
  }
  // The query belongs to the path here: `?feed=` decides which episode is meant.
  const hash = createHash('sha256').update(`${ctx.method} ${ctx.url}\n${body}`).digest('base64url')
  return { key, hash }
}

/** The methods that routes know for this path, when none of them answered: none for an unknown path. */
export function methodsOfPath(ctx: Koa.Context): readonly string[] {
  const layers = (ctx as Partial<RouterContext>).matched ?? []
  return [...new Set(layers.flatMap((layer) => layer.methods))].toSorted()
}

/** The pattern of the route that answers, `/api/v1/play/:item`; undefined while none does. */
export function patternOf(ctx: Koa.Context): string | undefined {
  const route = (ctx as Partial<RouterContext>)._matchedRoute
  return route === undefined ? undefined : String(route)
}
