import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { openApiDocument } from '../../src/http/openapi.ts'
import { answer, type Endpoint, endpoint } from '../../src/kernel/endpoint.ts'
import { aServer } from './a-server.ts'

const FeedId = z
  .string()
  .min(1)
  .transform((text) => new URL(text))
  .describe('base64url of the feed')
const Item = z.object({ feed: FeedId, title: z.string().nullable() }).meta({ id: 'Item' })
const Outline = z.object({
  text: z.string(),
  get outlines() {
    return z.array(Outline).optional()
  },
})

const updatePlaylist = endpoint({
  method: 'put',
  path: '/playlists/{id}/items',
  summary: 'Replace the items <of> a playlist',
  description: 'In the order that is sent.',
  tag: 'playlists',
  scope: ['user.playlists.write', 'user'],
  limit: 100,
  params: z.object({ id: z.uuid().describe('Of the playlist.') }),
  query: z.object({
    limit: z.coerce.number().int().min(1).max(100).default(20),
    feed: FeedId,
    played: z.stringbool().optional(),
  }),
  body: z.object({ items: z.array(Item), first: Item.optional(), outline: Outline.optional() }),
  answers: { 200: z.object({ items: z.array(Item), at: z.iso.datetime() }).describe('The items as they are now.') },
  refusals: ['cannot_delete_queue', 'gone', 'sync_token_expired', 'too_many_items'],
  handle: async () => answer(200, {}),
})

const opml = endpoint({
  method: 'post',
  path: '/opml',
  summary: 'Bring an outline',
  tag: 'subscriptions',
  scope: 'any',
  limit: 100,
  body: Outline,
  answers: { 204: z.undefined() },
  handle: async () => answer(204, undefined),
})

const list = endpoint({
  method: 'get',
  path: '/playlists',
  summary: 'All playlists',
  tag: 'playlists',
  scope: 'user.playlists.read',
  limit: 100,
  answers: { 200: z.object({ playlists: z.array(z.unknown()) }) },
  handle: async () => answer(200, {}),
})

const endpoints: Endpoint[] = [updatePlaylist, opml, list]
const document = openApiDocument(endpoints, { version: '1.2.3', baseUrl: 'https://pods.example/' })
const update = document.paths['/playlists/{id}/items']?.put
const bodyOf = (of: { content?: Record<string, { schema: object }> } | undefined) =>
  of?.content?.['application/json']?.schema

