import { STATUS_CODES } from 'node:http'
import type { Endpoint } from '../kernel/endpoint.ts'
import type { RefusalReason } from '../kernel/refusal.ts'
import { defaultBodyLimit } from './body.ts'
import { type JsonSchema, type SchemaCollector, schemaCollector } from './json-schemas.ts'
import { problemBody, statusAndCode } from './problems.ts'
import { apiPrefix } from './router.ts'

export interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

interface Reference {
  readonly $ref: string
}

export interface Response {
  readonly description: string
  readonly headers?: Readonly<Record<string, Reference>>
  readonly content?: Content
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

export interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  /** The scopes of which one is enough; none where any valid token will do. */
  readonly 'x-scope': readonly string[]
  /** How often a user may ask for it, or an address where everybody may. */
  readonly 'x-rate-limit': { readonly requests: number; readonly seconds: number }
  /** Bytes of the unpacked body. */
  readonly 'x-body-limit'?: number
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly required: boolean; readonly description: string; readonly content: Content }
  readonly responses: Readonly<Record<string, Response>>
}

export interface OpenApiDocument {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  /** By path, then by method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: {
    readonly securitySchemes: {
      readonly app: {
        readonly type: 'http'
        readonly scheme: 'bearer'
        readonly bearerFormat: 'JWT'
        readonly description: string
        /** Every scope an app can ask for, with the words that people read when they allow it. */
        readonly 'x-scopes': Readonly<Record<string, string>>
      }
    }
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>
    readonly schemas: Readonly<Record<string, JsonSchema>>
  }
}

export interface About {
  readonly version: string
  /** Where people reach the instance. */
  readonly baseUrl: string
  /** Every scope, with the words that people read. */
  readonly scopes?: Readonly<Record<string, string>> | undefined
  /** What the paths begin with; that of the REST API where not said. */
  readonly prefix?: string
  /** What goes into the `Authorization` header. */
  readonly bearer?: string
}

const requestToken = 'A JWT that the app signs for each call with the key of its authorization.'

/**
 * The OpenAPI 3.1 document of the API, made of what validates its requests. Throws when two operations would get the
 * same id.
 */
export function openApiDocument(
  endpoints: readonly Endpoint[],
  { version, baseUrl, scopes = {}, prefix = apiPrefix, bearer = requestToken }: About,
): OpenApiDocument {
  const schemas = schemaCollector()
  const problem = schemas.describe(problemBody, 'output', 'Problem')
  const paths: Record<string, Record<string, Operation>> = {}
  const ids = new Set<string>()
  for (const endpoint of endpoints) {
    const operation = operationOf(endpoint, schemas, problem)
    if (ids.has(operation.operationId)) throw new Error(`two operations called ${operation.operationId}`)
    ids.add(operation.operationId)
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method]: operation }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Balados Sync',
      version,
      description:
        'Keeps a podcast life in step between apps and devices: subscriptions, plays, playlists, privacy.\n\n' +
        'Changes as they happen come over WebSocket at `/api/v1/live`, where plays can be recorded too, and as ' +
        'server-sent events at `/api/v1/events`; `docs/api/live.md` tells how. A request for the former that does not ask ' +
        'to become a WebSocket answers 426.',
    },
    servers: [{ url: `${baseUrl.replace(/\/+$/, '')}${prefix}` }],
    tags: [...new Set(endpoints.map((endpoint) => endpoint.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        app: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: bearer,
          'x-scopes': scopes,
        },
      },
      headers,
      schemas: schemas.components,
    },
  }
}

