import { z } from 'zod'

/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 embeds it. */
export interface JsonSchema {
  [keyword: string]: unknown
}

export interface SchemaCollector {
  /** The JSON Schema of `schema`, as clients send it (`input`) or get it (`output`); `owner` names its nameless parts. */
  describe(schema: z.ZodType, io: 'input' | 'output', owner: string): JsonSchema
  /** What the described schemas refer to, by name: the `components.schemas` of the document. */
  readonly components: Record<string, JsonSchema>
}

/**
 * Describes zod schemas for one document. A schema with an id (`.meta({ id })`) or within a circle becomes a component;
 * one whose shape differs between request and answer becomes two.
 */
export function schemaCollector(): SchemaCollector {
  const components: Record<string, JsonSchema> = {}
  const sources = new Map<string, string>()

  /** A free name for a definition, or the one under which the same definition is already known. */
  function nameFor(wish: string, source: string, io: string): string {
    const candidates = [wish, `${wish}${io === 'input' ? 'Request' : 'Answer'}`]
    for (let n = 2; ; n++) {
      const name = candidates.shift() ?? `${wish}${n}`
      const known = sources.get(name)
      if (known !== undefined && known !== source) continue
      sources.set(name, source)
      return name
    }
  }

  return {
    components,
    describe(schema, io, owner) {
      const {
        $schema,
        $defs = {},
        ...root
      } = z.toJSONSchema(schema, options(io)) as JsonSchema & {
        $defs?: Record<string, JsonSchema>
      }
      const parts = { ...$defs, ...(refersTo(root, '#') && { '#': root }) }
      const names = new Map<string, string>()
      for (const [key, part] of Object.entries(parts)) {
        const wish = key === '#' ? owner : key.replace(/^__schema/, `${owner}Part`)
        names.set(key === '#' ? '#' : `#/$defs/${key}`, nameFor(wish, JSON.stringify(part), io))
      }
      const rename = (ref: string) => `#/components/schemas/${names.get(ref) ?? ref}`
      for (const [key, part] of Object.entries(parts)) {
        const name = names.get(key === '#' ? '#' : `#/$defs/${key}`) as string
        components[name] = withReferences(part, rename) as JsonSchema
      }
      return names.has('#') ? { $ref: rename('#') } : (withReferences(root, rename) as JsonSchema)
    },
  }
}

function options(io: 'input' | 'output'): Parameters<typeof z.toJSONSchema>[1] {
  return {
    io,
    unrepresentable: 'any',
    // Zod says that nothing else comes out of a plain object, as it would strip it; but answers may gain fields, and
    // an app that checks them must not break over one. Strict objects stay strict.
    override: ({ zodSchema: { _zod }, jsonSchema }) => {
      if (io === 'output' && _zod.def.type === 'object' && !_zod.def.catchall) delete jsonSchema.additionalProperties
    },
  }
}

function refersTo(value: unknown, ref: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, child]) => (key === '$ref' && child === ref) || refersTo(child, ref))
}

function withReferences(value: unknown, rename: (ref: string) => string): unknown {
  if (Array.isArray(value)) return value.map((child) => withReferences(child, rename))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const isReference = key === '$ref' && typeof child === 'string'
      return [key, isReference ? rename(child) : withReferences(child, rename)]
    }),
  )
}
