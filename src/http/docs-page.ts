import { html } from 'hono/html'
import { foldedShape, shape, withCode } from './docs-schema.ts'
import { errorWords } from './error-words.ts'
import { exampleOf } from './examples.ts'
import type { Html } from './layout.ts'
import type { OpenApiDocument, Operation } from './openapi.ts'

interface Place {
  readonly method: string
  readonly path: string
  readonly operation: Operation
}

/** The API's description as a page that is whole without any script and offline; all of it is escaped. */
export function docsPage(document: OpenApiDocument): string {
  const { info, tags, servers, components } = document
  const base = servers[0]?.url ?? ''
  const places = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Place => ({ method, path, operation })),
  )
  const tagged = tags.map(({ name }) => ({ name, of: places.filter((p) => p.operation.tags.includes(name)) }))
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${info.title} API</title>
<link rel="stylesheet" href="/api/docs.css">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header>
<h1>${info.title} API <small>${info.version}</small></h1>
<p>${info.description}</p>
<p>Everything is below <code>${base}</code> and speaks JSON. For programs: <a href="/api/openapi.json">openapi.json</a>.</p>
</header>
<div class="columns">
<nav aria-label="Contents">${contentsOf(tagged)}</nav>
<main id="main" tabindex="-1">
${authorization(document)}
${scopes(components.securitySchemes.app['x-scopes'])}
${writing}
${errors}
${tagged.map(({ name, of }) => html`<h2 id="${tagId(name)}">${name}</h2>\n${of.map((place) => section(place, base, document))}`)}
<h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) =>
    html`<section id="schema-${name}"><h3>${name}${anchor(`schema-${name}`)}</h3>${shape(schema)}</section>\n`,
)}</main>
</div>
</body>
</html>
`
  return String(page)
}

const tagId = (name: string) => `about-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`
const errorId = (code: string) => `error-${code}`

/** A link of a heading to itself, to be copied. */
const anchor = (id: string): Html => html` <a class="anchor" href="#${id}" aria-label="Link to this section">#</a>`

function verb({ method, path }: Pick<Place, 'method' | 'path'>): Html {
  return html`<code><b class="${method}">${method.toUpperCase()}</b> ${path.split('/').flatMap((part, n) => (n === 0 ? [] : [html`<wbr>`, `/${part}`]))}</code>`
}

/** Closed on a phone until asked for, so that it does not stand before all else. */
function contentsOf(tagged: readonly { readonly name: string; readonly of: readonly Place[] }[]): Html {
  return html`<details><summary>Contents</summary>
<ul>
<li><a href="#authorization">Being allowed</a></li>
<li><a href="#scopes">Scopes</a></li>
<li><a href="#writing">Limits and lost answers</a></li>
<li><a href="#errors">Errors</a></li>
</ul>
${tagged.map(
  ({ name, of }) => html`<h2><a href="#${tagId(name)}">${name}</a></h2>
<ul>
${of.map((place) => html`<li><a href="#${place.operation.operationId}">${verb(place)}</a></li>\n`)}</ul>\n`,
)}<p><a href="#schemas">Schemas</a></p>
</details>`
}

/** A text to be copied; it scrolls, so the keyboard must reach it. */
const sample = (label: string, text: string): Html =>
  html`<pre tabindex="0" role="region" aria-label="${label}"><code>${text}</code></pre>`

const readable = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value, null, 2))

const day = 1_795_342_000
const requestClaims = {
  iss: 'org.example.app',
  sub: '<user_id>',
  iat: day,
  exp: day + 300,
  device_id: 'one per device, and it stays',
}
const authorizationClaims = {
  iss: 'org.example.app',
  iat: day,
  exp: day + 600,
  app: { name: 'My app', url: 'https://app.example', public_key: '-----BEGIN PUBLIC KEY-----…' },
  scopes: ['user.sync'],
  redirect_uri: 'org.example.app:/allowed',
  state: 'something random',
}

