import { html } from 'hono/html'
import type { Frame } from '../accounts/index.ts'
import type { Html, Language } from '../http/layout.ts'
import type { Import } from './imports.ts'
import { opmlTexts } from './texts.ts'

export const home = '/subscriptions/import'

/** Whether something is still to be done. */
export const goesOn = ({ state }: Import): boolean => state === 'waiting' || state === 'running'

export function bringView({ language, csrfField }: Frame, imports: readonly Import[], error: string | null): Html {
  const say = opmlTexts[language]
  return html`<h1>${say.title}</h1>
<p>${say.about}</p>
${error === null ? '' : html`<p class="error" id="file-error" role="alert">${error}</p>`}
<form class="stack" method="post" action="${home}" enctype="multipart/form-data">
${csrfField}
<label for="file">${say.file}</label>
<input id="file" name="file" type="file" accept=".opml,.xml,text/x-opml,application/xml,text/xml" required aria-describedby="file-about${error === null ? '' : ' file-error'}"${error === null ? '' : html` aria-invalid="true"`}>
<p id="file-about">${say.fileAbout}</p>
<button>${say.bring}</button>
</form>
<section aria-labelledby="export-title">
<h2 id="export-title">${say.takeAlong}</h2>
<p>${say.exportAbout}</p>
<p><a class="button" href="/subscriptions/export.opml" download>${say.export}</a></p>
</section>
${
  imports.length === 0
    ? ''
    : html`<section aria-labelledby="earlier-title">
<h2 id="earlier-title">${say.earlier}</h2>
${imports.map(
  (each) => html`<div class="card">
${figures(language, each)}
<p><a href="${home}/${each.id}">${say.more}</a></p>
</div>
`,
)}</section>`
}`
}

export function importView(language: Language, shown: Import): Html {
  const say = opmlTexts[language]
  return html`<h1>${say.title}</h1>
${
  goesOn(shown)
    ? html`<p role="status">${say.refreshes}</p>
<p><progress max="${Math.max(shown.total, 1)}" value="${shown.done}" aria-label="${say.progress}"></progress></p>`
    : ''
}
${figures(language, shown)}
${
  shown.failed.length === 0
    ? ''
    : html`<section aria-labelledby="failed-title">
<h2 id="failed-title">${say.notTaken}</h2>
<ul class="failed">
${shown.failed.map(
  ({
    line,
    title,
    url,
    reason,
  }) => html`<li>${say.line} ${line}: <bdi>${title ?? say.nameless}</bdi>. ${say.failures[reason]}${
    url === '' ? '' : html`<br><code>${short(url)}</code>`
  }</li>
`,
)}</ul>
</section>`
}
<p><a href="${home}">${say.back}</a></p>`
}

/** As much of an address as helps to find it in the file. */
const short = (url: string): string => (url.length > 120 ? `${url.slice(0, 120)}…` : url)

function figures(language: Language, { state, askedAt, total, done, subscribed, already, failed }: Import): Html {
  const say = opmlTexts[language]
  const number = new Intl.NumberFormat(language)
  const when = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' })
  return html`<dl>
<dt>${say.brought}</dt><dd><time datetime="${askedAt.toISOString()}">${when.format(askedAt)} UTC</time></dd>
<dt>${say.state}</dt><dd>${say.states[state]}</dd>
<dt>${say.progress}</dt><dd>${number.format(done)} ${say.of} ${number.format(total)}</dd>
<dt>${say.subscribed}</dt><dd>${number.format(subscribed)}</dd>
<dt>${say.already}</dt><dd>${number.format(already)}</dd>
<dt>${say.notTaken}</dt><dd>${number.format(failed.length)}</dd>
</dl>`
}
