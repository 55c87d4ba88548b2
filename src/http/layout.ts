import { html } from 'hono/html'
import type Koa from 'koa'
import type { Language } from '../kernel/endpoint.ts'

export type { Language }

/** Markup in which everything that came from outside is escaped. */
export type Html = ReturnType<typeof html>

export interface Page {
  readonly title: string
  readonly main: Html
  /** Whose page it is: shows their name, their links and the log-out form. */
  readonly visitor?: { readonly username: string; readonly csrfField: Html } | undefined
  /** Where the page's forms may lead besides this site, as CSP's `form-action` wants it. */
  readonly formAction?: string | undefined
  /** A script of the site's own, `/app-creator.js`; a page without one runs none. */
  readonly script?: string | undefined
  /** Seconds until the browser loads the page anew, for what goes on meanwhile. */
  readonly refresh?: number | undefined
}

const words = {
  en: { skip: 'Skip to content', site: 'Site', apps: 'Apps', account: 'Account', logIn: 'Log in', logOut: 'Log out' },
  fr: {
    skip: 'Aller au contenu',
    site: 'Site',
    apps: 'Applications',
    account: 'Compte',
    logIn: 'Se connecter',
    logOut: 'Se déconnecter',
  },
} as const

/** The reader's language, by `Accept-Language`; English where neither is wanted. */
export function languageOf(ctx: Koa.Context): Language {
  return ctx.acceptsLanguages('en', 'fr') === 'fr' ? 'fr' : 'en'
}

/** Answers with a page. It runs no script but one of ours, loads nothing from elsewhere, and is shown in nobody's frame. */
export async function sendPage(ctx: Koa.Context, status: number, page: Page): Promise<void> {
  const language = languageOf(ctx)
  const text = await document(language, page)
  ctx.status = status
  ctx.type = 'text/html; charset=utf-8'
  ctx.set({
    'Cache-Control': 'no-store',
    'Content-Language': language,
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      ...(page.script ? ["script-src 'self'"] : []),
      "img-src 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      ["form-action 'self'", page.formAction].filter(Boolean).join(' '),
    ].join('; '),
    // Not `no-referrer`: with that, browsers hide the origin of forms, and the check against forged ones is blind.
    'Referrer-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
  })
  ctx.vary('Accept-Language')
  ctx.body = `<!doctype html>\n${text}`
}

/** After a form: the browser fetches `location` with GET. */
export function seeOther(ctx: Koa.Context, location: string): void {
  ctx.status = 303
  ctx.set({ Location: location, 'Cache-Control': 'no-store' })
  ctx.body = ''
}

function document(language: Language, { title, main, visitor, script, refresh }: Page): Html {
  const say = words[language]
  return html`<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${refresh ? html`<meta http-equiv="refresh" content="${refresh}">` : ''}
<title>${title} · Balados Sync</title>
<link rel="stylesheet" href="/style.css">
${script ? html`<script src="${script}" defer></script>` : ''}
<link rel="icon" href="/icon.svg" type="image/svg+xml">
</head>
<body>
<a class="skip" href="#main">${say.skip}</a>
<header class="site">
<a class="brand" href="/">Balados Sync</a>
<nav aria-label="${say.site}">${
    visitor
      ? html`<a href="/apps">${say.apps}</a>
<a href="/settings/account">${say.account}</a>
<form method="post" action="/users/log_out">${visitor.csrfField}<button class="quiet">${say.logOut}<span class="who"> (${visitor.username})</span></button></form>`
      : html`<a href="/users/log_in">${say.logIn}</a>`
  }</nav>
</header>
<main id="main" tabindex="-1">
${main}
</main>
</body>
</html>`
}
