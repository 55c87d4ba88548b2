import { createHash } from 'node:crypto'
import { Router } from '@koa/router'
import { html } from 'hono/html'
import type Koa from 'koa'
import type { Endpoint } from '../kernel/endpoint.ts'
import type { JsonSchema } from './json-schemas.ts'
import { type OpenApiDocument, type Operation, openApiDocument } from './openapi.ts'

type Html = ReturnType<typeof html>

/**
 * `/api/openapi.json` and the page that shows it, `/api/docs`; both made once, when first asked for. `headers` are
 * those of pages.
 */
export function docsRouter(
  endpoints: readonly Endpoint[],
  about: { readonly version: string; readonly baseUrl: string },
  headers: Koa.Middleware,
): Router {
  const document = once(() => openApiDocument(endpoints, about))
  const text = once(() => entity(JSON.stringify(document())))
  const page = once(() => entity(docsPage(document())))
  const style = entity(docsStyle)
  return new Router()
    .get('/api/openapi.json', (ctx) => sendEntity(ctx, 'application/json; charset=utf-8', text()))
    .get('/api/docs', headers, (ctx) => sendEntity(ctx, 'text/html; charset=utf-8', page()))
    .get('/api/docs.css', headers, (ctx) => sendEntity(ctx, 'text/css; charset=utf-8', style))
}

interface Entity {
  readonly text: string
  readonly etag: string
}

function entity(text: string): Entity {
  return { text, etag: createHash('sha256').update(text).digest('base64url').slice(0, 27) }
}

function sendEntity(ctx: Koa.Context, type: string, { text, etag }: Entity): void {
  ctx.status = 200
  ctx.set('Cache-Control', 'public, no-cache')
  ctx.etag = etag
  if (ctx.fresh) {
    ctx.status = 304
    return
  }
  ctx.set('Content-Type', type)
  ctx.body = text
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** The API's description as a page that reads well without any script; all of it is escaped. */
function docsPage(document: OpenApiDocument): string {
  const { info, tags, servers, components } = document
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  const tagged = tags.map(({ name }) => ({ name, of: operations.filter((o) => o.operation.tags.includes(name)) }))
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<link rel="stylesheet" href="/api/docs.css">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
<header>
<h1>${info.title} API <small>${info.version}</small></h1>
<p>${info.description}</p>
<p>Everything below <code>${servers[0]?.url}</code>, with <code>Authorization: Bearer</code>.
For programs: <a href="/api/openapi.json">openapi.json</a>.</p>
</header>
<nav aria-label="Operations">
${tagged.map(
  ({ name, of }) => html`<h2>${name}</h2><ul>
${of.map(({ method, path, operation: o }) => html`<li><a href="#${o.operationId}">${verb(method, path)}</a> ${o.summary}</li>\n`)}</ul>\n`,
)}</nav>
<main>
${tagged.map(({ name, of }) => html`<h2>${name}</h2>\n${of.map((o) => section(o.method, o.path, o.operation))}`)}
<h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<section id="schema-${name}"><h3>${name}</h3>${shape(schema)}</section>\n`,
)}</main>
</body>
</html>
`
  return String(page)
}

function verb(method: string, path: string): Html {
  return html`<code><b>${method.toUpperCase()}</b> ${path}</code>`
}

function section(method: string, path: string, operation: Operation): Html {
  const { operationId, summary, description, parameters, requestBody, responses } = operation
  return html`<section id="${operationId}">
<h3>${verb(method, path)}</h3>
<p><strong>${summary}</strong></p>
${description.split('\n\n').map((paragraph) => html`<p>${withCode(paragraph)}</p>`)}
${parameters.length > 0 && html`<h4>Parameters</h4><ul>${parameters.map(parameterItem)}</ul>`}
${requestBody && html`<h4>Body</h4><p>${requestBody.description}</p>${contents(requestBody.content)}`}
<h4>Answers</h4>
<dl>
${Object.entries(responses).map(
  ([status, { description: said, content }]) =>
    html`<dt>${status}</dt><dd>${withCode(said)} ${Number(status) < 400 && contents(content)}</dd>\n`,
)}</dl>
</section>
`
}

function parameterItem({ name, in: place, required, description, schema }: Operation['parameters'][number]): Html {
  return html`<li><code>${name}</code> <i>${place}${required && ', required'}</i>
${description && withCode(description)} ${shape(schema)}</li>`
}

function contents(content: NonNullable<Operation['requestBody']>['content'] | undefined): Html[] {
  return Object.values(content ?? {}).map(({ schema }) => shape(schema))
}

/** A schema as nested lists: what it is, then what is in it. */
function shape(schema: JsonSchema): Html {
  const { $ref, properties, required, items, anyOf, oneOf, allOf, additionalProperties } = schema
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return html`<a href="#schema-${name}">${name}</a>`
  }
  const needed = new Set(required as string[] | undefined)
  const options = (anyOf ?? oneOf ?? allOf) as JsonSchema[] | undefined
  return html`<span class="type">${words(schema)}</span>${
    properties !== undefined &&
    html`<ul>${Object.entries(properties as Record<string, JsonSchema>).map(
      ([name, of]) => html`<li><code>${name}</code>${!needed.has(name) && html` <i>optional</i>`}
${typeof of.description === 'string' && withCode(of.description)} ${shape(of)}</li>`,
    )}</ul>`
  }${isSchema(items) && html` of ${shape(items)}`}${
    isSchema(additionalProperties) && html`<ul><li><i>any other name</i> ${shape(additionalProperties)}</li></ul>`
  }${options && html`<ul>${options.map((option) => html`<li>${shape(option)}</li>`)}</ul>`}`
}

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
  if (typeof pattern === 'string' && format === undefined) told.push(`pattern ${pattern}`)
  return told.length === 0 ? name : `${name} (${told.join(', ')})`
}

/** An integer's bounds of ±2^53 are those of JSON numbers, not of the API. */
function isTelling(key: string, value: unknown): boolean {
  return !(/imum$/.test(key) && typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER)
}

/** Text in which `this` becomes code. */
function withCode(text: string): (string | Html)[] {
  return text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))
}

/** The page's own style: readable, light and dark. */
const docsStyle = `:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere }
section { border-top: 1px solid #8886; padding: .5rem 0 }
h3 { font-size: 1.1rem }
ul { padding-left: 1.25rem }
dt { font-weight: bold }
.type, i { opacity: .8 }
`
