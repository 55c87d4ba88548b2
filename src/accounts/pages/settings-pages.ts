import { Router } from '@koa/router'
import type Koa from 'koa'
import { languageOf, seeOther } from '../../http/layout.ts'
import { isRefusal } from '../../kernel/refusal.ts'
import { type LogIn, markLife } from '../log-in.ts'
import { passwordRefusal } from '../passwords.ts'
import type { People } from '../people.ts'
import type { Seals } from '../seals.ts'
import type { SecondFactors } from '../second-factors.ts'
import type { Sessions, Visitor } from '../sessions.ts'
import type { Throttle } from '../throttle.ts'
import { markCookie } from './log-in-pages.ts'
import { slowedText } from './log-in-texts.ts'
import { settingsTexts } from './settings-texts.ts'
import { accountView, enrolmentView, type Flaw, recoveryCodesView } from './settings-views.ts'
import { field, type Visits } from './visits.ts'

export interface SettingsParts {
  readonly visits: Visits
  readonly people: People
  readonly sessions: Sessions
  readonly secondFactors: SecondFactors
  readonly throttle: Throttle
  readonly logIn: LogIn
  readonly seals: Seals
}

const home = '/settings/account'

/** What a form did, as the query of the page it leads back to. */
const doneTexts = {
  password: 'passwordChanged',
  'two-steps-off': 'switchedOff',
  ended: 'ended',
} as const

interface Wrong {
  readonly status: number
  readonly error: string
}

