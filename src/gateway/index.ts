import { hash } from 'node:crypto'
import { Router } from '@koa/router'
import type Koa from 'koa'
import { answerUnrouted, isForApi } from '../http/errors.ts'
import { languageOf } from '../http/layout.ts'
import { problemOf, sendProblem } from '../http/problems.ts'
import { isKnown } from '../http/router.ts'
import { apiHeaders } from '../http/security-headers.ts'
import { isRefusal, type Refusal, refuseValue } from '../kernel/refusal.ts'
import { decodeFeed, decodeItem } from '../podcast/names.ts'
import { gatewayUrls, isHost } from './addresses.ts'
import { type BearerParts, createWhoseToken } from './bearer.ts'
import { gather } from './gather.ts'
import { listOf, type WhichList } from './lists.ts'
import { findPlayable, type PlayParts, recordBeginning } from './play.ts'
import { writeRss } from './rss.ts'

export interface GatewayParts extends BearerParts, PlayParts {
  readonly publicUrl: string
  /** `host` or `host:port` that serves plays and nothing else. */
  readonly playDomain: string | undefined
}

export interface Gateway {
  /** `/rss/…` and `/play/…`. */
  readonly router: Router
  /** Answers whatever is asked of the play domain, before any route; lets everything else pass. */
  readonly onPlayDomain: Koa.Middleware
  /** Whether a request names the play domain in any of its headers that name a host. */
  isForPlayDomain(request: Pick<Koa.Request['req'], 'headers'>): boolean
}

/** What stands at a path of three steps on the instance itself. */
const elsewhere = /^\/(?:rss|apps|settings|users)\//

type Params = Readonly<Record<string, string | undefined>>

/** Feeds of a listener's lists for RSS readers and plain podcast apps, and the addresses they play from. */
export function createGateway(parts: GatewayParts): Gateway {
  const { listening, cache, clock, playDomain } = parts
  const urls = gatewayUrls(parts.publicUrl, playDomain)
  const whose = createWhoseToken(parts)
  const headers = apiHeaders(urls.site.startsWith('https:'))

  /** Tells no other site the token in the address, and lets players in pages of other sites in. */
  const open: Koa.Middleware = async (ctx, next) => {
    await headers(ctx, async () => {})
    ctx.set({ 'Access-Control-Allow-Origin': '*', 'Referrer-Policy': 'no-referrer', 'Cache-Control': 'no-store' })
    await next()
  }

  const say = (ctx: Koa.Context, refusal: Refusal) => sendProblem(ctx, problemOf(refusal))

  async function sendPlay(ctx: Koa.Context): Promise<void> {
    const { token = '', feed = '', item = '' } = ctx.params as Params
    const listener = await whose(token, 'play', ctx.ip)
    if (isRefusal(listener)) return say(ctx, listener)
    const [feedUrl, name] = [decodeFeed(feed), decodeItem(item)]
    if (feedUrl === null) return say(ctx, refuseValue('path.feed', 'is not base64url of a feed URL'))
    if (name === null) return say(ctx, refuseValue('path.item', 'is not base64url of "guid,enclosure URL"'))
    const playable = await findPlayable(parts, listener.user, feedUrl, name)
    if (isRefusal(playable)) return say(ctx, playable)
    // Who only asks how large the file is does not listen.
    const refused = ctx.method === 'HEAD' ? null : await recordBeginning(parts, listener, playable)
    if (refused) return say(ctx, refused)
    ctx.status = 302
    ctx.set('Location', new URL(playable.enclosure).href)
    ctx.body = ''
  }

  const sendList = (which: (params: Params) => WhichList) => async (ctx: Koa.Context, next: Koa.Next) => {
    const { token = '', ...params } = ctx.params as Params
    // `/rss/proxy/…` is somebody else's.
    if (token === 'proxy') return next()
    const listener = await whose(token, 'rss', ctx.ip)
    if (isRefusal(listener)) return say(ctx, listener)
    const db = await listening.reading(listener.user)
    const list = await listOf(db, listener, which(params), languageOf(ctx))
    if (isRefusal(list)) return say(ctx, list)
    const gathering = await gather(cache, listening.catalog, list, clock())
    const { username } = listener
    const body = writeRss({ ...gathering, list, username, secret: token, urls, self: `${urls.site}${ctx.path}` })
    const etag = `"${hash('sha256', body, 'base64url')}"`
    // Never packed: it holds the token beside what others wrote, who could guess it by the length of the answer.
    ctx.set({
      'Content-Type': 'application/rss+xml; charset=utf-8',
      'Cache-Control': 'private, max-age=60',
      ETag: etag,
    })
    ctx.vary('Accept-Language')
    if (isKnown(ctx, etag)) ctx.status = 304
    else ctx.body = body
  }

  const withoutXml = (id: string | undefined) => (id ?? '').replace(/\.xml$/i, '')
  const router = new Router({ sensitive: true })
  router.get('/play/:token/:feed/:item', open, sendPlay)
  for (const ending of ['', '.xml']) {
    router.get(
      `/rss/:token/subscriptions${ending}`,
      open,
      sendList(() => ({ what: 'subscriptions' })),
    )
    router.get(
      `/rss/:token/queue${ending}`,
      open,
      sendList(() => ({ what: 'playlists' })),
    )
  }
  for (const what of ['collections', 'playlists'] as const)
    router.get(
      `/rss/:token/${what}/:id`,
      open,
      sendList(({ id }) => ({ what, id: withoutXml(id) })),
    )

  const alone = new Router({ sensitive: true })
    .get('/:token/:feed/:item', sendPlay)
    .routes() as unknown as Koa.Middleware
  const isForPlayDomain: Gateway['isForPlayDomain'] = ({ headers: { host, 'x-forwarded-host': told } }) =>
    playDomain !== undefined && isHost(playDomain, [host, ...[told ?? []].flat()])

  const answerNothing = async (ctx: Koa.Context) => answerUnrouted(ctx)

  return {
    router,
    isForPlayDomain,
    onPlayDomain: (ctx, next) => {
      if (playDomain === undefined) return next()
      if (!isHost(playDomain, [ctx.host]) && !isForPlayDomain(ctx.req)) return next()
      // Three steps of a path are a token and two names, but for those that are another door's on every instance.
      return open(ctx, () =>
        isForApi(ctx) || elsewhere.test(ctx.path) ? answerNothing(ctx) : alone(ctx, () => answerNothing(ctx)),
      )
    },
  }
}
