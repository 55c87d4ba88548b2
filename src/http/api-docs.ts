import { createHash } from 'node:crypto'
import { Router } from '@koa/router'
import type Koa from 'koa'
import type { Endpoint } from '../kernel/endpoint.ts'
import { docsPage } from './docs-page.ts'
import { docsStyle } from './docs-style.ts'
import { type About, openApiDocument } from './openapi.ts'

/**
 * `/api/openapi.json` and the page that shows it, `/api/docs`; both made once, when first asked for. `headers` are
 * those of pages.
 */
export function docsRouter(endpoints: readonly Endpoint[], about: About, headers: Koa.Middleware): Router {
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
