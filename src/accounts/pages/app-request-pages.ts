import { Router } from '@koa/router'
import { html } from 'hono/html'
import type Koa from 'koa'
import { type Html, type Language, languageOf } from '../../http/layout.ts'
import type { AppRequests, OpenRequest } from '../app-requests.ts'
import type { Visitor } from '../sessions.ts'
import { texts } from './texts.ts'
import { deniedView, type Frame, time } from './views.ts'
import { field, type Visits } from './visits.ts'

const en = {
  asked: 'It asked',
  asks: 'If you allow it, the app gets an app password of its own, and may:',
  may: [
    'see and change what you subscribe to',
    'see and change what you have played, and where you are in it',
    'keep its settings here, and see your devices and your saved episodes',
  ],
  unproven: 'This server has not checked which app it is: the name is what it says of itself.',
  trick:
    'Allow it only if you have just asked for this yourself, in an app of yours. If somebody sent you this link, deny: they would get into your account.',
  goBack: 'You can go back to the app: it logs in by itself within a few seconds.',
  over: 'This request is over',
  overAbout: 'It was answered already, or is older than 20 minutes. To try again, begin anew in the app.',
}

const fr: typeof en = {
  asked: 'Sa demande',
  asks: 'Si vous l’autorisez, l’application reçoit son propre mot de passe d’application, et pourra :',
  may: [
    'voir et modifier vos abonnements',
    'voir et modifier ce que vous avez écouté, et où vous en êtes',
    'garder ses réglages ici, et voir vos appareils et vos épisodes enregistrés',
  ],
  unproven: 'Ce serveur n’a pas vérifié de quelle application il s’agit : son nom est ce qu’elle dit d’elle-même.',
  trick:
    'Ne l’autorisez que si vous venez de le demander vous-même, dans une application à vous. Si quelqu’un vous a envoyé ce lien, refusez : cette personne aurait accès à votre compte.',
  goBack: 'Vous pouvez retourner à l’application : elle se connecte d’elle-même en quelques secondes.',
  over: 'Cette demande est close',
  overAbout:
    'Elle a déjà reçu une réponse, ou date de plus de 20 minutes. Pour réessayer, recommencez dans l’application.',
}

const words: Readonly<Record<Language, typeof en>> = { en, fr }

const home = '/apps/requests'

/** Where a person decides about a request. @param page what the app was given for it */
export const appRequestPath = (page: string): string => `${home}/${encodeURIComponent(page)}`

export interface AppRequestPageParts {
  readonly visits: Pick<Visits, 'frameOf' | 'show' | 'member' | 'formOfOurs'>
  readonly appRequests: Pick<AppRequests, 'find' | 'decide'>
}

/** Where a person says whether an app that asked gets an app password. */
export function appRequestPages({ visits, appRequests }: AppRequestPageParts): Router {
  const { frameOf, show, member, formOfOurs } = visits
  const router = new Router()

  function showOver(ctx: Koa.Context, visitor: Visitor): Promise<void> {
    const language = languageOf(ctx)
    return show(ctx, 404, visitor, { title: words[language].over, main: overView(language) })
  }

  async function ask(ctx: Koa.Context, visitor: Visitor, page: string): Promise<void> {
    const request = await appRequests.find(page)
    if (!request) return showOver(ctx, visitor)
    const frame = frameOf(ctx)
    const main = requestView(frame, { page, request, username: visitor.username })
    return show(ctx, 200, visitor, { title: texts[frame.language].wants, main })
  }

  router.get(
    `${home}/:page`,
    member((ctx, visitor) => ask(ctx, visitor, (ctx.params as { page: string }).page)),
  )

  router.post(
    home,
    formOfOurs,
    member(
      async (ctx, visitor) => {
        const page = field(ctx, 'page') ?? ''
        const decision = field(ctx, 'decision')
        if (decision !== 'allow' && decision !== 'deny') return ask(ctx, visitor, page)
        const allowed = decision === 'allow'
        const decided = await appRequests.decide(page, visitor.id, allowed ? 'allowed' : 'denied')
        if (!decided) return showOver(ctx, visitor)
        const language = languageOf(ctx)
        const { allowed: yes, denied: no } = texts[language]
        const main = allowed ? allowedView(language) : deniedView(language)
        return show(ctx, 200, visitor, { title: allowed ? yes : no, main })
      },
      (ctx) => appRequestPath(field(ctx, 'page') ?? ''),
    ),
  )

  return router
}

interface Shown {
  readonly page: string
  readonly request: OpenRequest
  readonly username: string
}

function requestView({ language, csrfField }: Frame, { page, request, username }: Shown): Html {
  const say = texts[language]
  const more = words[language]
  return html`<h1>${say.wants}</h1>
<dl>
<dt>${say.appName}</dt><dd><bdi class="data">${request.name}</bdi></dd>
<dt>${more.asked}</dt><dd>${time(language, request.askedAt)}</dd>
</dl>
<p>${more.unproven}</p>
<p class="warning" role="note">${more.trick}</p>
<h2 id="asks">${more.asks}</h2>
<ul class="scopes">
${more.may.map((what) => html`<li>${what}</li>\n`)}</ul>
<p>${say.loggedInAs} <strong>${username}</strong>. ${say.revocable}</p>
<form class="decision" method="post" action="${home}">
${csrfField}
<input type="hidden" name="page" value="${page}">
<button name="decision" value="allow">${say.allow}</button>
<button name="decision" value="deny" class="quiet">${say.deny}</button>
</form>`
}

function allowedView(language: Language): Html {
  const say = texts[language]
  return html`<h1>${say.allowed}</h1>
<p>${words[language].goBack}</p>
<p><a href="/apps">${say.yourApps}</a></p>`
}

function overView(language: Language): Html {
  const { over, overAbout } = words[language]
  return html`<h1>${over}</h1>
<p role="alert">${overAbout}</p>
<p><a href="/">${texts[language].back}</a></p>`
}
