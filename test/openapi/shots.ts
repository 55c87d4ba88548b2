import fc from 'fast-check'
import type { Operation, Schema } from './document.ts'
import { jsonText, type Mutation, mutatedText, mutations, oddTexts } from './odd.ts'
import { valuesIn } from './values.ts'
import type { BadToken, Listener, World } from './world.ts'

export type Token = 'own' | 'phone' | 'tablet' | 'narrow' | BadToken

/** One request, as data. */
export interface Shot {
  readonly operation: Operation
  readonly token: Token
  /** Path parameters as they go out, percent-encoded. */
  readonly path: Readonly<Record<string, string>>
  /** Decoded; a name may come twice. */
  readonly query: readonly (readonly [name: string, value: string])[]
  /** Added to the query as it is. */
  readonly rawQuery?: string
  readonly key?: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** What the body says, where it says anything. */
  readonly text?: string | undefined
  /** What goes out in place of the text. */
  readonly bytes?: Buffer
}

/** The request as one would type it. */
export function typed({ operation, token, path, query, rawQuery, key, headers, text, bytes }: Shot): string {
  const cut = (long: string, most = 2500) => {
    const short = long.replaceAll(/(.{1,3}?)\1{40,}/gu, (run, part: string) => `${part}×${run.length / part.length}`)
    return short.length > most ? `${short.slice(0, most)}… (${long.length})` : short
  }
  return [
    `${operation.method.toUpperCase()} ${cut(targetOf(operation, path, query, rawQuery), 300)}`,
    `[${token}]`,
    ...(key === undefined ? [] : [`Idempotency-Key: ${key}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${cut(value)}`),
    ...(bytes ? [`<${bytes.length} bytes>`] : []),
    ...(text === undefined ? [] : [cut(text)]),
  ].join(' ')
}

export function targetOf(
  operation: Operation,
  path: Shot['path'],
  query: Shot['query'],
  rawQuery: string | undefined,
): string {
  const place = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => path[name] ?? '')
  const pairs = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  const search = [...pairs, ...(rawQuery === undefined ? [] : [rawQuery])].join('&')
  return search === '' ? place : `${place}?${search}`
}

const contentTypes = [
  'application/json; charset=utf-8',
  'APPLICATION/JSON',
  'application/merge-patch+json',
  'text/plain',
  'text/html',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'garbage',
]

const keys = ['once', 'once', 'twice', '{"odd":1}']
const badKeys = ['with blank', 'x'.repeat(256), 'h\u00e9']

const others: readonly Token[] = ['narrow', 'none', 'garbage', 'expired', 'another key', 'another user', 'alg none']

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())

/** The object that the parameters of an operation would be. */
function parametersOf({ parameters }: Operation): Schema {
  const given = parameters.filter((each) => each.in === 'path' || each.in === 'query')
  return {
    type: 'object',
    properties: Object.fromEntries(given.map((each) => [each.name, each.schema])),
    required: given.filter((each) => each.required).map((each) => each.name),
  }
}

const words = (operation: Operation) => operation.path.split('/').filter(Boolean)

/** What the body of an operation may be; undefined for those that take none. */
export const bodySchema = (operation: Operation): Schema | undefined =>
  operation.requestBody?.content['application/json']?.schema

/** What an operation takes that is no JSON, with the document's own example of it. */
export function fileOf({ requestBody }: Operation): { readonly type: string; readonly text: string } | undefined {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  if (type === undefined || type === 'application/json') return undefined
  return { type, text: String((content?.schema.examples as readonly unknown[] | undefined)?.[0] ?? '') }
}

/** Requests that the document allows. */
export function soundShots(world: World, listener: Listener, operation: Operation): fc.Arbitrary<Shot> {
  const { values, object } = valuesIn(world, listener)
  const schema = bodySchema(operation)
  const file = fileOf(operation)
  return fc
    .record({
      token: fc.constantFrom<Token[]>('own', 'own', 'phone', 'tablet'),
      params: object(parametersOf(operation), words(operation)) as fc.Arbitrary<Record<string, unknown>>,
      body: schema ? values(schema, words(operation)) : fc.constant(undefined),
    })
    .map(({ token, params, body }) => {
      const place = (where: string) =>
        operation.parameters
          .filter((each) => each.in === where && (params[each.name] ?? null) !== null)
          .map((each) => [each.name, String(params[each.name])] as const)
      return {
        operation,
        token,
        path: Object.fromEntries(place('path').map(([name, value]) => [name, encoded(value)])),
        query: place('query'),
        headers: schema || file ? { 'content-type': file?.type ?? 'application/json' } : {},
        text: body === undefined ? file?.text : jsonText(body),
      }
    })
}

/** A body of JSON with other values in it; of a file only the beginning. */
const spoilt = (operation: Operation, text: string, by: readonly Mutation[]): string =>
  fileOf(operation) ? text.slice(0, -29 * by.length) : mutatedText(text, by)

const nothingOdd = { weight: 10, arbitrary: fc.constant(undefined) }

/** Requests of any kind, about half of them sound. */
export function wildShots(world: World, listener: Listener, operation: Operation): fc.Arbitrary<Shot> {
  const writes = operation.method !== 'get'
  const named = operation.parameters.filter((each) => each.in === 'path' || each.in === 'query')
  return fc
    .record({
      sound: soundShots(world, listener, operation),
      token: fc.oneof(nothingOdd, { weight: 1, arbitrary: fc.constantFrom(...others) }),
      key: writes
        ? fc.oneof(nothingOdd, { weight: 5, arbitrary: fc.constantFrom(...keys) }, fc.constantFrom(...badKeys))
        : fc.constant(undefined),
      type: fc.oneof(nothingOdd, { weight: 2, arbitrary: fc.constantFrom(...contentTypes) }),
      param: fc.oneof(nothingOdd, {
        weight: named.length,
        arbitrary: fc.tuple(fc.nat(10), fc.constantFrom(...oddTexts)),
      }),
      body: fc.oneof(nothingOdd, { weight: 9, arbitrary: fc.array(mutations, { minLength: 1, maxLength: 3 }) }),
    })
    .map(({ sound, token = sound.token, key, type, param, body }) => {
      const { text = '' } = sound
      const shot = {
        ...sound,
        token,
        key,
        headers: type === undefined ? sound.headers : { ...sound.headers, 'content-type': type },
        text: body && sound.text !== undefined ? spoilt(operation, text, body) : sound.text,
      }
      const odd = param && named[param[0] % named.length]
      const [, oddText = ''] = param ?? []
      if (!odd) return told(shot)
      if (odd.in === 'path') return told({ ...shot, path: { ...shot.path, [odd.name]: encoded(oddText) } })
      return told({ ...shot, query: [...shot.query.filter(([name]) => name !== odd.name), [odd.name, oddText]] })
    })
}

/** So that a failing property prints the request instead of the operation. */
const told = (shot: Shot): Shot => Object.defineProperty(shot, fc.toStringMethod, { value: () => typed(shot) })
