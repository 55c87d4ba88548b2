import { randomUUID } from 'node:crypto'
import type Koa from 'koa'
import type { Level, Logger } from 'pino'
import { patternOf } from './router.ts'

const saneId = /^[\w.-]{8,64}$/

/** Routes that machines ask every few seconds: told at `debug` while all is well. */
const quiet = new Set(['/health', '/ready', '/metrics'])

/**
 * Names every request (`X-Request-Id`, the sender's own where it looks sane) and logs one line when its answer is
 * sent or its sender gone. The line holds the pattern of the route, never the URL: that may hold a private feed's
 * address or a token.
 */
export function requestLog(log: Logger): Koa.Middleware {
  return (ctx, next) => {
    const started = performance.now()
    const sent = ctx.get('X-Request-Id')
    const id = saneId.test(sent) ? sent : randomUUID()
    ctx.state.requestId = id
    ctx.set('X-Request-Id', id)
    ctx.res.once('close', () => {
      const aborted = !ctx.res.writableFinished
      // 499, as nginx says it: the client went before there was an answer.
      const status = aborted && !ctx.res.headersSent ? 499 : ctx.res.statusCode
      const route = patternOf(ctx) ?? null
      const ms = Math.round((performance.now() - started) * 10) / 10
      const line = { method: ctx.method, route, status, ms, request_id: id }
      log[levelOf(status, route)](aborted ? { ...line, aborted } : line, 'request')
    })
    return next()
  }
}

function levelOf(status: number, route: string | null): Level {
  // Another server's failure is none of ours.
  if (status >= 500 && status !== 502) return 'error'
  if (status >= 400) return 'warn'
  return route !== null && quiet.has(route) ? 'debug' : 'info'
}

/** The request's name in the log and in answers about errors. */
export function requestIdOf(ctx: Koa.Context): string {
  return ctx.state.requestId
}

/**
 * An error as the log may hold it: not its further properties, where libraries put the body of the request or the
 * row that PostgreSQL refused. Log it as `error`: what is called `err`, pino describes once more in its own way.
 */
export function describeError(thrown: unknown): Record<string, unknown> {
  if (!(thrown instanceof Error)) return { message: String(thrown) }
  const { name: type, message, stack, cause } = thrown
  const { code } = thrown as { code?: unknown }
  return {
    type,
    message,
    ...(typeof code === 'string' && { code }),
    stack,
    ...(cause !== undefined && { cause: describeError(cause) }),
  }
}
