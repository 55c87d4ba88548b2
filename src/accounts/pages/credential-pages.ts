import type { Router } from '@koa/router'
import type Koa from 'koa'
import { z } from 'zod'
import { type Html, type Page, seeOther } from '../../http/layout.ts'
import { isRefusal } from '../../kernel/refusal.ts'
import { type CredentialKind, type Credentials, type PlayTokenKind, playTokenKinds } from '../credentials.ts'
import type { Visitor } from '../sessions.ts'
import { credentialTexts } from './credential-texts.ts'
import {
  type CredentialForm,
  credentialsView,
  type FormKind,
  headingOf,
  newCredentialView,
  wrongCredentialView,
} from './credential-views.ts'
import type { Frame } from './views.ts'

/** How pages of members are made; see `accountPages`. */
export interface MemberPages {
  readonly router: Router
  /** Answers whoever is logged in; others log in first. */
  member(handle: (ctx: Koa.Context, visitor: Visitor) => Promise<void>): Koa.Middleware
  /** Lets a form through only when it is one of ours. */
  readonly formOfOurs: Koa.Middleware
  frameOf(ctx: Koa.Context): Frame
  field(ctx: Koa.Context, name: string): string | undefined
  show(ctx: Koa.Context, status: number, visitor: Visitor, page: Omit<Page, 'visitor'>): Promise<void>
}

export interface CredentialPageParts extends MemberPages {
  readonly credentials: Credentials
  /** Address of the instance, without a slash at its end. */
  readonly instance: string
  readonly clock: () => number
}

/** Makes and revokes app passwords and play tokens; answers the part of `/apps` that lists them. */
export function credentialPages(parts: CredentialPageParts): (ctx: Koa.Context, visitor: Visitor) => Promise<Html> {
  const { router, member, formOfOurs, frameOf, field, show, credentials, instance, clock } = parts

  async function make(
    ctx: Koa.Context,
    visitor: Visitor,
    form: FormKind,
    kind: CredentialKind | undefined,
  ): Promise<void> {
    const name = field(ctx, 'name')?.trim() ?? ''
    const typed = { name, kind }
    if (kind === undefined) return showAgain(ctx, visitor, form, { ...typed, error: 'badKind' })
    const made = await credentials.make(visitor.id, kind, name)
    if (isRefusal(made)) return showAgain(ctx, visitor, form, { ...typed, error: 'badName' })
    const { language } = frameOf(ctx)
    const say = credentialTexts[language]
    return show(ctx, 200, visitor, {
      title: form === 'app_password' ? say.newAppPassword : say.newPlayToken,
      main: newCredentialView(language, { secret: made.secret, name, kind, username: visitor.username, instance }),
    })
  }

  function showAgain(ctx: Koa.Context, visitor: Visitor, form: FormKind, typed: CredentialForm): Promise<void> {
    const frame = frameOf(ctx)
    const title = `${credentialTexts[frame.language].problem} ${headingOf(frame.language, form)}`
    return show(ctx, 400, visitor, { title, main: wrongCredentialView(frame, form, typed) })
  }

  router.post(
    '/apps/passwords',
    formOfOurs,
    member((ctx, visitor) => make(ctx, visitor, 'app_password', 'app_password')),
  )

  router.post(
    '/apps/play-tokens',
    formOfOurs,
    member((ctx, visitor) => make(ctx, visitor, 'play_token', kindOf(field(ctx, 'kind')))),
  )

  router.post(
    '/apps/credentials/revoke',
    formOfOurs,
    member(async (ctx, visitor) => {
      const id = z.uuid().safeParse(field(ctx, 'id')).data
      const revoked = id !== undefined && (await credentials.revoke(visitor.id, id))
      seeOther(ctx, revoked ? '/apps?credential_revoked#revoked' : '/apps')
    }),
  )

  return async (ctx, visitor) => {
    const known = await credentials.list(visitor.id)
    return credentialsView(frameOf(ctx), { known, revoked: 'credential_revoked' in ctx.query, now: clock() })
  }
}

function kindOf(text: string | undefined): PlayTokenKind | undefined {
  return playTokenKinds.find((kind) => kind === text)
}
