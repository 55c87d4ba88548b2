import { html, raw } from 'hono/html'
import { renderSVG } from 'uqr'
import type { Html, Language } from '../../http/layout.ts'
import type { Enrolment } from '../second-factors.ts'
import type { OpenSession } from '../sessions.ts'
import { browserIn } from '../user-agents.ts'
import { type SettingsTexts, settingsTexts } from './settings-texts.ts'
import { type Frame, time } from './views.ts'

/** What was wrong with which form of the page. */
export interface Flaw {
  readonly form: 'password' | 'two-steps'
  readonly error: string
}

export interface AccountPage {
  readonly done: string | null
  readonly flaw: Flaw | null
  /** Null while log-in takes one step. */
  readonly recoveryCodesLeft: number | null
  readonly sessions: readonly OpenSession[]
  readonly thisSession: string
}

export function accountView(frame: Frame, page: AccountPage): Html {
  const say = settingsTexts[frame.language]
  return html`<h1>${say.title}</h1>
${page.done === null ? '' : html`<p class="done" role="status">${page.done}</p>`}
${passwordSection(frame, page.flaw)}
${twoStepsSection(frame, page)}
${sessionsSection(frame, page)}
<section aria-labelledby="podcasts-title">
<h2 id="podcasts-title">${say.podcasts}</h2>
<p><a href="/subscriptions/import">${say.importAndExport}</a></p>
</section>`
}

function passwordSection({ language, csrfField }: Frame, flaw: Flaw | null): Html {
  const say = settingsTexts[language]
  return html`<section aria-labelledby="password-title">
<h2 id="password-title">${say.password}</h2>
${errorOf(say, flaw, 'password')}
<form class="stack" method="post" action="/settings/account/password">
${csrfField}
<label for="current-password">${say.currentPassword}</label>
<input id="current-password" name="current_password" type="password" autocomplete="current-password" required${pointer(flaw, 'password')}>
<label for="new-password">${say.newPassword}</label>
<input id="new-password" name="new_password" type="password" autocomplete="new-password" minlength="8" required aria-describedby="new-password-about">
<p id="new-password-about">${say.newPasswordAbout}</p>
<button>${say.changePassword}</button>
</form>
</section>`
}

function twoStepsSection({ language, csrfField }: Frame, { flaw, recoveryCodesLeft }: AccountPage): Html {
  const say = settingsTexts[language]
  const off = html`<p>${say.twoStepsAbout}</p>
<p><a class="button" href="/settings/account/two-steps">${say.setUp}</a></p>`
  const on = html`<p>${say.isOn} ${say.codesLeft} ${recoveryCodesLeft}</p>
${errorOf(say, flaw, 'two-steps')}
<form class="stack" method="post" action="/settings/account/two-steps/off">
${csrfField}
<label for="off-password">${say.currentPassword}</label>
<input id="off-password" name="password" type="password" autocomplete="current-password" required${pointer(flaw, 'two-steps')}>
<label for="off-code">${say.code}</label>
<input id="off-code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required aria-describedby="off-code-about">
<p id="off-code-about">${say.codeAbout}</p>
<button class="danger">${say.switchOff}</button>
</form>`
  return html`<section aria-labelledby="two-steps-title">
<h2 id="two-steps-title">${say.twoSteps}</h2>
${recoveryCodesLeft === null ? off : on}
</section>`
}

function sessionsSection({ language, csrfField }: Frame, { sessions, thisSession }: AccountPage): Html {
  const say = settingsTexts[language]
  return html`<section aria-labelledby="sessions-title">
<h2 id="sessions-title">${say.sessions}</h2>
${sessions.map(
  ({ id, userAgent, createdAt, lastSeenAt }, index) => html`<div class="card">
<h3 id="session-${index}">${browserName(language, userAgent)}${id === thisSession ? html` <strong>(${say.thisBrowser})</strong>` : ''}</h3>
<dl>
<dt>${say.since}</dt><dd>${time(language, createdAt)}</dd>
<dt>${say.lastSeen}</dt><dd>${time(language, lastSeenAt)}</dd>
</dl>
${
  id === thisSession
    ? ''
    : html`<form method="post" action="/settings/account/sessions/end">
${csrfField}
<input type="hidden" name="session" value="${id}">
<button class="danger" aria-describedby="session-${index}">${say.logOutThere}</button>
</form>`
}
</div>
`,
)}
${
  sessions.length < 2
    ? ''
    : html`<form method="post" action="/settings/account/sessions/end-others">
${csrfField}
<button class="danger">${say.logOutOthers}</button>
</form>`
}
</section>`
}

function browserName(language: Language, userAgent: string | null): string {
  const say = settingsTexts[language]
  const { browser, system } = browserIn(userAgent)
  return [browser ?? say.unknownBrowser, ...(system === null ? [] : [say.on, system])].join(' ')
}

export interface EnrolmentPage {
  readonly enrolment: Enrolment
  /** The secret as the form carries it. */
  readonly sealed: string
  readonly error: string | null
}

/** How to tell an authenticator app the secret, and the form that proves it knows it. */
export function enrolmentView({ language, csrfField }: Frame, { enrolment, sealed, error }: EnrolmentPage): Html {
  const say = settingsTexts[language]
  const flaw: Flaw | null = error === null ? null : { form: 'two-steps', error }
  return html`<h1>${say.twoSteps}</h1>
${errorOf(say, flaw, 'two-steps')}
<p>${say.scan}</p>
<div class="qr" role="img" aria-label="${say.qr}">${raw(renderSVG(enrolment.uri, { border: 4 }))}</div>
<p>${say.orType} <code>${enrolment.secret.match(/.{1,4}/g)?.join(' ')}</code></p>
<p><a href="${enrolment.uri}">${say.openApp}</a></p>
<form class="stack" method="post" action="/settings/account/two-steps">
${csrfField}
<input type="hidden" name="enrolment" value="${sealed}">
<label for="code">${say.firstCode}</label>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required${pointer(flaw, 'two-steps')}>
<label for="password">${say.currentPassword}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button>${say.switchOn}</button>
</form>
<p><a href="/settings/account">${say.backToAccount}</a></p>`
}

export function recoveryCodesView(language: Language, codes: readonly string[]): Html {
  const say = settingsTexts[language]
  return html`<h1>${say.switchedOn}</h1>
<p class="warning" role="note">${say.keepCodes}</p>
<ul class="codes">
${codes.map((code) => html`<li><code>${code}</code></li>\n`)}</ul>
<p><a href="/settings/account">${say.backToAccount}</a></p>`
}

function errorOf(say: SettingsTexts, flaw: Flaw | null, form: Flaw['form']): Html | '' {
  if (flaw?.form !== form) return ''
  return html`<p class="error" id="${form}-error" role="alert"><strong>${say.problem}</strong> ${flaw.error}</p>`
}

function pointer(flaw: Flaw | null, form: Flaw['form']): Html | '' {
  return flaw?.form === form ? html` aria-invalid="true" aria-describedby="${form}-error"` : ''
}