function authorization({ servers, components }: OpenApiDocument): Html {
  const instance = (servers[0]?.url ?? '').replace(/\/api\/v1$/, '')
  return html`<h2 id="authorization">Being allowed</h2>
<p>${components.securitySchemes.app.description} An app never learns a password.</p>
<ol>
<li>Make a key pair, once per installation: RSA of 2048 bits or more, P-256, or Ed25519.</li>
<li>Sign an <em>authorization token</em> with it, a JWT (RS256, PS256, ES256 or EdDSA) that says:
${sample('Claims of an authorization token', readable(authorizationClaims))}</li>
<li>Open <code>${instance}/authorize?token=…</code> in a browser. The person logs in, reads who asks and for what, and
decides. The browser comes back to <code>redirect_uri</code> with <code>user_id</code>, <code>username</code>,
<code>instance</code> and your <code>state</code>, or with <code>error=access_denied</code>. Without a
<code>redirect_uri</code> the page shows the user id.</li>
<li>Sign each request, <code>Authorization: Bearer …</code>, with a <em>request token</em>:
${sample('Claims of a request token', readable({ ...requestClaims, aud: instance }))}</li>
</ol>
<p><code>exp</code> is at most 24 hours after <code>iat</code>. Scopes come from what the person allowed, never from the
token. The guide, with every step as commands to run, and the sync protocol come with the source:
<code>docs/api/README.md</code> and <code>docs/sync-protocol.md</code>.</p>`
}

function scopes(words: Readonly<Record<string, string>>): Html {
  return html`<h2 id="scopes">Scopes</h2>
<p>Ask for as little as will do. A scope holds those below it: <code>user.plays</code> is <code>user.plays.read</code> and
<code>user.plays.write</code>. People read these words when they decide:</p>
<table><thead><tr><th scope="col">Scope</th><th scope="col">What people read</th></tr></thead><tbody>
${Object.entries(words).map(
  ([scope, said]) => html`<tr id="scope-${scope}"><th scope="row"><code>${scope}</code></th><td>${said}</td></tr>\n`,
)}</tbody></table>`
}

const writing = html`<h2 id="writing">Limits and lost answers</h2>
<p>Each operation says how often a user may ask for it. Every answer tells how the count stands in
<code>RateLimit-Limit</code>, <code>RateLimit-Remaining</code> and <code>RateLimit-Reset</code> (seconds). Beyond it there
is a 429: wait as many seconds as <code>Retry-After</code> says.</p>
<p>Whatever writes takes an <code>Idempotency-Key</code>. When an answer is lost, send the very same request with the same
key: you get the first answer, for 24 hours, and nothing happens twice. With another request the key gets a 409.</p>`

const errors = html`<h2 id="errors">Errors</h2>
<p>Every error has the form of <a href="#schema-Problem">Problem</a>: <code>error</code> is a sentence for a person,
<code>error_code</code> for your program. Upper case is general, lower case is a reason of this domain. Treat a code you
don’t know by its status.</p>
${sample(
  'Example of an error',
  readable({
    error: 'position: Too small: expected number to be >=0',
    error_code: 'VALIDATION_ERROR',
    details: [{ path: 'position', message: 'Too small: expected number to be >=0' }],
  }),
)}
<table><thead><tr><th scope="col">Status</th><th scope="col">error_code</th><th scope="col">What to do</th></tr></thead><tbody>
${errorWords.map(
  ({ status, code, advice }) =>
    html`<tr id="${errorId(code)}"><td>${status}</td><th scope="row"><code>${code}</code></th><td>${withCode(advice)}</td></tr>\n`,
)}</tbody></table>`

