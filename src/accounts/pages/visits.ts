import { bodyParser } from '@koa/bodyparser'
import type Koa from 'koa'
import { type Cookies, createCookies } from '../../http/cookies.ts'
import { type Csrf, createCsrf } from '../../http/csrf.ts'
import { languageOf, type Page, seeOther, sendPage } from '../../http/layout.ts'
import { type Sessions, sessionLife, type Visitor } from '../sessions.ts'
import { texts } from './texts.ts'
import { type Frame, messageView } from './views.ts'

/** What every page of accounts does with a request: who is it, is the form ours, answer in their language. */
export interface Visits {
  readonly cookies: Cookies
  readonly csrf: Csrf
  visitorOf(ctx: Koa.Context): Promise<Visitor | null>
  frameOf(ctx: Koa.Context): Frame
  show(ctx: Koa.Context, status: number, visitor: Visitor | null, page: Omit<Page, 'visitor'>): Promise<void>
  /** A page for whoever is logged in; others log in first and come back. `back` says where to, after a form. */
  member(
    handle: (ctx: Koa.Context, visitor: Visitor) => Promise<void>,
    back?: (ctx: Koa.Context) => string,
  ): Koa.Middleware
  /** Lets a form through only when it is one of ours. */
  readonly formOfOurs: Koa.Middleware
  /** Begins a session in this browser, in place of the one it may have had. */
  enter(ctx: Koa.Context, userId: string): Promise<void>
  /** Ends the session of this browser. */
  leave(ctx: Koa.Context): Promise<void>
}

const sessionCookie = 'balados_session'

export interface VisitParts {
  readonly sessions: Sessions
  readonly publicUrl: string
  readonly secret: string
}

export function createVisits({ sessions, publicUrl, secret }: VisitParts): Visits {
  const cookies = createCookies(publicUrl)
  const csrf = createCsrf({ secret, publicUrl, cookies })
  const readForm = bodyParser({ enableTypes: ['form'], formLimit: '64kb' })

  async function visitorOf(ctx: Koa.Context): Promise<Visitor | null> {
    const cookie = cookies.read(ctx, sessionCookie)
    const session = cookie ? await sessions.find(cookie) : null
    if (cookie && session?.renewed) cookies.write(ctx, sessionCookie, cookie, sessionLife)
    return session?.visitor ?? null
  }

  async function close(ctx: Koa.Context): Promise<void> {
    const cookie = cookies.read(ctx, sessionCookie)
    if (cookie) await sessions.close(cookie)
  }

  return {
    cookies,
    csrf,
    visitorOf,
    frameOf: (ctx) => ({ language: languageOf(ctx), csrfField: csrf.field(ctx) }),
    show: (ctx, status, visitor, page) => {
      const shown = visitor ? { username: visitor.username, csrfField: csrf.field(ctx) } : undefined
      return sendPage(ctx, status, { ...page, visitor: shown })
    },
    member:
      (handle, back = () => '/') =>
      async (ctx) => {
        const visitor = await visitorOf(ctx)
        if (visitor) return handle(ctx, visitor)
        const returnTo = ctx.method === 'GET' ? ctx.url : back(ctx)
        seeOther(ctx, `/users/log_in?${new URLSearchParams({ return_to: returnTo })}`)
      },
    formOfOurs: async (ctx, next) => {
      // Browsers send forms as they are; a packed one that is cut off would be waited for for ever.
      if (ctx.get('Content-Encoding')) ctx.throw(415)
      await readForm(ctx, async () => {})
      if (csrf.refusal(ctx, field(ctx, 'csrf_token')) === null) return next()
      const language = languageOf(ctx)
      const { error: title, forged } = texts[language]
      await sendPage(ctx, 403, { title, main: messageView(language, title, forged) })
    },
    enter: async (ctx, userId) => {
      await close(ctx)
      const secretOfSession = await sessions.open(userId, ctx.get('User-Agent') || undefined)
      cookies.write(ctx, sessionCookie, secretOfSession, sessionLife)
      csrf.renew(ctx)
    },
    leave: async (ctx) => {
      await close(ctx)
      cookies.clear(ctx, sessionCookie)
      csrf.renew(ctx)
    },
  }
}

/** A field of the form that was sent; undefined where it is missing or came more than once. */
export function field(ctx: Koa.Context, name: string): string | undefined {
  const body = ctx.request.body as Record<string, unknown> | undefined
  const value = body?.[name]
  return typeof value === 'string' ? value : undefined
}

/** A query parameter that stands there once. */
export function one(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
