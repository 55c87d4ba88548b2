import { html } from 'hono/html'
import type { Html, Language } from '../../http/layout.ts'
import type { AllowedApp } from '../apps.ts'
import type { AuthorizationRequest } from '../authorization.ts'
import { fingerprint } from '../keys.ts'
import { type Scope, scopesInEnglish, scopesInFrench } from '../scope-words.ts'
import { isWide } from '../scopes.ts'
import { texts } from './texts.ts'

/** What a view needs beside its data. */
export interface Frame {
  readonly language: Language
  /** The hidden CSRF field, for each form. */
  readonly csrfField: Html
}

/** A page with one message; `role="alert"` where something went wrong. */
export function messageView(language: Language, title: string, message: string): Html {
  return html`<h1>${title}</h1>
<p role="alert">${message}</p>
<p><a href="/">${texts[language].back}</a></p>`
}

export function homeView(language: Language, username: string | null): Html {
  const say = texts[language]
  return html`<h1>${say.welcome}</h1>
<p>${say.about}</p>
${
  username === null
    ? html`<p><a class="button" href="/users/log_in">${say.logIn}</a></p>`
    : html`<p>${say.loggedInAs} <strong>${username}</strong>.</p>`
}
<ul>
${
  username === null
    ? ''
    : html`<li><a href="/apps">${say.yourApps}</a>: ${say.yourAppsAbout}</li>
<li><a href="/settings/account">${say.yourAccount}</a>: ${say.yourAccountAbout}</li>`
}
<li><a href="/api/docs">${say.docs}</a></li>
</ul>`
}

export interface Consent {
  readonly token: string
  readonly request: AuthorizationRequest
  readonly username: string
  /** The grant that allowing would replace. */
  readonly before: AllowedApp | null
}

export function consentView({ language, csrfField }: Frame, { token, request, username, before }: Consent): Html {
  const say = texts[language]
  const { name, url, appId, key, scopes, redirect } = request
  const otherKey = before !== null && before.publicKey !== key.pem
  return html`<h1>${say.wants}</h1>
<dl>
<dt>${say.appName}</dt><dd><bdi class="data">${name}</bdi></dd>
${url === null ? '' : html`<dt>${say.appSite}</dt><dd><bdi class="data">${url}</bdi></dd>`}
<dt>${say.appId}</dt><dd><bdi class="data">${appId}</bdi></dd>
<dt>${say.keyFingerprint}</dt><dd><code>${fingerprint(key.pem)}</code></dd>
${redirect === null ? '' : html`<dt>${say.goesTo}</dt><dd><bdi class="data">${destinationOf(redirect)}</bdi></dd>`}
</dl>
<p>${say.unproven}</p>
${otherKey ? html`<p class="warning" role="note">${say.otherKey}</p>` : before ? html`<p>${say.replaces}</p>` : ''}
<h2 id="asks">${say.asks}</h2>
${scopeList(language, scopes)}
${scopes.some(isWide) ? html`<p class="warning" role="note">${say.wideWarning}</p>` : ''}
<p>${say.loggedInAs} <strong>${username}</strong>. ${say.revocable}</p>
<form class="decision" method="post" action="/authorize">
${csrfField}
<input type="hidden" name="token" value="${token}">
<button name="decision" value="allow">${say.allow}</button>
<button name="decision" value="deny" class="quiet">${say.deny}</button>
</form>`
}

function destinationOf(redirect: URL): string {
  return redirect.protocol === 'https:' || redirect.protocol === 'http:' ? redirect.host : redirect.protocol
}

function scopeList(language: Language, scopes: readonly string[]): Html {
  const say = texts[language]
  const words = language === 'fr' ? scopesInFrench : scopesInEnglish
  const items = scopes.map(
    (scope) =>
      html`<li>${words[scope as Scope] ?? scope} <code>${scope}</code>${isWide(scope) ? html` <strong class="wide">${say.wide}</strong>` : ''}</li>\n`,
  )
  return html`<ul class="scopes">
${items}</ul>`
}

export function allowedView(language: Language, userId: string): Html {
  const say = texts[language]
  return html`<h1>${say.allowed}</h1>
<p>${say.allowedGoBack}</p>
<p><label for="user-id">${say.userId}</label><input id="user-id" value="${userId}" readonly></p>
<p><a href="/apps">${say.yourApps}</a></p>`
}

export function deniedView(language: Language): Html {
  const say = texts[language]
  return html`<h1>${say.denied}</h1>
<p>${say.deniedAbout}</p>
<p><a href="/">${say.back}</a></p>`
}

export function badRequestView(language: Language, reason: string): Html {
  const say = texts[language]
  return html`<h1>${say.badRequest}</h1>
<p>${say.badRequestAbout}</p>
<p class="error" role="alert" lang="en">${reason}</p>
<p><a href="/">${say.back}</a></p>`
}

export function appsView(
  { language, csrfField }: Frame,
  { apps, revoked, more }: { readonly apps: readonly AllowedApp[]; readonly revoked: boolean; readonly more: Html },
): Html {
  const say = texts[language]
  return html`<h1>${say.yourApps}</h1>
${revoked ? html`<p class="done" role="status">${say.revoked}</p>` : ''}
${apps.length === 0 ? html`<p>${say.noApps}</p>` : ''}
${apps.map(
  (app, index) => html`<section class="card" aria-labelledby="app-${index}">
<h2 id="app-${index}"><bdi class="data">${app.name}</bdi></h2>
<dl>
${app.url === null ? '' : html`<dt>${say.appSite}</dt><dd><bdi class="data">${new URL(app.url).host}</bdi></dd>`}
<dt>${say.appId}</dt><dd><bdi class="data">${app.appId}</bdi></dd>
<dt>${say.allowedSince}</dt><dd>${time(language, app.authorizedAt)}</dd>
<dt>${say.lastUsed}</dt><dd>${app.lastUsedAt ? time(language, app.lastUsedAt) : say.never}</dd>
</dl>
<p>${say.may}</p>
${scopeList(language, app.scopes)}
<form method="post" action="/apps/revoke">
${csrfField}
<input type="hidden" name="app_id" value="${app.appId}">
<button class="danger" aria-describedby="app-${index}">${say.revoke}</button>
</form>
</section>
`,
)}
${more}`
}

/** A moment, in the reader's language and UTC. */
export function time(language: Language, at: Date): Html {
  const words = at.toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  return html`<time datetime="${at.toISOString()}">${words} UTC</time>`
}
