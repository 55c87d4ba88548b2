import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** A JSON Schema as it stands in the document. */
export interface Schema {
  readonly [keyword: string]: unknown
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>

/** An operation of the document as a reader finds it: nothing here is shared with what made the document. */
export interface Operation {
  /** In lower case. */
  readonly method: string
  /** Below the document's server, `/play/{item}`. */
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly 'x-scope'?: readonly string[]
  readonly 'x-body-limit'?: number
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly required: boolean; readonly description: string; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>
}

export interface ApiDocument {
  readonly openapi: string
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, unknown>>
    readonly schemas: Readonly<Record<string, Schema>>
  }
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

export function operationsOf({ paths }: ApiDocument): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, method, path })),
  )
}

/** The schema behind a chain of references. */
export function resolved(document: ApiDocument, schema: Schema): Schema {
  let at = schema
  while (typeof at.$ref === 'string') at = pointed(document, at.$ref) as Schema
  return at
}

function pointed(document: unknown, reference: string): unknown {
  return reference
    .replace(/^#\//, '')
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document)
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The formats the document speaks of; ajv brings none. */
export const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  uuid: (text) => uuid.test(text),
  uri: (text) => URL.canParse(text),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
}

/** Says what is wrong with a value by the document's own schemas; nothing when all is well. */
export interface Judge {
  answer(operation: Operation, status: number, mediaType: string, body: unknown): readonly string[]
  body(operation: Operation, body: unknown): readonly string[]
  parameter(operation: Operation, name: string, text: string): readonly string[]
}

/** Compiles every schema of the document, which throws where one is none. */
export function judgeOf(document: ApiDocument): Judge {
  const open = new Ajv2020({ strict: false, allErrors: false, formats })
  const closed = new Ajv2020({ strict: false, allErrors: false, formats })
  open.addSchema({ $id: 'api:', ...document })
  closed.addSchema({ $id: 'api:', ...(closing(document) as ApiDocument) })
  const find = (ajv: Ajv2020, ...way: string[]): ValidateFunction => {
    const pointer = way.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')
    const found = ajv.getSchema(`api:#/${pointer}`)
    if (!found) throw new Error(`the document has no schema at ${way.join(' ')}`)
    return found
  }
  const say = (validate: ValidateFunction, value: unknown): string[] =>
    validate(value) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath || 'it'} ${error.message}`)

  for (const name of Object.keys(document.components.schemas)) find(open, 'components', 'schemas', name)
  for (const { method, path, requestBody, responses, parameters } of operationsOf(document)) {
    for (const media of Object.keys(requestBody?.content ?? {}))
      find(open, 'paths', path, method, 'requestBody', 'content', media, 'schema')
    for (const [status, { content = {} }] of Object.entries(responses))
      for (const media of Object.keys(content))
        for (const ajv of [open, closed])
          find(ajv, 'paths', path, method, 'responses', status, 'content', media, 'schema')
    parameters.forEach((_, i) => {
      find(open, 'paths', path, method, 'parameters', String(i), 'schema')
    })
  }

  return {
    answer({ method, path }, status, mediaType, body) {
      const way = ['paths', path, method, 'responses', String(status), 'content', mediaType, 'schema']
      const wrong = say(find(open, ...way), body)
      return wrong.length > 0 ? wrong : say(find(closed, ...way), body).map((flaw) => `${flaw}, undocumented`)
    },
    body: ({ method, path }, body) =>
      say(find(open, 'paths', path, method, 'requestBody', 'content', 'application/json', 'schema'), body),
    parameter({ method, path, parameters }, name, text) {
      const index = parameters.findIndex((each) => each.name === name)
      const { schema } = parameters[index] ?? {}
      if (!schema) return []
      const number = schema.type === 'integer' || schema.type === 'number'
      return say(find(open, 'paths', path, method, 'parameters', String(index), 'schema'), number ? Number(text) : text)
    },
  }
}

/** A copy in which objects hold what is documented and nothing else, so that an answer can't say more than it should. */
function closing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closing)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, closing(child)]),
  )
  const object = copy.type === 'object' && typeof copy.properties === 'object'
  return object && copy.additionalProperties === undefined ? { ...copy, additionalProperties: false } : copy
}

const text = { type: 'string', minLength: 1 }
const content = {
  type: 'object',
  minProperties: 1,
  additionalProperties: { type: 'object', required: ['schema'], properties: { schema: { type: 'object' } } },
}

/** The form of a document (OpenAPI 3.1.0, section 4), as far as this API needs it, and what it asks of itself beyond. */
const form = {
  type: 'object',
  required: ['openapi', 'info', 'servers', 'tags', 'paths', 'components'],
  properties: {
    openapi: { type: 'string', pattern: '^3\\.1\\.\\d+$' },
    info: { type: 'object', required: ['title', 'version'], properties: { title: text, version: text } },
    servers: { type: 'array', minItems: 1, items: { type: 'object', required: ['url'], properties: { url: text } } },
    tags: { type: 'array', items: { type: 'object', required: ['name'], properties: { name: text } } },
    paths: {
      type: 'object',
      minProperties: 1,
      propertyNames: { pattern: '^/' },
      additionalProperties: {
        type: 'object',
        propertyNames: { enum: methods },
        additionalProperties: {
          type: 'object',
          required: ['operationId', 'summary', 'tags', 'security', 'parameters', 'responses'],
          properties: {
            operationId: { type: 'string', pattern: '^[a-zA-Z][a-zA-Z0-9]*$' },
            summary: text,
            tags: { type: 'array', minItems: 1, items: text },
            security: { type: 'array', items: { type: 'object' } },
            parameters: {
              type: 'array',
              items: {
                type: 'object',
                required: ['name', 'in', 'required', 'schema'],
                properties: {
                  name: text,
                  in: { enum: ['path', 'query', 'header', 'cookie'] },
                  required: { type: 'boolean' },
                  schema: { type: 'object' },
                },
                if: { properties: { in: { const: 'path' } } },
                // biome-ignore lint/suspicious/noThenProperty: the keyword of JSON Schema
                then: { properties: { required: { const: true } } },
              },
            },
            requestBody: { type: 'object', required: ['content'], properties: { content } },
            responses: {
              type: 'object',
              propertyNames: { pattern: '^[1-5]\\d\\d$' },
              additionalProperties: {
                type: 'object',
                required: ['description'],
                properties: { description: text, content },
              },
            },
          },
        },
      },
    },
    components: {
      type: 'object',
      required: ['securitySchemes', 'schemas'],
      properties: { schemas: { type: 'object', propertyNames: { pattern: '^[a-zA-Z0-9._-]+$' } } },
    },
  },
}

/** What is wrong with the document itself. */
export function flawsOf(document: ApiDocument): readonly string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats })
  if (!ajv.validate(form, document)) return (ajv.errors ?? []).map((e) => `${e.instancePath} ${e.message}`)
  const operations = operationsOf(document)
  const ids = operations.map((operation) => operation.operationId)
  const everything = [...walk(document)]
  const references = everything.flatMap(([key, value]) => (key === '$ref' && typeof value === 'string' ? [value] : []))
  return [
    ...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => `two operations are called ${id}`),
    ...references.filter((ref) => pointed(document, ref) === undefined).map((ref) => `${ref} leads nowhere`),
    ...Object.keys(document.components.schemas)
      .filter((name) => !references.includes(`#/components/schemas/${name}`))
      .map((name) => `nothing refers to the schema ${name}`),
    ...everything
      .filter(([key, value]) => key === 'format' && typeof value === 'string' && !Object.hasOwn(formats, value))
      .map(([, value]) => `the format ${value} is not tested`),
    ...Object.values(document.components.schemas).flatMap(flawsOfSchema),
    ...operations.flatMap((operation) =>
      flawsOfOperation(operation, document).map((flaw) => `${operation.method} ${operation.path}: ${flaw}`),
    ),
  ]
}

