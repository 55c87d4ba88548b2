import { html } from 'hono/html'
import type { JsonSchema } from './json-schemas.ts'
import type { Html } from './layout.ts'

/** A schema as nested lists: what it is, then what is in it. */
export function shape(schema: JsonSchema): Html {
  const { $ref, properties, required, items, additionalProperties } = schema
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return html`<a href="#schema-${name}">${name}</a>`
  }
  const options = optionsOf(schema)
  const [only, ...more] = options.filter((option) => option.type !== 'null' && Object.keys(option).length > 0)
  if (only && more.length === 0) {
    return html`${shape(only)}${options.some((option) => option.type === 'null') && html` <span class="type">or null</span>`}`
  }
  const needed = new Set(required as string[] | undefined)
  return html`<span class="type">${words(schema)}</span>${
    properties !== undefined &&
    html`<ul>${Object.entries(properties as Record<string, JsonSchema>).map(
      ([name, of]) => html`<li><code>${name}</code>${!needed.has(name) && html` <i>optional</i>`}
${typeof of.description === 'string' && withCode(of.description)} ${shape(of)}</li>`,
    )}</ul>`
  }${isSchema(items) && html` of ${shape(items)}`}${
    isSchema(additionalProperties) && html`<ul><li><i>any other name</i> ${shape(additionalProperties)}</li></ul>`
  }${options.length > 0 && html`<ul>${options.map((option) => html`<li>${shape(option)}</li>`)}</ul>`}`
}

/** Larger than this a schema is looked into when it is wanted. */
const large = 1500

/** A schema that can be folded away; one that is short stands open. */
export function foldedShape(schema: JsonSchema): Html {
  const open = JSON.stringify(schema).length < large
  return html`<details${open && html` open`}><summary>Fields</summary>${shape(schema)}</details>`
}

const optionsOf = ({ anyOf, oneOf, allOf }: JsonSchema) => (anyOf ?? oneOf ?? allOf ?? []) as JsonSchema[]

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null
}

/** Zod's pattern of a format is longer than it is readable: the format's name says it. */
const shown = ['format', 'minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'default', 'const']

function words(schema: JsonSchema): string {
  const { type, enum: values, format, pattern } = schema
  const kind = schema.anyOf ? 'one of' : schema.oneOf ? 'exactly one of' : schema.allOf ? 'all of' : 'anything'
  const name = Array.isArray(type) ? type.join(' or ') : typeof type === 'string' ? type : kind
  const limits = shown.filter((key) => schema[key] !== undefined && isTelling(key, schema[key]))
  const told = limits.map((key) => `${key} ${JSON.stringify(schema[key])}`)
  if (Array.isArray(values)) told.push(values.map((value) => JSON.stringify(value)).join(' | '))
  // What is described in words needs no pattern.
  if (typeof pattern === 'string' && format === undefined && schema.description === undefined)
    told.push(`pattern ${pattern}`)
  return told.length === 0 ? name : `${name} (${told.join(', ')})`
}

/** An integer's bounds of ±2^53 are those of JSON numbers, not of the API. */
function isTelling(key: string, value: unknown): boolean {
  return !(/imum$/.test(key) && typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER)
}

/** Text in which `this` becomes code. */
export function withCode(text: string): (string | Html)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))
}