/** One's own account: the password, log-in in two steps, and the browsers that are logged in. */
export function settingsPages(parts: SettingsParts): Router {
  const { visits, people, sessions, secondFactors, throttle, logIn, seals } = parts
  const { cookies, frameOf, show, formOfOurs } = visits
  const router = new Router()
  const member = (handle: (ctx: Koa.Context, visitor: Visitor) => Promise<void>) => visits.member(handle, () => home)
  const enrolmentPurpose = ({ id }: Visitor) => `second factor to be of ${id}`

  /** Counts and checks one secret of somebody who is logged in; a stolen session is no place for guessing either. */
  async function prove(
    ctx: Koa.Context,
    { username, session }: Visitor,
    kind: 'password' | 'code',
    check: () => Promise<boolean>,
  ): Promise<Wrong | null> {
    const language = languageOf(ctx)
    const attempt = { kind, account: username, address: ctx.ip, known: `session ${session}` }
    const refusal = await throttle.refusal(attempt)
    if (refusal) {
      ctx.set('Retry-After', String(refusal.retryAfter))
      return { status: 429, error: slowedText(language, refusal.retryAfter) }
    }
    if (!(await check())) {
      const say = settingsTexts[language]
      return { status: 422, error: kind === 'password' ? say.wrongPassword : say.wrongCode }
    }
    await throttle.succeeded(attempt)
    return null
  }

  const provePassword = (ctx: Koa.Context, visitor: Visitor, password = '') =>
    prove(ctx, visitor, 'password', async () => (await people.logIn(visitor.username, password)) !== null)

  async function showAccount(ctx: Koa.Context, visitor: Visitor, status = 200, flaw: Flaw | null = null) {
    const frame = frameOf(ctx)
    const say = settingsTexts[frame.language]
    const done = Object.entries(doneTexts).find(([name]) => name in ctx.query)?.[1]
    const main = accountView(frame, {
      done: done === undefined || flaw ? null : say[done],
      flaw,
      recoveryCodesLeft: (await secondFactors.isOn(visitor.id))
        ? await secondFactors.recoveryCodesLeft(visitor.id)
        : null,
      sessions: await sessions.list(visitor.id),
      thisSession: visitor.session,
    })
    return show(ctx, status, visitor, { title: flaw ? `${say.problem} ${say.title}` : say.title, main })
  }

  router.get(
    home,
    member((ctx, visitor) => showAccount(ctx, visitor)),
  )

  router.post(
    `${home}/password`,
    formOfOurs,
    member(async (ctx, visitor) => {
      const wanted = field(ctx, 'new_password') ?? ''
      const say = settingsTexts[languageOf(ctx)]
      const refused = passwordRefusal(wanted) && { status: 422, error: say.badNewPassword }
      const wrong = refused ?? (await provePassword(ctx, visitor, field(ctx, 'current_password')))
      if (wrong) return showAccount(ctx, visitor, wrong.status, { form: 'password', error: wrong.error })
      const changed = await people.setPassword(visitor.id, wanted, visitor.session)
      if (isRefusal(changed)) throw new Error(changed.message)
      // The mark of before went with the old password.
      cookies.write(ctx, markCookie(visitor.username), await logIn.newMark(visitor), markLife)
      seeOther(ctx, `${home}?password`)
    }),
  )

  async function showEnrolment(
    ctx: Koa.Context,
    visitor: Visitor,
    secret: string,
    { status, error }: { readonly status: number; readonly error: string | null } = { status: 200, error: null },
  ): Promise<void> {
    const frame = frameOf(ctx)
    const say = settingsTexts[frame.language]
    const enrolment = secondFactors.enrolment(visitor.username, secret)
    const sealed = seals.seal(secret, enrolmentPurpose(visitor))
    const title = error === null ? say.twoSteps : `${say.problem} ${say.twoSteps}`
    return show(ctx, status, visitor, { title, main: enrolmentView(frame, { enrolment, sealed, error }) })
  }

  router.get(
    `${home}/two-steps`,
    member(async (ctx, visitor) => {
      if (await secondFactors.isOn(visitor.id)) return seeOther(ctx, home)
      return showEnrolment(ctx, visitor, secondFactors.newSecret())
    }),
  )

  router.post(
    `${home}/two-steps`,
    formOfOurs,
    member(async (ctx, visitor) => {
      const secret = seals.open(field(ctx, 'enrolment') ?? '', enrolmentPurpose(visitor))
      // Whoever has it on takes it off first, which needs a code of the authenticator they have.
      if (secret === null || (await secondFactors.isOn(visitor.id))) return seeOther(ctx, home)
      const wrong = await provePassword(ctx, visitor, field(ctx, 'password'))
      if (wrong) return showEnrolment(ctx, visitor, secret, wrong)
      const codes = await secondFactors.switchOn(visitor.id, secret, field(ctx, 'code') ?? '')
      const language = languageOf(ctx)
      const say = settingsTexts[language]
      if (codes === null) return showEnrolment(ctx, visitor, secret, { status: 422, error: say.wrongCode })
      return show(ctx, 200, visitor, { title: say.switchedOn, main: recoveryCodesView(language, codes) })
    }),
  )

  router.post(
    `${home}/two-steps/off`,
    formOfOurs,
    member(async (ctx, visitor) => {
      if (!(await secondFactors.isOn(visitor.id))) return seeOther(ctx, home)
      const code = field(ctx, 'code') ?? ''
      const wrong =
        (await provePassword(ctx, visitor, field(ctx, 'password'))) ??
        (await prove(ctx, visitor, 'code', () => secondFactors.accept(visitor.id, code)))
      if (wrong) return showAccount(ctx, visitor, wrong.status, { form: 'two-steps', error: wrong.error })
      await secondFactors.switchOff(visitor.id)
      seeOther(ctx, `${home}?two-steps-off`)
    }),
  )

  router.post(
    `${home}/sessions/end`,
    formOfOurs,
    member(async (ctx, visitor) => {
      const ended = await sessions.revoke(visitor.id, field(ctx, 'session') ?? '')
      seeOther(ctx, ended ? `${home}?ended` : home)
    }),
  )

  router.post(
    `${home}/sessions/end-others`,
    formOfOurs,
    member(async (ctx, visitor) => {
      await sessions.revokeOthers(visitor.id, visitor.session)
      seeOther(ctx, `${home}?ended`)
    }),
  )

  return router
}
