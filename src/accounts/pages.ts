import { bodyParser } from '@koa/bodyparser'
import { Router } from '@koa/router'
import type Koa from 'koa'
import { createCookies } from '../http/cookies.ts'
import { createCsrf } from '../http/csrf.ts'
import { languageOf, type Page, seeOther, sendPage } from '../http/layout.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import type { Apps } from './apps.ts'
import { grantRefusal, readAuthorization } from './authorization.ts'
import type { Credentials } from './credentials.ts'
import { isPlain } from './jwt.ts'
import { credentialPages } from './pages/credential-pages.ts'
import { texts } from './pages/texts.ts'
import {
  allowedView,
  appsView,
  badRequestView,
  consentView,
  deniedView,
  type Frame,
  homeView,
  type LogInForm,
  logInView,
  messageView,
} from './pages/views.ts'
import type { People } from './people.ts'
import { formActionFor, readReturnTo, withParameters } from './redirects.ts'
import { type Sessions, sessionLife, type Visitor } from './sessions.ts'

export interface PageParts {
  readonly people: People
  readonly apps: Apps
  readonly sessions: Sessions
  readonly credentials: Credentials
  readonly publicUrl: string
  readonly secret: string
  readonly clock: () => number
}

const sessionCookie = 'balados_session'

/** Log-in, log-out, home, consent and the list of apps. Reads its forms itself, whatever stands before it. */
export function accountPages({ people, apps, sessions, credentials, publicUrl, secret, clock }: PageParts): Router {
  const cookies = createCookies(publicUrl)
  const csrf = createCsrf({ secret, publicUrl, cookies })
  const instance = publicUrl.replace(/\/+$/, '')
  const router = new Router()
  const readForm = bodyParser({ enableTypes: ['form'], formLimit: '64kb' })

  async function visitorOf(ctx: Koa.Context): Promise<Visitor | null> {
    const cookie = cookies.read(ctx, sessionCookie)
    const session = cookie ? await sessions.find(cookie) : null
    if (cookie && session?.renewed) cookies.write(ctx, sessionCookie, cookie, sessionLife)
    return session?.visitor ?? null
  }

  function frameOf(ctx: Koa.Context): Frame {
    return { language: languageOf(ctx), csrfField: csrf.field(ctx) }
  }

  function show(ctx: Koa.Context, status: number, visitor: Visitor | null, page: Omit<Page, 'visitor'>): Promise<void> {
    const shown = visitor ? { username: visitor.username, csrfField: csrf.field(ctx) } : undefined
    return sendPage(ctx, status, { ...page, visitor: shown })
  }

  /** A page for whoever is logged in; others log in first and come back. */
  function member(handle: (ctx: Koa.Context, visitor: Visitor) => Promise<void>): Koa.Middleware {
    return async (ctx) => {
      const visitor = await visitorOf(ctx)
      if (visitor) return handle(ctx, visitor)
      const token = field(ctx, 'token')
      const back = ctx.method === 'GET' ? ctx.url : token === undefined ? '/' : withToken(token)
      seeOther(ctx, `/users/log_in?${new URLSearchParams({ return_to: back })}`)
    }
  }

  /** Lets a form through only when it is one of ours. */
  const formOfOurs: Koa.Middleware = async (ctx, next) => {
    // Browsers send forms as they are; a packed one that is cut off would be waited for for ever.
    if (ctx.get('Content-Encoding')) ctx.throw(415)
    await readForm(ctx, async () => {})
    if (csrf.refusal(ctx, field(ctx, 'csrf_token')) === null) return next()
    const language = languageOf(ctx)
    const { error: title, forged } = texts[language]
    await sendPage(ctx, 403, { title, main: messageView(language, title, forged) })
  }

  function showLogIn(ctx: Koa.Context, status: number, form: LogInForm): Promise<void> {
    const frame = frameOf(ctx)
    const { logIn, problem } = texts[frame.language]
    const title = form.error === undefined ? logIn : `${problem} ${logIn}`
    return sendPage(ctx, status, { title, main: logInView(frame, form) })
  }

  router.get('/users/log_in', async (ctx) => {
    const returnTo = readReturnTo(one(ctx.query.return_to))
    return (await visitorOf(ctx)) ? seeOther(ctx, returnTo) : showLogIn(ctx, 200, { returnTo })
  })

  router.post('/users/log_in', formOfOurs, async (ctx) => {
    const say = texts[languageOf(ctx)]
    const returnTo = readReturnTo(field(ctx, 'return_to'))
    const username = field(ctx, 'username') ?? ''
    const person = await people.logIn(username, field(ctx, 'password') ?? '')
    if (!person) return showLogIn(ctx, 401, { returnTo, username, error: say.wrong })
    if (person.suspendedAt) return showLogIn(ctx, 403, { returnTo, username, error: say.suspended })
    await leave(ctx)
    const secretOfSession = await sessions.open(person.id, ctx.get('User-Agent') || undefined)
    cookies.write(ctx, sessionCookie, secretOfSession, sessionLife)
    csrf.renew(ctx)
    seeOther(ctx, returnTo)
  })

  router.post('/users/log_out', formOfOurs, async (ctx) => {
    await leave(ctx)
    cookies.clear(ctx, sessionCookie)
    csrf.renew(ctx)
    seeOther(ctx, '/')
  })

  async function leave(ctx: Koa.Context): Promise<void> {
    const cookie = cookies.read(ctx, sessionCookie)
    if (cookie) await sessions.close(cookie)
  }

  router.get('/', async (ctx) => {
    const visitor = await visitorOf(ctx)
    const language = languageOf(ctx)
    const main = homeView(language, visitor?.username ?? null)
    return show(ctx, 200, visitor, { title: texts[language].welcome, main })
  })

  function showBadRequest(ctx: Koa.Context, visitor: Visitor, refusal: Refusal): Promise<void> {
    const language = languageOf(ctx)
    const status = refusal.refused === 'forbidden' ? 403 : 400
    return show(ctx, status, visitor, {
      title: texts[language].badRequest,
      main: badRequestView(language, refusal.message),
    })
  }

  async function readRequest(token: string | undefined, visitor: Visitor) {
    const request = await readAuthorization(token ?? '', { publicUrl, now: clock() })
    return isRefusal(request) ? request : (grantRefusal(request, visitor.isAdmin) ?? request)
  }

  async function showConsent(ctx: Koa.Context, visitor: Visitor, token: string | undefined): Promise<void> {
    const request = await readRequest(token, visitor)
    if (isRefusal(request)) return showBadRequest(ctx, visitor, request)
    const frame = frameOf(ctx)
    const before = await apps.find(visitor.id, request.appId)
    const main = consentView(frame, { token: token ?? '', request, username: visitor.username, before })
    const formAction = request.redirect ? formActionFor(request.redirect) : undefined
    return show(ctx, 200, visitor, { title: texts[frame.language].wants, main, formAction })
  }

  router.get(
    '/authorize',
    member((ctx, visitor) => showConsent(ctx, visitor, one(ctx.query.token))),
  )

  router.post(
    '/authorize',
    formOfOurs,
    member(async (ctx, visitor) => {
      const token = field(ctx, 'token')
      const decision = field(ctx, 'decision')
      if (decision !== 'allow' && decision !== 'deny') return showConsent(ctx, visitor, token)
      const request = await readRequest(token, visitor)
      if (isRefusal(request)) return showBadRequest(ctx, visitor, request)
      const allowed = decision === 'allow'
      if (allowed) await apps.allow(visitor.id, request)
      const { redirect, state } = request
      const outcome = allowed
        ? { user_id: visitor.id, username: visitor.username, instance }
        : { error: 'access_denied' }
      if (redirect) return seeOther(ctx, withParameters(redirect, { ...outcome, state }))
      const language = languageOf(ctx)
      const say = texts[language]
      return show(ctx, 200, visitor, {
        title: allowed ? say.allowed : say.denied,
        main: allowed ? allowedView(language, visitor.id) : deniedView(language),
      })
    }),
  )

  const credentialsOf = credentialPages({ router, member, formOfOurs, frameOf, field, show, credentials, clock })

  router.get(
    '/apps',
    member(async (ctx, visitor) => {
      const frame = frameOf(ctx)
      const [allowed, more] = [await apps.list(visitor.id), await credentialsOf(ctx, visitor)]
      const main = appsView(frame, { apps: allowed, revoked: 'revoked' in ctx.query, more })
      return show(ctx, 200, visitor, { title: texts[frame.language].yourApps, main })
    }),
  )

  router.post(
    '/apps/revoke',
    formOfOurs,
    member(async (ctx, visitor) => {
      const appId = field(ctx, 'app_id')
      const revoked = isPlain(appId) && (await apps.revoke(visitor.id, appId))
      seeOther(ctx, revoked ? '/apps?revoked' : '/apps')
    }),
  )

  return router
}

function field(ctx: Koa.Context, name: string): string | undefined {
  const body = ctx.request.body as Record<string, unknown> | undefined
  const value = body?.[name]
  return typeof value === 'string' ? value : undefined
}

function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function withToken(token: string): string {
  return `/authorize?${new URLSearchParams({ token })}`
}
