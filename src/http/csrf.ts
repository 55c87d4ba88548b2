import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { html } from 'hono/html'
import type Koa from 'koa'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { Cookies } from './cookies.ts'
import type { Html } from './layout.ts'

const cookieName = 'balados_csrf'

/**
 * Protection against forms that another site has the browser send: a random cookie, and in each form its keyed hash
 * (OWASP's signed double submit), plus a look at where the browser says the request comes from.
 */
export interface Csrf {
  /** The hidden field for each form of the page; gives the browser its cookie when it has none. */
  field(ctx: Koa.Context): Html
  /** Gives the browser a new cookie: forms from before a log-in or log-out no longer pass. */
  renew(ctx: Koa.Context): void
  /** Null when the form may pass. @param sent the form's field `csrf_token` */
  refusal(ctx: Koa.Context, sent: unknown): Refusal | null
}

export interface CsrfParts {
  readonly secret: string
  readonly publicUrl: string
  readonly cookies: Cookies
}

export function createCsrf({ secret, publicUrl, cookies }: CsrfParts): Csrf {
  /** The cookie a request's answer sets: a page with two forms sets it once. */
  const given = new WeakMap<Koa.Context, string>()

  function hashOf(value: string): string {
    return createHmac('sha256', secret).update(`balados csrf\n${value}`).digest('base64url')
  }

  function renew(ctx: Koa.Context): string {
    const value = randomBytes(32).toString('base64url')
    cookies.write(ctx, cookieName, value)
    given.set(ctx, value)
    return value
  }

  function known(ctx: Koa.Context): string | undefined {
    const value = given.get(ctx) ?? cookies.read(ctx, cookieName)
    return value && /^[\w-]{43}$/.test(value) ? value : undefined
  }

  return {
    field: (ctx) => html`<input type="hidden" name="csrf_token" value="${hashOf(known(ctx) ?? renew(ctx))}">`,
    renew: (ctx) => void renew(ctx),
    refusal: (ctx, sent) => {
      const value = known(ctx)
      const passes =
        comesFromHere(ctx, publicUrl) && value !== undefined && typeof sent === 'string' && equal(hashOf(value), sent)
      return passes ? null : refuse('forbidden', 'This form is out of date or came from another site.')
    },
  }
}

/** Whether the browser says that the request comes from a page of ours, or says nothing. */
export function comesFromHere(ctx: Koa.Context, publicUrl: string): boolean {
  // Set by the browser alone, on https and localhost; tells the truth even where `Origin` is hidden as `null`.
  const site = ctx.get('Sec-Fetch-Site')
  if (site !== '' && site !== 'same-origin' && site !== 'none') return false
  const origin = ctx.get('Origin')
  if (origin === '' || origin === new URL(publicUrl).origin) return true
  if (origin === 'null' || !URL.canParse(origin)) return site === 'same-origin'
  return new URL(origin).host === ctx.host
}

function equal(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}
