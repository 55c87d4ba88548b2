import { createHash } from 'node:crypto'
import { Router } from '@koa/router'
import type Koa from 'koa'
import { languageOf, seeOther } from '../../http/layout.ts'
import { type LogIn, type LogInResult, markLife, pendingLife, type Whence } from '../log-in.ts'
import { readReturnTo } from '../redirects.ts'
import { logInTexts, slowedText } from './log-in-texts.ts'
import { codeView, type LogInForm, logInView } from './log-in-views.ts'
import { field, one, type Visits } from './visits.ts'

const pendingCookie = 'balados_second_step'

/** The cookie that makes this browser known to an account; one for each account that was logged in to with it. */
export function markCookie(username: string): string {
  const tag = createHash('sha256').update(username.trim().toLowerCase()).digest('hex').slice(0, 12)
  return `balados_known_${tag}`
}

/** Log-in in one step or two, and log-out. */
export function logInPages({ visits, logIn }: { readonly visits: Visits; readonly logIn: LogIn }): Router {
  const { cookies, visitorOf, frameOf, show, formOfOurs } = visits
  const router = new Router()

  const whence = (ctx: Koa.Context, username: string): Whence => ({
    address: ctx.ip,
    mark: cookies.read(ctx, markCookie(username)),
  })

  function showForm(ctx: Koa.Context, status: number, form: LogInForm): Promise<void> {
    const frame = frameOf(ctx)
    const { logIn: title } = logInTexts[frame.language]
    return show(ctx, status, null, { title: titleOf(ctx, title, form.error), main: logInView(frame, form) })
  }

  function showCode(ctx: Koa.Context, status: number, error?: string): Promise<void> {
    const frame = frameOf(ctx)
    const { secondStep } = logInTexts[frame.language]
    return show(ctx, status, null, { title: titleOf(ctx, secondStep, error), main: codeView(frame, error) })
  }

  /** Goes on where an attempt led, or shows with `again` why it led nowhere. */
  async function follow(
    ctx: Koa.Context,
    result: LogInResult,
    wrong: string,
    again: (status: number, error: string) => Promise<void>,
  ): Promise<void> {
    const say = logInTexts[languageOf(ctx)]
    switch (result.outcome) {
      case 'in':
        await visits.enter(ctx, result.person.id)
        cookies.clear(ctx, pendingCookie)
        cookies.write(ctx, markCookie(result.person.username), result.mark, markLife)
        return seeOther(ctx, result.returnTo)
      case 'code':
        cookies.write(ctx, pendingCookie, result.pending, pendingLife)
        return seeOther(ctx, '/users/log_in/code')
      case 'slowed':
        ctx.set('Retry-After', String(result.refusal.retryAfter))
        return again(429, slowedText(languageOf(ctx), result.refusal.retryAfter))
      case 'wrong':
        return again(401, wrong)
      case 'suspended':
        return again(403, say.suspended)
      case 'stale':
        cookies.clear(ctx, pendingCookie)
        return showForm(ctx, 401, { returnTo: '/', error: say.stale })
      default: {
        const unknown: never = result
        throw new Error(`no way to go on from ${String(unknown)}`)
      }
    }
  }

  router.get('/users/log_in', async (ctx) => {
    const returnTo = readReturnTo(one(ctx.query.return_to))
    return (await visitorOf(ctx)) ? seeOther(ctx, returnTo) : showForm(ctx, 200, { returnTo })
  })

  router.post('/users/log_in', formOfOurs, async (ctx) => {
    const returnTo = readReturnTo(field(ctx, 'return_to'))
    const username = field(ctx, 'username') ?? ''
    const password = field(ctx, 'password') ?? ''
    const result = await logIn.first({ username, password, returnTo }, whence(ctx, username))
    return follow(ctx, result, logInTexts[languageOf(ctx)].wrong, (status, error) =>
      showForm(ctx, status, { returnTo, username, error }),
    )
  })

  router.get('/users/log_in/code', async (ctx) =>
    logIn.pendingOf(cookies.read(ctx, pendingCookie)) ? showCode(ctx, 200) : seeOther(ctx, '/users/log_in'),
  )

  router.post('/users/log_in/code', formOfOurs, async (ctx) => {
    const sealed = cookies.read(ctx, pendingCookie)
    const username = logIn.pendingOf(sealed)?.username ?? ''
    const result = await logIn.second(sealed, field(ctx, 'code') ?? '', whence(ctx, username))
    return follow(ctx, result, logInTexts[languageOf(ctx)].wrongCode, (status, error) => showCode(ctx, status, error))
  })

  router.post('/users/log_out', formOfOurs, async (ctx) => {
    await visits.leave(ctx)
    seeOther(ctx, '/')
  })

  return router
}

function titleOf(ctx: Koa.Context, title: string, error: string | undefined): string {
  return error === undefined ? title : `${logInTexts[languageOf(ctx)].problem} ${title}`
}