function section(place: Place, base: string, { components }: OpenApiDocument): Html {
  const { operation } = place
  const { operationId, summary, description, parameters, requestBody, responses } = operation
  const { requests } = operation['x-rate-limit']
  const known = components.securitySchemes.app['x-scopes']
  const needs = operation['x-scope'].map((scope, n) => [
    n > 0 ? ' or ' : '',
    Object.hasOwn(known, scope)
      ? html`<a href="#scope-${scope}"><code>${scope}</code></a>`
      : html`<code>${scope}</code>`,
  ])
  // The last paragraph says in words what stands below as links.
  const paragraphs = description.split('\n\n').slice(0, -1)
  // What every writing operation takes stands in words once.
  const listed = parameters.filter((parameter) => parameter.in !== 'header')
  const errorsOf = Object.entries(responses).filter(([status]) => Number(status) >= 400)
  return html`<section id="${operationId}">
<h3>${verb(place)}${anchor(operationId)}</h3>
<p><strong>${summary}</strong></p>
${paragraphs.map((paragraph) => html`<p>${withCode(paragraph)}</p>`)}
<p class="facts"><span>Scope: ${operation.security.length === 0 ? 'none, everybody may ask' : needs.length === 0 ? 'any' : needs}</span> <span>Limit: ${requests} a minute</span>
${place.method !== 'get' && html`<span>Takes an <a href="#writing">Idempotency-Key</a></span>`}</p>
${sample(`Example of ${summary}`, curl(place, base, components.schemas))}
${listed.length > 0 && html`<h4>Parameters</h4><ul>${listed.map(parameterItem)}</ul>`}
${requestBody && html`<h4>Body</h4><p>${requestBody.description}</p>${Object.values(requestBody.content).map(({ schema }) => foldedShape(schema))}`}
${Object.entries(responses)
  .filter(([status]) => Number(status) < 400)
  .map(([status, { description: said, content }]) => {
    const schemas = Object.values(content ?? {}).map(({ schema }) => schema)
    return html`<h4>${status} ${withCode(said)}</h4>
${schemas.map(
  (
    schema,
  ) => html`${sample(`Example of an answer ${status}`, readable(exampleOf(schema, components.schemas, { all: true })))}
${foldedShape(schema)}`,
)}`
  })}
<h4>Errors</h4>
<dl>
${errorsOf.map(([status, { description: said }]) => html`<div><dt>${status}</dt><dd>${withLinks(said)}</dd></div>\n`)}</dl>
</section>
`
}

function parameterItem({ name, in: place, required, description, schema }: Operation['parameters'][number]): Html {
  return html`<li><code>${name}</code> <i>${place}${required && ', required'}</i>
${description && withCode(description)} ${shape(schema)}</li>`
}

/** Names of errors, each a link to the table where it stands there. */
function withLinks(codes: string): (string | Html)[] {
  return codes.split('`').map((part, index) => {
    if (index % 2 === 0) return part
    const known = errorWords.some(({ code }) => code === part)
    return known ? html`<a href="#${errorId(part)}"><code>${part}</code></a>` : html`<code>${part}</code>`
  })
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The operation as a command to paste, with what it can't do without. */
function curl(
  { method, path, operation }: Place,
  base: string,
  schemas: OpenApiDocument['components']['schemas'],
): string {
  const valueFor = (parameter: Operation['parameters'][number]) =>
    encodeURIComponent(String(exampleOf(parameter.schema, schemas, { all: false })))
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
  const filled = inPath.reduce((text, parameter) => text.replace(`{${parameter.name}}`, valueFor(parameter)), path)
  const query = operation.parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required)
    .map((parameter) => `${parameter.name}=${valueFor(parameter)}`)
  const url = [`${base}${filled}`, ...(query.length > 0 ? [query.join('&')] : [])].join('?')
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  return [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${quoted(url)}`,
    ...(operation.security.length === 0 ? [] : [`-H "Authorization: Bearer $TOKEN"`]),
    ...(method === 'get' ? [] : [`-H "Idempotency-Key: $(openssl rand -hex 16)"`]),
    ...(body
      ? [`-H 'Content-Type: application/json'`, `-d ${quoted(readable(exampleOf(body, schemas, { all: false })))}`]
      : []),
  ].join(' \\\n  ')
}
