import { Router } from '@koa/router'
import type Koa from 'koa'
import { z } from 'zod'
import type { Visitor, Visits } from '../accounts/index.ts'
import { decodeXml } from '../http/body.ts'
import { languageOf, seeOther } from '../http/layout.ts'
import { isRefusal } from '../kernel/refusal.ts'
import { largestFile, type OpmlParts } from './endpoints.ts'
import { exportHeaders, exportOpml, opmlType } from './exporting.ts'
import { readFileForm } from './form.ts'
import { readFile } from './reading.ts'
import { opmlTexts } from './texts.ts'
import { bringView, goesOn, home, importView } from './views.ts'

export interface OpmlPageParts extends OpmlParts {
  readonly visits: Pick<Visits, 'csrf' | 'frameOf' | 'show' | 'member'>
}

/** What is written through the pages is written under this name. */
const author = { app: 'balados-web', device: null }
/** Bytes of a form beside its file. */
const aroundFile = 64 * 1024
/** Imports that the page lists. */
const mostListed = 10
/** Seconds. */
const refreshEvery = 2

/** Where a listener brings a file of podcasts, sees how far it is, and takes theirs along. */
export function opmlPages(parts: OpmlPageParts): Router {
  const { visits, imports, wake, clock } = parts
  const router = new Router()
  const member = (handle: (ctx: Koa.Context, visitor: Visitor) => Promise<void>) => visits.member(handle, () => home)

  async function showForm(ctx: Koa.Context, visitor: Visitor, status = 200, error: string | null = null) {
    const frame = visits.frameOf(ctx)
    const say = opmlTexts[frame.language]
    const main = bringView(frame, await imports.list(visitor.id, mostListed), error)
    return visits.show(ctx, status, visitor, {
      title: error === null ? say.title : `${say.problem} ${say.title}`,
      main,
    })
  }

  const exportPage = member(async (ctx, { id: user, username }) => {
    const file = await exportOpml(parts, { user, username }, true)
    ctx.type = `${opmlType}; charset=utf-8`
    ctx.set({ ...exportHeaders, 'Cache-Control': 'no-store' })
    ctx.body = file
  })

  router.get('/subscriptions/export.opml', (ctx, next) =>
    // A client of the gPodder API may ask for the list of a user called "export": it brings a password, no page does.
    ctx.get('Authorization') === '' ? exportPage(ctx, next) : next(),
  )

  router.get(
    home,
    member((ctx, visitor) => showForm(ctx, visitor)),
  )

  router.post(
    home,
    member(async (ctx, visitor) => {
      const say = opmlTexts[languageOf(ctx)]
      // Browsers send forms as they are.
      if (ctx.get('Content-Encoding')) ctx.throw(415)
      const form = await readFileForm(ctx.req, largestFile + aroundFile)
      if (form === 'too large') return showForm(ctx, visitor, 413, say.tooLarge)
      const token = form === 'no form' ? undefined : form.field('csrf_token')
      if (form === 'no form' || visits.csrf.refusal(ctx, token)) return showForm(ctx, visitor, 403, say.forged)
      const bytes = await form.file('file')
      if (bytes === null) return showForm(ctx, visitor, 422, say.noFile)
      if (bytes.length > largestFile) return showForm(ctx, visitor, 413, say.tooLarge)
      const file = await readFile(decodeXml(bytes))
      if (isRefusal(file)) {
        if (file.refused === 'payload_too_large') return showForm(ctx, visitor, 413, say.tooLarge)
        return showForm(ctx, visitor, 422, `${say.notOpml} ${file.details?.[0]?.message ?? file.message}`)
      }
      const added = await imports.add(visitor.id, author, file, clock())
      if (isRefusal(added)) return showForm(ctx, visitor, 409, say.tooMany)
      await wake()
      seeOther(ctx, `${home}/${added.id}`)
    }),
  )

  router.get(
    `${home}/:id`,
    member(async (ctx, visitor) => {
      const id = z.uuid().safeParse((ctx.params as { id: string }).id).data
      const found = id === undefined ? null : await imports.find(visitor.id, id)
      if (!found) return ctx.throw(404)
      const language = languageOf(ctx)
      const refresh = goesOn(found) ? refreshEvery : undefined
      const title = opmlTexts[language].title
      return visits.show(ctx, 200, visitor, { title, main: importView(language, found), refresh })
    }),
  )

  return router
}