describe('the description of the API', () => {
  test('says where the instance is and what it has', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { version: '1.2.3' },
      servers: [{ url: 'https://pods.example/api/v1' }],
      tags: [{ name: 'playlists' }, { name: 'subscriptions' }],
    })
    expect(Object.keys(document.paths)).toEqual(['/playlists/{id}/items', '/opml', '/playlists'])
  })

  test('names each operation by what it does', () => {
    expect(update).toMatchObject({
      operationId: 'putPlaylistsByIdItems',
      summary: 'Replace the items <of> a playlist',
      tags: ['playlists'],
      'x-scope': ['user.playlists.write', 'user'],
      security: [{ app: [] }],
    })
    expect(update?.description).toContain('Needs the scope `user.playlists.write` or `user`.')
    expect(document.paths['/opml']?.post?.description).toContain('Needs any valid token.')
  })

  test('lists the parameters as they are sent', () => {
    expect(update?.parameters.map(({ name, in: place, required }) => [place, name, required])).toEqual([
      ['path', 'id', true],
      ['query', 'limit', false],
      ['query', 'feed', true],
      ['query', 'played', false],
      ['header', 'Idempotency-Key', false],
    ])
    const byName = Object.fromEntries((update?.parameters ?? []).map((each) => [each.name, each]))
    expect(byName.id).toMatchObject({ description: 'Of the playlist.', schema: { type: 'string', format: 'uuid' } })
    expect(byName.limit?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 100, default: 20 })
    expect(byName.feed?.schema).toMatchObject({ type: 'string' })
    expect(document.paths['/playlists']?.get?.parameters).toEqual([])
  })

  test('lists a path parameter that nobody validates', () => {
    const bare = openApiDocument([{ ...list, path: '/playlists/{id}' }], { version: '1', baseUrl: '' })
    expect(bare.paths['/playlists/{id}']?.get?.parameters).toEqual([
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
    ])
  })

  test('has each refusal under its status, and none that can not come', () => {
    const saying = Object.fromEntries(Object.entries(update?.responses ?? {}).map(([k, v]) => [k, v.description]))
    expect(saying).toEqual({
      200: 'The items as they are now.',
      400: '`VALIDATION_ERROR`',
      401: '`UNAUTHORIZED`',
      403: '`FORBIDDEN`, `cannot_delete_queue`',
      404: '`NOT_FOUND`',
      409: '`CONFLICT`',
      410: '`GONE`, `sync_token_expired`',
      413: '`PAYLOAD_TOO_LARGE`',
      415: '`UNSUPPORTED_MEDIA_TYPE`',
      422: '`too_many_items`',
      429: '`RATE_LIMIT_EXCEEDED`',
      500: '`INTERNAL_ERROR`',
    })
    expect(bodyOf(update?.responses['404'])).toEqual({ $ref: '#/components/schemas/Problem' })
    expect(Object.keys(document.paths['/playlists']?.get?.responses ?? {})).toEqual([
      '200',
      '400',
      '401',
      '403',
      '429',
      '500',
    ])
    expect(document.paths['/opml']?.post?.responses['204']).toMatchObject({ description: 'No Content' })
    expect(document.paths['/opml']?.post?.responses['204']).not.toHaveProperty('content')
  })

  test('says how often a user may ask, and how an answer tells of it', () => {
    expect(update?.['x-rate-limit']).toEqual({ requests: 100, seconds: 60 })
    expect(update?.description).toContain('At most 100 requests a minute and user.')
    const told = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'RateLimit-Policy']
    expect(Object.keys(update?.responses['200']?.headers ?? {})).toEqual(told)
    expect(Object.keys(update?.responses['429']?.headers ?? {})).toEqual([...told, 'Retry-After'])
  })

  test('resolves every reference, circles too, and all its schemas can be used', () => {
    const text = JSON.stringify(document)
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, to = '']) => to)
    expect(references).not.toHaveLength(0)
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    const headers = Object.keys(document.components.headers).map((name) => `#/components/headers/${name}`)
    expect([...known, ...headers]).toEqual(expect.arrayContaining(references))
    expect(text).not.toContain('$defs')
    expect(bodyOf(document.paths['/opml']?.post?.requestBody)).toEqual({ $ref: '#/components/schemas/postOpmlBody' })
    const ajv = new Ajv2020({ strict: false, validateFormats: false, schemas: [{ $id: 'api:', ...document }] })
    for (const name of known) expect(ajv.getSchema(`api:${name}`), name).toBeTypeOf('function')
    const valid = ajv.getSchema('api:#/paths/~1opml/post/requestBody/content/application~1json/schema')
    expect(valid?.({ text: 'a', outlines: [{ text: 'b', outlines: [{ text: 'c' }] }] })).toBe(true)
    expect(valid?.({ text: 'a', outlines: [{ text: 'b', outlines: [{}] }] })).toBe(false)
  })

  test('tells apart what is sent and what is answered under one name', () => {
    const Setting = z.object({ level: z.string().default('private') }).meta({ id: 'Setting' })
    const both = endpoint({
      ...list,
      method: 'put',
      body: z.object({ setting: Setting }),
      answers: { 200: z.object({ setting: Setting }) },
    })
    const { schemas } = openApiDocument([both], { version: '1', baseUrl: '' }).components
    expect(Object.keys(schemas)).toEqual(['Problem', 'Setting', 'SettingAnswer'])
    expect([schemas.Setting?.required, schemas.SettingAnswer?.required]).toEqual([undefined, ['level']])
  })

  test('leaves room for new fields in answers, except where an object is strict', () => {
    const Open = z.object({ a: z.string() }).meta({ id: 'Open' })
    const Strict = z.strictObject({ a: z.string() }).meta({ id: 'Strict' })
    const both = endpoint({
      ...list,
      method: 'put',
      body: z.object({ open: Open, strict: Strict }),
      answers: { 200: z.object({ open: Open, strict: Strict }) },
    })
    const { schemas } = openApiDocument([both], { version: '1', baseUrl: '' }).components
    expect(Object.keys(schemas)).toEqual(['Problem', 'Open', 'Strict'])
    expect([schemas.Open?.additionalProperties, schemas.Strict?.additionalProperties]).toEqual([undefined, false])
  })

  test('asks for a body only where an empty one will not do', () => {
    expect(update?.requestBody?.required).toBe(true)
    const optional = { ...opml, body: z.object({ comment: z.string().optional() }) }
    const { paths } = openApiDocument([optional], { version: '1', baseUrl: '' })
    expect(paths['/opml']?.post?.requestBody?.required).toBe(false)
  })

  test('is served with a tag', async () => {
    const server = await aServer({ endpoints })
    const { json, headers } = await server.ask('/api/openapi.json', { anonymous: true })
    expect(json).toEqual(
      JSON.parse(
        JSON.stringify(
          openApiDocument(endpoints, {
            version: '1.2.3',
            baseUrl: 'http://localhost:4000',
            scopes: { user: 'Everything' },
          }),
        ),
      ),
    )
    const again = await server.ask('/api/openapi.json', { headers: { 'if-none-match': String(headers.etag) } })
    expect([again.status, again.text]).toEqual([304, ''])
  })
})

describe('the page of the API', () => {
  test('shows every operation and schema, escaped, without any script', async () => {
    const server = await aServer({ endpoints })
    const { status, text, headers } = await server.ask('/api/docs', { anonymous: true })
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['content-security-policy']).toContain("default-src 'self'")
    for (const id of ['putPlaylistsByIdItems', 'postOpml', 'getPlaylists', 'schema-Item', 'schema-Problem']) {
      expect(text).toContain(`<section id="${id}">`)
    }
    expect(text).toContain('Replace the items &lt;of&gt; a playlist')
    expect(text).toContain('integer (minimum 1, maximum 100, default 20)')
    expect(text).not.toMatch(/<script|style=|\[object|undefined|>false</)
    const targets = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
    for (const id of targets) expect(text).toContain(`id="${id}"`)
  })

  test('has its style from the instance itself', async () => {
    const server = await aServer()
    const { headers } = await server.ask('/api/docs.css', { anonymous: true })
    expect(headers['content-type']).toBe('text/css; charset=utf-8')
  })
})
