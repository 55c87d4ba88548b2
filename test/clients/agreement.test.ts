import { afterAll, beforeAll, expect, test } from 'vitest'
import { operations } from '../../clients/typescript/src/index.ts'
import type { AnyOperation } from '../../clients/typescript/src/operations.ts'
import { saysOf } from '../../clients/typescript/src/shapes.ts'
import { type ApiDocument, operationsOf, type Schema } from '../openapi/document.ts'
import { startServer, type TestServer } from '../support/instance.ts'
import { documentSays, type Said } from './document-says.ts'

let server: TestServer
let document: ApiDocument
beforeAll(async () => {
  server = await startServer()
  document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as ApiDocument
})
afterAll(() => server.close())

const table: readonly (readonly [name: string, operation: AnyOperation])[] = Object.entries(operations)
const placeOf = ({ method, path }: AnyOperation) => `${method} ${path}`

/** Running an instance is no app's business: `client.request` is enough for those who script it. */
const forApps = (place: string) => !place.split(' ')[1]?.startsWith('/admin')

/** Of the two shapes of a sync the client speaks the one with `changes`, where plays are called so. */
function ofShapeA(whole: ApiDocument): ApiDocument {
  const { post, ...others } = whole.paths['/sync'] ?? {}
  if (!post) throw new Error('the document has no POST /sync')
  const body = post.requestBody?.content['application/json']?.schema.properties as Record<string, Schema>
  const choices = (body.changes?.anyOf ?? []) as readonly Schema[]
  const changes = choices.map((choice) => {
    const { play_statuses: _, ...lists } = (choice.properties ?? {}) as Record<string, Schema>
    return choice.properties ? { ...choice, properties: lists } : choice
  })
  const schema = { type: 'object', properties: { last_sync: body.last_sync, changes: { anyOf: changes } } }
  const answer = { $ref: '#/components/schemas/SyncAnswerA' }
  const shapeA = {
    ...post,
    requestBody: { required: false, description: '', content: { 'application/json': { schema } } },
    responses: { ...post.responses, 200: { description: '', content: { 'application/json': { schema: answer } } } },
  }
  return { ...whole, paths: { ...whole.paths, '/sync': { ...others, post: shapeA } } }
}

test('the client has a method for every operation of the document, and for no other', () => {
  const documented = operationsOf(document).map(({ method, path }) => `${method.toUpperCase()} ${path}`)
  expect(table.map(([, operation]) => placeOf(operation)).toSorted()).toEqual(documented.filter(forApps).toSorted())
})

test('every method takes and answers what the document says', () => {
  const said = documentSays(ofShapeA(document))
  const expected: Record<string, Said> = {}
  const actual: Record<string, Said> = {}
  for (const [place, operation] of said) if (forApps(place)) expected[place] = operation
  for (const [, operation] of table) {
    const { query, body, answer } = operation
    actual[placeOf(operation)] = { query: saysOf(query), body: body ? saysOf(body) : null, answer: answer.says }
  }
  expect(actual).toEqual(expected)
})

test('no argument of a method has two places to go to', () => {
  for (const [name, { path, query, body }] of table) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, argument]) => argument)
    const all = [...inPath, ...Object.keys(query), ...Object.keys(body ?? {})]
    expect([name, all]).toEqual([name, [...new Set(all)]])
  }
})

test('every write takes an Idempotency-Key, which the client always sends', () => {
  for (const { method, path, parameters } of operationsOf(document)) {
    const takes = parameters.some((each) => each.in === 'header' && each.name === 'Idempotency-Key')
    expect([method, path, takes]).toEqual([method, path, method !== 'get'])
  }
})
