import { Router } from '@koa/router'
import type Koa from 'koa'
import { z } from 'zod'
import { sendError } from '../http/errors.ts'
import { problemOf } from '../http/problems.ts'
import type { CountRequest } from '../http/router.ts'
import { uuid } from '../http/schemas.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { isRefusal, type Refusal, refuseForNow, refuseValue } from '../kernel/refusal.ts'
import { type CoverSize, coverSizes } from '../podcast/covers.ts'
import type { Covers } from './covers.ts'

export interface CoverRoutesParts {
  readonly covers: Covers
  /** Null where requests are not limited. */
  readonly countRequest: CountRequest | null
  /** The name under which the requests of one address are counted. */
  readonly addressKey: (address: string) => string
}

/** Covers that have to be fetched or made, in a minute for one address; those that are there cost next to nothing. */
const limit = 240
const usual: CoverSize = 300

const size = z.coerce.number().pipe(z.literal(coverSizes))

/** `/covers/<podcast id>[/<episode id>]?size=…`, for everybody. */
export function coverRoutes({ covers, countRequest, addressKey }: CoverRoutesParts): Router {
  const router = new Router()

  async function admit(ctx: Koa.Context): Promise<Refusal | null> {
    const standing = await countRequest?.(`${addressKey(ctx.ip)} get /covers`, { limit, seconds: 60 })
    return standing?.exceeded
      ? refuseForNow(`At most ${limit} new covers a minute; try again in ${standing.resetIn} s.`, standing.resetIn)
      : null
  }

  async function show(ctx: Koa.Context): Promise<void> {
    const params = ctx.params as { podcast: string; episode?: string }
    const podcast = uuid.safeParse(params.podcast).data as PodcastId | undefined
    const episode = params.episode === undefined ? null : (uuid.safeParse(params.episode).data as EpisodeId | undefined)
    const wanted = size.safeParse(ctx.query.size ?? usual).data
    if (podcast === undefined || episode === undefined) return refused(ctx, refuseValue('path', 'is no id'))
    if (wanted === undefined) return refused(ctx, refuseValue('query.size', `is none of ${coverSizes.join(', ')}`))
    const known = (ctx.get('If-None-Match').match(/"[^"]*"/g) ?? []).slice(0, 20)
    const shown = await covers.show({ podcast, episode, size: wanted, known, admit: () => admit(ctx) })
    if (isRefusal(shown)) return refused(ctx, shown)
    ctx.set({
      // Pages and apps elsewhere show them too; opened by itself it is a picture and nothing else.
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
    })
    if (shown.kind === 'placeholder') {
      ctx.set({ 'Cache-Control': 'public, max-age=300', 'Content-Type': 'image/svg+xml; charset=utf-8' })
      ctx.body = shown.svg
      return
    }
    ctx.set({ 'Cache-Control': 'public, max-age=86400, stale-while-revalidate=604800', ETag: shown.etag })
    if (shown.image === null || known.includes(shown.etag)) {
      ctx.status = 304
      return
    }
    ctx.set('Content-Type', 'image/webp')
    ctx.body = shown.image
  }

  router.get('/covers/:podcast', show)
  router.get('/covers/:podcast/:episode', show)
  return router
}

const refused = (ctx: Koa.Context, refusal: Refusal): void => sendError(ctx, problemOf(refusal))
