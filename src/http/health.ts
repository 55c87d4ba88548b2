import { Router } from '@koa/router'
import type { Logger } from 'pino'
import { sendJson } from './problems.ts'
import { describeError } from './request-log.ts'

/** Whether one thing the server needs is there; `message` says what is wrong. */
export interface HealthCheck {
  readonly ok: boolean
  readonly message?: string
}

/** Looks at everything the server needs, by name. */
export type Health = () => Promise<Readonly<Record<string, HealthCheck>>>

/** A check that takes longer than this counts as failed, in milliseconds. */
const patience = 5_000

/**
 * `/health`: 200 while the process lives. `/ready`: 200 when every check is well, else 503, with
 * `{status, checks: {name: {ok, message?}}}`. `/metrics`: the text of `metrics`, in Prometheus' format.
 */
export function healthRouter(health: Health, metrics: () => Promise<string>, log: Logger): Router {
  return new Router()
    .get('/health', (ctx) => {
      ctx.set('Cache-Control', 'no-store')
      sendJson(ctx, { status: 'ok' })
    })
    .get('/ready', async (ctx) => {
      const checks = await inTime(health, log)
      const ready = Object.values(checks).every((check) => check.ok)
      ctx.set('Cache-Control', 'no-store')
      ctx.status = ready ? 200 : 503
      sendJson(ctx, { status: ready ? 'ready' : 'not_ready', checks })
    })
    .get('/metrics', async (ctx) => {
      ctx.set('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
      ctx.body = await metrics()
    })
}

async function inTime(health: Health, log: Logger): ReturnType<Health> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Awaited<ReturnType<Health>>>((resolve) => {
    timer = setTimeout(() => resolve({ checks: { ok: false, message: `no answer in ${patience} ms` } }), patience)
  })
  try {
    return await Promise.race([health(), late])
  } catch (error) {
    log.error({ error: describeError(error) }, 'the health checks failed themselves')
    return { checks: { ok: false, message: 'failed, see the log' } }
  } finally {
    clearTimeout(timer)
  }
}
