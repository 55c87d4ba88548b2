import { type ApiDocument, type Operation, resolved, type Schema } from '../../openapi/document.ts'
import { fileOf } from '../../openapi/shots.ts'
import type { App, Reply } from '../../support/instance.ts'

/** Below `/api/v1`. */
export interface Request {
  readonly method: string
  readonly path: string
  /** A text where it is no JSON. */
  readonly body?: unknown
  /** The media type of such a text. */
  readonly type?: string
}

/** The headers that go with a request's body. */
export const headersOf = ({ type }: Request): Record<string, string> =>
  type === undefined ? {} : { 'content-type': type }

export const send = (app: App, request: Request, options: Parameters<App['call']>[3] = {}): Promise<Reply> =>
  app.call(request.method, request.path, request.body, {
    ...options,
    headers: { ...headersOf(request), ...options.headers },
  })

/** A text that a request needs: what it is called and the list it belongs to, `id` within `/playlists`. */
export interface Place {
  readonly operation: Operation
  readonly name: string
  readonly within: string
}

/** What stands at a place; undefined where any words will do. */
export type Names = (place: Place) => string | undefined

/** `POST /playlists/{id}/items` */
export const nameOf = ({ method, path }: Operation): string => `${method.toUpperCase()} ${path}`

export const isWrite = ({ method }: Operation): boolean => method !== 'get'

/**
 * A request that the document allows, with every field there is (`whole`) or those it can not do without (`bare`).
 * Throws where nobody says what a part of the path is: then `names` must learn it.
 */
export function requestOf(
  document: ApiDocument,
  operation: Operation,
  names: Names,
  size: 'whole' | 'bare' = 'whole',
): Request {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string, at: number) => {
    const text = names({ operation, name, within: operation.path.slice(0, at - 1) })
    if (text === undefined) throw new Error(`nobody says what ${name} of ${nameOf(operation)} is`)
    return encodeURIComponent(text)
  })
  // A cursor is nothing one can make up, and nobody has to.
  const isOpaque = ({ name, schema }: { name: string; schema: Schema }) =>
    (schema.pattern ?? schema.format) !== undefined && names({ operation, name, within: operation.path }) === undefined
  const build = builder(document, operation, names, size)
  const asked = operation.parameters.filter(
    (each) => each.in === 'query' && (each.required || (size === 'whole' && !isOpaque(each))),
  )
  const query = asked.map(
    ({ name, schema }) => `${name}=${encodeURIComponent(String(build(schema, name, operation.path)))}`,
  )
  const schema = operation.requestBody?.content['application/json']?.schema
  const file = fileOf(operation)
  return {
    method: operation.method.toUpperCase(),
    path: query.length > 0 ? `${path}?${query.join('&')}` : path,
    ...(schema && { body: build(schema, '', operation.path) }),
    ...(file && { body: file.text, type: file.type }),
  }
}

function builder(document: ApiDocument, operation: Operation, names: Names, size: 'whole' | 'bare') {
  const now = new Date().toISOString()
  return function build(given: Schema, name: string, within: string): unknown {
    const schema = resolved(document, given)
    if ('const' in schema) return schema.const
    if (Array.isArray(schema.enum)) return schema.enum[0]
    const [choice] = ((schema.anyOf ?? schema.oneOf ?? []) as Schema[]).filter((each) => each.type !== 'null')
    if (choice) return build(choice, name, within)
    switch ([schema.type].flat()[0]) {
      case 'object': {
        const required = (schema.required ?? []) as string[]
        const kept = Object.entries((schema.properties ?? {}) as Record<string, Schema>).filter(
          ([key]) => size === 'whole' || required.includes(key),
        )
        return Object.fromEntries(kept.map(([key, value]) => [key, build(value, key, within)]))
      }
      case 'array':
        return [build((schema.items ?? {}) as Schema, name, `/${name}`)]
      case 'integer':
      case 'number':
        return schema.minimum ?? 0
      case 'boolean':
        return true
      case 'string': {
        const text = names({ operation, name, within })
        if (text !== undefined) return text
        if (schema.format === 'date-time') return now
        if (schema.pattern || schema.format) throw new Error(`nobody says what ${name} of ${nameOf(operation)} is`)
        return 'some words'
      }
      default:
        return null
    }
  }
}
