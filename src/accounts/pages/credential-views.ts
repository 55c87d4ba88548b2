import { html } from 'hono/html'
import type { Html, Language } from '../../http/layout.ts'
import { type KnownCredential, type PlayTokenKind, playTokenKinds } from '../credentials.ts'
import { credentialTexts } from './credential-texts.ts'
import { type Frame, time } from './views.ts'

/** Which of the two forms: a play token also has a kind. */
export type FormKind = 'app_password' | 'play_token'

export interface CredentialForm {
  readonly name?: string
  readonly kind?: string | undefined
  readonly error?: 'badName' | 'badKind'
}

export interface KnownCredentials {
  readonly known: readonly KnownCredential[]
  readonly revoked: boolean
  /** Milliseconds since 1970. */
  readonly now: number
}

/** App passwords and play tokens, each list with the form that makes one: a part of the page of apps. */
export function credentialsView(frame: Frame, { known, revoked, now }: KnownCredentials): Html {
  const say = credentialTexts[frame.language]
  const cards = (some: readonly KnownCredential[]) =>
    some.length === 0 ? html`<p>${say.none}</p>` : some.map((one) => cardView(frame, one, now))
  return html`${revoked ? html`<p class="done" role="status" id="revoked">${say.revoked}</p>` : ''}
<h2 id="app-passwords">${say.appPasswords}</h2>
<p>${say.appPasswordsAbout}</p>
${cards(known.filter(({ kind }) => kind === 'app_password'))}
${credentialFormView(frame, 'app_password')}
<h2 id="play-tokens">${say.playTokens}</h2>
<p>${say.playTokensAbout}</p>
${cards(known.filter(({ kind }) => kind !== 'app_password'))}
${credentialFormView(frame, 'play_token')}`
}

function cardView({ language, csrfField }: Frame, one: KnownCredential, now: number): Html {
  const say = credentialTexts[language]
  const { id, kind, name, createdAt, lastUsedAt, expiresAt } = one
  return html`<section class="card" aria-labelledby="credential-${id}">
<h3 id="credential-${id}"><bdi class="data">${name}</bdi></h3>
<dl>
${kind === 'app_password' ? '' : html`<dt>${say.kind}</dt><dd>${say[kind]}</dd>`}
<dt>${say.made}</dt><dd>${time(language, createdAt)}</dd>
<dt>${say.lastUsed}</dt><dd>${lastUsedAt ? time(language, lastUsedAt) : say.never}</dd>
${
  expiresAt === null
    ? ''
    : html`<dt>${expiresAt.getTime() <= now ? say.expired : say.expires}</dt><dd>${time(language, expiresAt)}</dd>`
}
</dl>
<form method="post" action="/apps/credentials/revoke">
${csrfField}
<input type="hidden" name="id" value="${id}">
<button class="danger" aria-describedby="credential-${id}">${say.revoke}</button>
</form>
</section>
`
}

const actions: Readonly<Record<FormKind, string>> = { app_password: '/apps/passwords', play_token: '/apps/play-tokens' }

/** The form again, with what was typed and what was wrong with it. */
export function wrongCredentialView(frame: Frame, form: FormKind, typed: CredentialForm): Html {
  return html`<h1>${headingOf(frame.language, form)}</h1>
${credentialFormView(frame, form, typed)}
<p><a href="/apps">${credentialTexts[frame.language].back}</a></p>`
}

/** What the form makes, as a heading or on its button. */
export function headingOf(language: Language, form: FormKind): string {
  const { makeAppPassword, makePlayToken } = credentialTexts[language]
  return form === 'app_password' ? makeAppPassword : makePlayToken
}

function credentialFormView(frame: Frame, form: FormKind, typed: CredentialForm = {}): Html {
  const say = credentialTexts[frame.language]
  const error = typed.error === undefined ? undefined : say[typed.error]
  const flaw = html` aria-invalid="true" aria-describedby="${form}-error"`
  return html`${error === undefined ? '' : html`<p class="error" id="${form}-error" role="alert"><strong>${say.problem}</strong> ${error}</p>`}
<form class="stack" method="post" action="${actions[form]}">
${frame.csrfField}
<label for="${form}-name">${say.name}</label>
<input id="${form}-name" name="name" value="${typed.name ?? ''}" maxlength="100" autocomplete="off" required${typed.error === 'badName' ? flaw : html` aria-describedby="${form}-hint"`}>
<small id="${form}-hint">${say.nameHint}</small>
${
  form === 'play_token'
    ? html`<label for="${form}-kind">${say.kind}</label>
<select id="${form}-kind" name="kind"${typed.error === 'badKind' ? flaw : ''}>
${playTokenKinds.map((kind) => html`<option value="${kind}"${kind === typed.kind ? html` selected` : ''}>${say[kind]}</option>\n`)}</select>`
    : ''
}
<button>${headingOf(frame.language, form)}</button>
</form>`
}

export interface NewCredential {
  readonly secret: string
  readonly name: string
  readonly kind: 'app_password' | PlayTokenKind
  readonly username: string
  /** Address of the instance, without a slash at its end. */
  readonly instance: string
}

/** The one time a secret is shown. */
export function newCredentialView(language: Language, made: NewCredential): Html {
  const { secret, name, kind, username } = made
  const say = credentialTexts[language]
  const isPassword = kind === 'app_password'
  return html`<h1>${isPassword ? say.newAppPassword : say.newPlayToken}</h1>
<p class="warning" role="note">${say.once}</p>
<dl>
<dt>${say.for}</dt><dd><bdi class="data">${name}</bdi></dd>
${isPassword ? html`<dt>${say.userName}</dt><dd><code>${username}</code></dd>` : html`<dt>${say.kind}</dt><dd>${say[kind]}</dd>`}
</dl>
<p><label for="secret">${isPassword ? say.appPassword : say.playToken}</label><input id="secret" value="${secret}" autocomplete="off" spellcheck="false" readonly></p>
${isPassword ? html`<p>${say.oldGpodder} <code>${username}__${secret}</code></p>` : ''}
${kind === 'feeds' ? feedUrlsView(language, made) : ''}
<p><a href="/apps">${say.back}</a></p>`
}

/** Where the feeds of the lists are; ids of lists are for those who know their API. */
function feedUrlsView(language: Language, { instance, secret }: NewCredential): Html {
  const say = credentialTexts[language]
  const feeds = `${instance}/rss/${secret}`
  const places = [
    [say.feedsSubscriptions, `${feeds}/subscriptions.xml`],
    [say.feedsQueue, `${feeds}/queue.xml`],
    [say.feedsCollection, `${feeds}/collections/…`],
    [say.feedsPlaylist, `${feeds}/playlists/…`],
  ]
  return html`<p>${say.feedsAbout}</p>
<dl>
${places.map(([what, url]) => html`<dt>${what}</dt><dd><code>${url}</code></dd>\n`)}</dl>`
}
