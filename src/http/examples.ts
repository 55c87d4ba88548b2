import type { JsonSchema } from './json-schemas.ts'

/** Deeper than anything of this API: where a circle ends. */
const deepest = 8

/**
 * A value that fits a schema, for people to look at: its own examples where it has some. Of objects it shows what is
 * required and, with `all` or where nothing is, what is optional too.
 *
 * @param components what the schema's references lead to
 */
export function exampleOf(
  schema: JsonSchema,
  components: Readonly<Record<string, JsonSchema>>,
  { all }: { readonly all: boolean },
): unknown {
  return sample(schema, 0)

  function sample(given: JsonSchema, depth: number): unknown {
    const of = resolved(given)
    const [example] = (of.examples as unknown[] | undefined) ?? []
    if (example !== undefined) return example
    if (of.default !== undefined) return of.default
    if (of.const !== undefined) return of.const
    if (Array.isArray(of.enum)) return of.enum[0]
    const [first] = ((of.anyOf ?? of.oneOf) as JsonSchema[] | undefined) ?? []
    if (first) return sample(first, depth)
    switch (Array.isArray(of.type) ? of.type[0] : of.type) {
      case 'object':
        return objectOf(of, depth)
      case 'array':
        return depth < deepest && isSchema(of.items) ? [sample(of.items, depth + 1)] : []
      case 'string':
        return textOf(of)
      case 'integer':
      case 'number':
        return Math.max(0, Number(of.minimum ?? 0))
      case 'boolean':
        return false
      default:
        return null
    }
  }

  function resolved(of: JsonSchema): JsonSchema {
    return typeof of.$ref === 'string' ? (components[of.$ref.split('/').at(-1) ?? ''] ?? {}) : of
  }

  function objectOf({ properties = {}, required = [] }: JsonSchema, depth: number): Record<string, unknown> {
    const entries = Object.entries(properties as Record<string, JsonSchema>)
    const needed = entries.filter(([name]) => (required as string[]).includes(name))
    // Where all may be left out, two show how it is meant.
    const shown = all ? entries : needed.length > 0 ? needed : entries.slice(0, 2)
    return Object.fromEntries(shown.map(([name, of]) => [name, depth < deepest ? sample(of, depth + 1) : null]))
  }
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null
}

const byFormat: Readonly<Record<string, string>> = {
  uuid: '0197c0de-0000-7000-8000-000000000001',
  'date-time': '2026-11-22T09:00:00.000Z',
  uri: 'https://podcasts.example/',
}

function textOf({ format, minLength }: JsonSchema): string {
  return byFormat[String(format)] ?? '…'.repeat(Math.max(1, Number(minLength ?? 1)))
}
