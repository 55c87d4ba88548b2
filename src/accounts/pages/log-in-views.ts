import { html } from 'hono/html'
import type { Html } from '../../http/layout.ts'
import { logInTexts } from './log-in-texts.ts'
import type { Frame } from './views.ts'

export interface LogInForm {
  readonly returnTo: string
  readonly username?: string
  readonly error?: string
}

export function logInView({ language, csrfField }: Frame, { returnTo, username, error }: LogInForm): Html {
  const say = logInTexts[language]
  const flaw = error === undefined ? '' : html` aria-invalid="true" aria-describedby="log-in-error"`
  return html`<h1>${say.logIn}</h1>
${errorView(say.problem, error)}
${returnTo.startsWith('/authorize?') ? html`<p>${say.logInFirst}</p>` : ''}
<form class="stack" method="post" action="/users/log_in">
${csrfField}
<input type="hidden" name="return_to" value="${returnTo}">
<label for="username">${say.username}</label>
<input id="username" name="username" value="${username ?? ''}" autocomplete="username" autocapitalize="none" spellcheck="false" required${flaw}>
<label for="password">${say.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${flaw}>
<button>${say.logIn}</button>
</form>`
}

/** The code of an authenticator, after the password. */
export function codeView({ language, csrfField }: Frame, error?: string): Html {
  const say = logInTexts[language]
  const flaw = error === undefined ? '' : html` aria-invalid="true" aria-describedby="log-in-error"`
  return html`<h1>${say.secondStep}</h1>
${errorView(say.problem, error)}
<p>${say.codeAbout}</p>
<form class="stack" method="post" action="/users/log_in/code">
${csrfField}
<label for="code">${say.code}</label>
<input id="code" name="code" autocomplete="one-time-code" autocapitalize="none" spellcheck="false" required autofocus${flaw}>
<button>${say.logIn}</button>
</form>`
}

function errorView(problem: string, error: string | undefined): Html | '' {
  if (error === undefined) return ''
  return html`<p class="error" id="log-in-error" role="alert"><strong>${problem}</strong> ${error}</p>`
}
