import { Router } from '@koa/router'
import type Koa from 'koa'
import { languageOf, seeOther } from '../http/layout.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import type { Apps } from './apps.ts'
import { grantRefusal, readAuthorization } from './authorization.ts'
import type { Credentials } from './credentials.ts'
import { isPlain } from './jwt.ts'
import { credentialPages } from './pages/credential-pages.ts'
import { texts } from './pages/texts.ts'
import { allowedView, appsView, badRequestView, consentView, deniedView, homeView } from './pages/views.ts'
import { field, one, type Visits } from './pages/visits.ts'
import { formActionFor, withParameters } from './redirects.ts'
import type { Visitor } from './sessions.ts'

export interface PageParts {
  readonly visits: Visits
  readonly apps: Apps
  readonly credentials: Credentials
  readonly publicUrl: string
  readonly clock: () => number
}

/** Home, consent and the list of apps. Reads its forms itself, whatever stands before it. */
export function accountPages({ visits, apps, credentials, publicUrl, clock }: PageParts): Router {
  const { visitorOf, frameOf, show, member, formOfOurs } = visits
  const instance = publicUrl.replace(/\/+$/, '')
  const router = new Router()

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
    }, backToConsent),
  )

  const credentialsOf = credentialPages({
    router,
    member,
    formOfOurs,
    frameOf,
    field,
    show,
    credentials,
    instance,
    clock,
  })

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

/** Where a decision leads that comes after the session has ended. */
function backToConsent(ctx: Koa.Context): string {
  const token = field(ctx, 'token')
  return token === undefined ? '/' : `/authorize?${new URLSearchParams({ token })}`
}