function operationOf(endpoint: Endpoint, schemas: SchemaCollector, problem: JsonSchema): Operation {
  const open = endpoint.scope === 'public'
  const scopes = open || endpoint.scope === 'any' ? [] : [endpoint.scope].flat()
  const operationId = idOf(endpoint)
  const token = scopes.length === 0 ? 'any valid token' : `the scope ${scopes.map((s) => `\`${s}\``).join(' or ')}`
  const needs = open ? 'Needs no token.' : `Needs ${token}.`
  const often = `At most ${endpoint.limit} requests a minute and ${open ? 'address' : 'user'}.`
  return {
    operationId,
    summary: endpoint.summary,
    description: [endpoint.description, `${needs} ${often}`].filter(Boolean).join('\n\n'),
    tags: [endpoint.tag],
    security: open ? [] : [{ app: [] }],
    'x-scope': scopes,
    'x-rate-limit': { requests: endpoint.limit, seconds: 60 },
    ...(endpoint.body && { 'x-body-limit': endpoint.bodyLimit ?? defaultBodyLimit }),
    parameters: parametersOf(endpoint, schemas, operationId),
    ...(endpoint.body && {
      requestBody: {
        required: !endpoint.body.safeParse({}).success,
        description: `At most ${megabytes(endpoint.bodyLimit ?? defaultBodyLimit)} unpacked; gzip, deflate and br are accepted.`,
        content: json(schemas.describe(endpoint.body, 'input', `${operationId}Body`)),
      },
    }),
    responses: responsesOf(endpoint, schemas, operationId, problem),
  }
}

const megabytes = (bytes: number): string => `${Math.round((bytes / 1024 / 1024) * 100) / 100} MB`

/** `put /play/{item}/position` → `putPlayByItemPosition`. */
function idOf({ method, path }: Endpoint): string {
  const words = path.replaceAll(/\{(\w+)\}/g, 'by-$1').split(/[^a-zA-Z0-9]+/)
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parametersOf(endpoint: Endpoint, schemas: SchemaCollector, owner: string): Parameter[] {
  const given = (schema: Endpoint['query'], part: string) =>
    schema ? resolved(schemas.describe(schema, 'input', `${owner}${part}`), schemas) : {}
  const path = given(endpoint.params, 'Path')
  const inPath = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) =>
    parameter('path', name, propertiesOf(path)[name] ?? { type: 'string' }, true),
  )
  const query = given(endpoint.query, 'Query')
  const required = new Set((query.required as string[] | undefined) ?? [])
  const inQuery = Object.entries(propertiesOf(query)).map(([name, schema]) =>
    parameter('query', name, schema, required.has(name)),
  )
  return endpoint.method === 'get' ? [...inPath, ...inQuery] : [...inPath, ...inQuery, idempotencyKey]
}

/** Parameters are listed one by one, so the object that holds them must not hide behind a reference. */
function resolved(schema: JsonSchema, { components }: SchemaCollector): JsonSchema {
  const name = typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined
  return (name && components[name]) || schema
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties as Record<string, JsonSchema> | undefined) ?? {}
}

function parameter(place: Parameter['in'], name: string, schema: JsonSchema, required: boolean): Parameter {
  const { description, ...rest } = schema
  return { name, in: place, required, ...(typeof description === 'string' && { description }), schema: rest }
}

const idempotencyKey = parameter(
  'header',
  'Idempotency-Key',
  {
    type: 'string',
    pattern: '^[\\x21-\\x7e]{1,255}$',
    description: 'The same key again gets the first answer and changes nothing; with another request, 409. Kept 24 h.',
  },
  false,
)

function responsesOf(
  endpoint: Endpoint,
  schemas: SchemaCollector,
  owner: string,
  problem: JsonSchema,
): Operation['responses'] {
  const responses: Record<string, Response> = {}
  for (const [status, codes] of errorsOf(endpoint)) {
    const description = codes.map((code) => `\`${code}\``).join(', ')
    const told = status === '429' ? { headers: { ...rateLimitHeaders, ...headerRef('Retry-After') } } : {}
    responses[status] = { description, ...told, content: json(problem) }
  }
  for (const [status, schema] of Object.entries(endpoint.answers)) {
    const described = schemas.describe(schema, 'output', `${owner}Answer${status}`)
    const description = typeof described.description === 'string' ? described.description : STATUS_CODES[status]
    const empty = status === '204' || Object.keys(described.not ?? { not: 1 }).length === 0
    const content = empty ? {} : { content: contentOf(described, endpoint.answerType && [endpoint.answerType]) }
    responses[status] = { description: description ?? status, headers: rateLimitHeaders, ...content }
  }
  if (endpoint.scope === 'public') {
    responses['304'] = {
      description: 'What the `If-None-Match` of the request names still holds.',
      headers: rateLimitHeaders,
    }
  }
  return responses
}

const count = { type: 'integer', minimum: 0 }
const headers: OpenApiDocument['components']['headers'] = {
  'RateLimit-Limit': { description: 'How many such requests a user may make in a minute.', schema: count },
  'RateLimit-Remaining': { description: 'How many of them are left.', schema: count },
  'RateLimit-Reset': { description: 'Seconds until they are counted anew.', schema: count },
  'RateLimit-Policy': { description: 'The limit and its seconds, as in `30;w=60`.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds until asking again makes sense.', schema: { type: 'integer', minimum: 1 } },
}

const headerRef = (name: string) => ({ [name]: { $ref: `#/components/headers/${name}` } })
const rateLimitHeaders = Object.assign(
  {},
  ...Object.keys(headers)
    .filter((name) => name !== 'Retry-After')
    .map(headerRef),
)

/** The error codes that an endpoint can answer, by status: its own and those that come with how it is asked. */
function errorsOf(endpoint: Endpoint): Map<string, string[]> {
  const writes = endpoint.method !== 'get'
  // Any address can be malformed, that of an operation without parameters too.
  const open = endpoint.scope === 'public'
  const reasons: RefusalReason[] = ['rate_limited', 'validation']
  if (!open) reasons.push('unauthorized')
  if (!open && endpoint.scope !== 'any') reasons.push('forbidden')
  if (endpoint.path.includes('{')) reasons.push('not_found')
  if (writes) reasons.push('conflict')
  if (endpoint.body) reasons.push('payload_too_large')
  const errors = new Map<string, string[]>()
  for (const reason of new Set([...reasons, ...(endpoint.refusals ?? [])])) {
    const { status, code } = statusAndCode(reason)
    errors.set(String(status), [...(errors.get(String(status)) ?? []), code])
  }
  if (endpoint.body) errors.set('415', ['UNSUPPORTED_MEDIA_TYPE'])
  return errors.set('500', ['INTERNAL_ERROR'])
}

const json = (schema: JsonSchema): Content => contentOf(schema, undefined)

function contentOf(schema: JsonSchema, types: readonly string[] | '' | undefined): Content {
  return Object.fromEntries((types || ['application/json']).map((type) => [type, { schema }]))
}