function flawsOfOperation(operation: Operation, document: ApiDocument): string[] {
  const { method, path, parameters, responses, security, requestBody, tags } = operation
  const scopes = operation['x-scope'] ?? []
  const said = Object.keys(responses)
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const described = parameters.filter((each) => each.in === 'path').map((each) => each.name)
  const secured = security.length > 0
  const takes = parameters.length > 0 || requestBody !== undefined
  const expected = [
    ...(secured ? ['401'] : []),
    ...(scopes.length > 0 ? ['403'] : []),
    ...(takes ? ['400'] : []),
    ...(requestBody ? ['413', '415'] : []),
    ...(method === 'get' ? [] : ['409']),
    '429',
    '500',
  ]
  return [
    ...tags.filter((tag) => !document.tags.some(({ name }) => name === tag)).map((tag) => `the tag ${tag} is unknown`),
    ...security
      .flatMap((each) => Object.keys(each))
      .filter((name) => !Object.hasOwn(document.components.securitySchemes, name))
      .map((name) => `the security scheme ${name} is unknown`),
    ...(secured || scopes.length === 0 ? [] : ['asks for a scope but is open']),
    ...(inPath.toSorted().join() === described.toSorted().join() ? [] : ['parameters do not fit the path']),
    ...(said.some((status) => status.startsWith('2') || status.startsWith('3')) ? [] : ['never succeeds']),
    ...expected.filter((status) => !said.includes(status)).map((status) => `does not say that it may answer ${status}`),
    ...Object.entries(responses).flatMap(([status, { content }]) => {
      if (status < '400') return []
      const schema = content?.['application/json']?.schema
      const problem = schema?.$ref === '#/components/schemas/Problem' && Object.keys(content ?? {}).length === 1
      return problem ? [] : [`${status} is not described as a Problem`]
    }),
    ...[...walk(operation)].flatMap(([key, value]) => (key === 'schema' ? flawsOfSchema(value) : [])),
  ]
}

const meta = new Ajv2020({ strict: false, formats })

function flawsOfSchema(schema: unknown): string[] {
  return meta.validateSchema(schema as object) ? [] : [`no JSON Schema of draft 2020-12: ${meta.errorsText()}`]
}

function* walk(value: unknown): Generator<[key: string, value: unknown]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    yield [key, child]
    yield* walk(child)
  }
}
