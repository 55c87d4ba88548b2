import { type ApiDocument, type Operation, operationsOf, resolved, type Schema } from '../openapi/document.ts'

/** An operation in the words of the client's table. */
export interface Said {
  readonly query: string
  readonly body: string | null
  readonly answer: string
}

/** What the document says of every operation, by method and path. */
export function documentSays(document: ApiDocument): Map<string, Said> {
  return new Map(
    operationsOf(document).map((operation) => [
      `${operation.method.toUpperCase()} ${operation.path}`,
      operationSays(document, operation),
    ]),
  )
}

function operationSays(document: ApiDocument, { parameters, requestBody, responses }: Operation): Said {
  const query = parameters.filter((each) => each.in === 'query')
  const body = requestBody?.content['application/json']?.schema
  const answers = Object.entries(responses).flatMap(([status, { content }]) =>
    status < '300' ? [Object.values(content ?? {})[0]?.schema] : [],
  )
  return {
    query: fields(query.map(({ name, required, schema }) => [name, required, flagOr(document, schema)])),
    body: body ? schemaSays(document, body) : null,
    answer: union(answers.map((schema) => (schema ? schemaSays(document, schema) : 'null'))),
  }
}

/** A boolean has to be written as a word in a query. */
function flagOr(document: ApiDocument, schema: Schema): string {
  const said = schemaSays(document, schema)
  return said === '"false" | "true"' ? 'boolean' : said
}

/** A schema in the words of the client's shapes: what a type can hold, and nothing of patterns and limits. */
function schemaSays(document: ApiDocument, schema: Schema): string {
  const { type, properties, required, items, additionalProperties, ...at } = resolved(document, schema)
  const choices = (at.anyOf ?? at.oneOf) as readonly Schema[] | undefined
  if (choices) {
    // `anyOf: [entry, {}]`: an entry that is not like this is rejected alone.
    const told = choices.filter((choice) => Object.keys(choice).length > 0)
    return union(told.map((choice) => schemaSays(document, choice)))
  }
  if (at.const !== undefined) return JSON.stringify(at.const)
  if (Array.isArray(at.enum)) return union(at.enum.map((value) => JSON.stringify(value)))
  if (Array.isArray(type)) return union(type.map((one: string) => schemaSays(document, { ...schema, type: one })))
  switch (type) {
    case 'object': {
      if (!properties)
        return additionalProperties ? `Record<${schemaSays(document, additionalProperties as Schema)}>` : '{  }'
      const needed = (required as readonly string[] | undefined) ?? []
      const entries = Object.entries(properties as Record<string, Schema>)
      return fields(entries.map(([name, each]) => [name, needed.includes(name), schemaSays(document, each)]))
    }
    case 'array':
      return `Array<${schemaSays(document, items as Schema)}>`
    case undefined:
      return 'anything'
    default:
      return String(type)
  }
}

function fields(entries: readonly (readonly [name: string, needed: boolean, says: string])[]): string {
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{ ${sorted.map(([name, needed, says]) => `${name}${needed ? '' : '?'}: ${says}`).join('; ')} }`
}

const union = (parts: readonly string[]): string => [...new Set(parts)].sort().join(' | ')
