import { STATUS_CODES } from 'node:http'
import { html } from 'hono/html'
import type Koa from 'koa'
import type { Logger } from 'pino'
import { internalError, methodNotAllowed, type Problem, problemOfThrown, sendProblem, unknownPath } from './problems.ts'
import { describeError, requestIdOf } from './request-log.ts'
import { methodsOfPath, patternOf } from './router.ts'

/** Whether a request is for the API or another one of JSON alone, and so wants even its errors as JSON. */
export function isForApi(ctx: Koa.Context): boolean {
  return apiTarget.test(ctx.url)
}

/** Not `ctx.path`, which throws for some targets that are answered as errors. The host is that of an absolute form. */
const apiTarget =
  /^(?:https?:\/\/[^/?]*)?\/{1,2}(?:api|v1|index\.php|apps\/gpoddersync|login\/v2|ocs|status\.php)(?:[/?]|$)/

/**
 * Turns whatever is thrown further in into an answer: JSON for the API and for those who ask for it, else a small
 * page. What is unexpected is logged with the request's id and answered without a word about its cause.
 */
export function errorBoundary(log: Logger): Koa.Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (thrown) {
      const expected = problemOfThrown(thrown)
      if (!expected) {
        const where = { request_id: requestIdOf(ctx), method: ctx.method, route: patternOf(ctx) ?? null }
        log.error({ error: describeError(thrown), ...where }, 'request failed')
      }
      if (ctx.headerSent) ctx.res.destroy()
      else sendError(ctx, expected ?? internalError(requestIdOf(ctx)))
    }
  }
}

/** Answers a request that no route took: 405 where its path has other methods, else 404. */
export function answerUnrouted(ctx: Koa.Context): void {
  const methods = methodsOfPath(ctx)
  const problem = methodNotAllowed([...methods, 'OPTIONS'])
  if (methods.length === 0 || methods.includes(ctx.method)) {
    sendError(ctx, unknownPath())
  } else if (ctx.method === 'OPTIONS') {
    ctx.status = 204
    ctx.set(problem.headers)
  } else {
    sendError(ctx, problem)
  }
}

/** Writes an error answer in the form the client reads, in place of whatever was begun. */
export function sendError(ctx: Koa.Context, problem: Problem): void {
  for (const name of ['Content-Type', 'Content-Length', 'Content-Encoding', 'ETag', 'Last-Modified']) ctx.remove(name)
  ctx.set('Cache-Control', 'no-store')
  if (isForApi(ctx) || ctx.accepts('html', 'json') === 'json') {
    sendProblem(ctx, problem)
  } else {
    ctx.status = problem.status
    ctx.set(problem.headers)
    ctx.type = 'html'
    ctx.body = errorPage(problem)
  }
}

function errorPage({ status, body }: Problem): string {
  const title = STATUS_CODES[status] ?? 'Error'
  const id = body.request_id && html`<p>When you report this, please quote <code>${body.request_id}</code>.</p>`
  return String(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title}</title>
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      <p>${body.error}</p>
      ${id}
      <p><a href="/">Home</a></p>
    </main>
  </body>
</html>
`)
}
