import { Router } from '@koa/router'
import { html } from 'hono/html'
import { type Html, type Language, languageOf } from '../../http/layout.ts'
import { scopesInEnglish, scopesInFrench } from '../scope-words.ts'
import { isWide } from '../scopes.ts'
import type { Visits } from './visits.ts'

const en = {
  title: 'Make an app',
  about:
    'Makes a key for your app and the token with which it asks a person for access. All of it happens in your browser: the private key is sent nowhere. Keep it with your app; whoever has it can speak in the app’s name.',
  needsScript:
    'This page works with JavaScript only. With openssl and a shell it goes as docs/api/authorization.md shows.',
  id: 'Id of the app',
  idHint: 'A name nobody else uses, like org.example.podcasts.',
  name: 'Name',
  url: 'Its site',
  redirect: 'Where the browser goes afterwards',
  redirectHint: 'https, a loopback address, or a scheme of the app’s own. Without it the person copies an id.',
  optional: 'optional',
  scopes: 'What it asks for',
  wide: 'far-reaching',
  make: 'Make key and token',
  privateKey: 'Private key (PKCS#8, RS256)',
  publicKey: 'Public key (SPKI)',
  token: 'Authorization token, good for 24 hours',
  open: 'Try it: ask yourself',
  noScope: 'Choose at least one thing to ask for.',
}

const fr: typeof en = {
  title: 'Créer une application',
  about:
    'Crée une clé pour votre application et le jeton avec lequel elle demande l’accès à une personne. Tout se passe dans votre navigateur : la clé privée n’est envoyée nulle part. Gardez-la avec votre application ; quiconque la possède peut parler en son nom.',
  needsScript:
    'Cette page a besoin de JavaScript. Avec openssl et un terminal, docs/api/authorization.md montre comment faire.',
  id: 'Identifiant de l’application',
  idHint: 'Un nom que personne d’autre n’utilise, comme org.example.podcasts.',
  name: 'Nom',
  url: 'Son site',
  redirect: 'Où va le navigateur ensuite',
  redirectHint:
    'https, une adresse locale, ou un schéma propre à l’application. Sinon, la personne copie un identifiant.',
  optional: 'facultatif',
  scopes: 'Ce qu’elle demande',
  wide: 'très étendu',
  make: 'Créer la clé et le jeton',
  privateKey: 'Clé privée (PKCS#8, RS256)',
  publicKey: 'Clé publique (SPKI)',
  token: 'Jeton d’autorisation, valable 24 heures',
  open: 'Essayer : demandez à vous-même',
  noScope: 'Choisissez au moins une chose à demander.',
}

const texts: Readonly<Record<Language, typeof en>> = { en, fr }

/** `/app-creator`: a key pair and an authorization token, made in the browser of whoever writes an app. */
export function appCreatorPages({ visits }: { readonly visits: Pick<Visits, 'visitorOf' | 'show'> }): Router {
  return new Router().get('/app-creator', async (ctx) => {
    const language = languageOf(ctx)
    const main = creatorView(language)
    return visits.show(ctx, 200, await visits.visitorOf(ctx), {
      title: texts[language].title,
      main,
      script: '/app-creator.js',
    })
  })
}

function creatorView(language: Language): Html {
  const say = texts[language]
  const words = Object.entries(language === 'fr' ? scopesInFrench : scopesInEnglish)
  const optional = html` <span class="hint">(${say.optional})</span>`
  return html`<h1>${say.title}</h1>
<p>${say.about}</p>
<noscript><p class="warning" role="note">${say.needsScript}</p></noscript>
<form class="stack" id="app-creator" data-no-scope="${say.noScope}">
<label for="app-id">${say.id}</label>
<input id="app-id" name="id" required maxlength="255" autocapitalize="none" spellcheck="false" aria-describedby="app-id-hint">
<p class="hint" id="app-id-hint">${say.idHint}</p>
<label for="app-name">${say.name}</label>
<input id="app-name" name="name" required maxlength="100">
<label for="app-url">${say.url}${optional}</label>
<input id="app-url" name="url" type="url" maxlength="2000">
<label for="app-redirect">${say.redirect}${optional}</label>
<input id="app-redirect" name="redirect" maxlength="2000" spellcheck="false" aria-describedby="app-redirect-hint">
<p class="hint" id="app-redirect-hint">${say.redirectHint}</p>
<fieldset>
<legend>${say.scopes}</legend>
${words.map(
  ([scope, said]) =>
    html`<label><input type="checkbox" name="scope" value="${scope}"${scope === 'user.sync' ? ' checked' : ''}> ${said} <code>${scope}</code>${isWide(scope) ? html` <strong class="wide">${say.wide}</strong>` : ''}</label>\n`,
)}</fieldset>
<p class="error" role="alert" hidden></p>
<button>${say.make}</button>
</form>
<section id="app-made" hidden aria-live="polite">
<h2><label for="private-key">${say.privateKey}</label></h2>
<textarea id="private-key" readonly rows="8"></textarea>
<h2><label for="public-key">${say.publicKey}</label></h2>
<textarea id="public-key" readonly rows="6"></textarea>
<h2><label for="token">${say.token}</label></h2>
<textarea id="token" readonly rows="8"></textarea>
<p><a id="try" href="/authorize">${say.open}</a></p>
</section>`
}
