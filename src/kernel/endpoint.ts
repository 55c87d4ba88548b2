import type { z } from 'zod'
import type { UserId } from './brand.ts'
import type { Author } from './decider.ts'
import type { Refusal, RefusalReason } from './refusal.ts'

/** Who is calling: a person, through an app they allowed. */
export interface Caller {
  readonly user: UserId
  readonly username: string
  readonly author: Author
  /** The scopes of the stored grant, never those of the request's token. */
  readonly scopes: readonly string[]
}

/** Where a write comes from: everything a command takes from the outside, time included. */
export interface Origin {
  readonly user: UserId
  readonly author: Author
  /** Milliseconds since 1970, read once per request. */
  readonly now: number
  /** The request's idempotency key and a hash of method, path and body; null when it sent no key. */
  readonly request: { readonly key: string; readonly hash: string } | null
}

/** What an endpoint says; `status` is one of the declared `answers`. Must survive JSON. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export function answer(status: number, body: unknown, headers?: Answer['headers']): Answer {
  return headers ? { status, body, headers } : { status, body }
}

export const success: Answer = answer(200, { status: 'success' })

/** What the server's sentences are written in. */
export type Language = 'en' | 'fr'

export interface EndpointCall<Params, Query, Body> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  readonly caller: Caller
  readonly origin: Origin
  /** The reader's, by `Accept-Language`. */
  readonly language: Language
}

/**
 * One operation of the REST API, as data: the router mounts it, the OpenAPI document describes it and the fuzz test
 * attacks it from this one definition.
 */
export interface Endpoint {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** Below `/api/v1`, in OpenAPI's form: `/play/{item}/position`. */
  readonly path: string
  readonly summary: string
  readonly description?: string
  readonly tag: string
  /**
   * A scope the grant must hold, `['user.sync', 'user']` for either, `any` for whatever valid token, or `public` for
   * everybody, with no token at all.
   */
  readonly scope: string | readonly string[] | 'any' | 'public'
  /** Requests per minute and user, or per address where everybody may ask. */
  readonly limit: number
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** Bytes of the unpacked body; 1 MB where not said. */
  readonly bodyLimit?: number
  /** Judges its entries one by one, so that a text PostgreSQL can't hold does not sink the whole body. */
  readonly checksTexts?: boolean
  readonly answers: Readonly<Record<number, z.ZodType>>
  /** Media type of what it answers, as the text it is, where all goes well; JSON where not given. */
  readonly answerType?: string
  /** Beyond those every endpoint can give. */
  readonly refusals?: readonly RefusalReason[]
  handle(call: EndpointCall<never, never, never>): Promise<Answer | Refusal>
}

/** What an endpoint gets that does not know who is asking. */
export type PublicCall<Params, Query> = Pick<EndpointCall<Params, Query, undefined>, 'params' | 'query' | 'language'>

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined

interface EndpointOf<P, Q, B> extends Omit<Endpoint, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  handle(call: EndpointCall<Output<P>, Output<Q>, Output<B>>): Promise<Answer | Refusal>
}

/** Declares an endpoint; `handle` gets what the schemas made of the request. */
export function endpoint<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: EndpointOf<P, Q, B>): Endpoint {
  return definition as unknown as Endpoint
}

interface PublicEndpointOf<P, Q> extends Omit<Endpoint, 'method' | 'scope' | 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: P
  readonly query?: Q
  handle(call: PublicCall<Output<P>, Output<Q>>): Promise<Answer | Refusal>
}

/** Declares an endpoint that everybody may read without a token; what it answers is the same for everybody. */
export function publicEndpoint<
  P extends z.ZodType | undefined = undefined,
  Q extends z.ZodType | undefined = undefined,
>(definition: PublicEndpointOf<P, Q>): Endpoint {
  return { ...definition, method: 'get', scope: 'public' } as unknown as Endpoint
}
