import { createHash } from 'node:crypto'
import type Koa from 'koa'
import { problemOf, sendProblem } from '../http/problems.ts'
import { type CountRequest, isKnown } from '../http/router.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { type Answer, answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse, refuseForNow, refuseValue } from '../kernel/refusal.ts'
import { relatedTo, trending } from '../popularity/queries.ts'
import { type Searching, search } from '../search/index.ts'
import { everSubscribed } from '../subscriptions/queries.ts'
import { type DescribedPodcast, describeEpisode, describePodcasts } from './described.ts'
import { type Door, type DoorParts, send } from './door.ts'
import { readFeed } from './feeds.ts'
import { readFormat } from './formats.ts'
import { writeListing } from './listing.ts'
import { categoriesOf, tagOf, tagsOf } from './tags.ts'

export interface DirectoryParts extends DoorParts {
  readonly searching: Searching
  /** Null where requests are not limited. */
  readonly countRequest: CountRequest | null
}

type Asked = (ctx: Koa.Context) => Promise<Answer | Refusal>

/** A minute and address. */
const limit = 60
/** Tags are those of so many podcasts, the most popular ones. */
const tagged = 1_000
/** Suggestions are made of what somebody followed last. */
const telling = 30
const longestQuery = 200

const missing = refuse('not_found', 'There is no such podcast in this directory.')

function readCount(text: string | undefined): number | Refusal {
  const count = /^\d{1,3}$/.test(text ?? '') ? Number(text) : 0
  return count >= 1 && count <= 100 ? count : refuseValue('path.number', 'is no number from 1 to 100')
}

async function overLimit(count: CountRequest, asker: string): Promise<Refusal | null> {
  const { exceeded, resetIn } = await count(`${asker} directory`, { limit, seconds: 60 })
  return exceeded ? refuseForNow(`At most ${limit} such requests a minute; try again in ${resetIn} s.`, resetIn) : null
}

const one = (value: string | string[] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''
const sizeOf = (text: string): number => (/^\d{1,4}$/.test(text) ? Number(text) : 64)

/**
 * What everybody may look up without logging in (gpodder.net's directory API): podcasts that listeners here let
 * anybody know of, and no others. Suggestions are made for who logs in, out of the same.
 */
export function directoryRoutes({ router, on }: Door, parts: DirectoryParts): void {
  const { catalog, searching, publicUrl, reading, countRequest, accounts } = parts
  const { projections } = searching

  const open = (path: string, ask: Asked) =>
    router.get(path, async (ctx) => {
      ctx.set('Access-Control-Allow-Origin', '*')
      const late = countRequest && (await overLimit(countRequest, accounts.addressKey(ctx.ip)))
      const said = late ?? (await ask(ctx))
      if (isRefusal(said)) return sendProblem(ctx, problemOf(said))
      send(ctx, said)
      const text = typeof said.body === 'string' ? said.body : JSON.stringify(said.body)
      const etag = `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
      ctx.set({ ETag: etag, 'Cache-Control': 'public, max-age=60' })
      if (isKnown(ctx, etag)) ctx.status = 304
    })

  const describe = (podcasts: readonly PodcastId[], scale = ''): Promise<readonly DescribedPodcast[]> =>
    describePodcasts({ ...searching, catalog, publicUrl }, podcasts, sizeOf(scale))

  const best = async (count: number): Promise<readonly PodcastId[]> =>
    (await trending(projections, 'podcasts', { window: 'all', podcast: null, limit: count })).map((row) => row.podcast)

  async function listing(title: string, format: string, scale: string, find: () => Promise<readonly PodcastId[]>) {
    const as = readFormat(format)
    return isRefusal(as) ? as : writeListing(as, title, await describe(await find(), scale))
  }

  open('/toplist/:number.:format', async (ctx) => {
    const { number, format = '' } = ctx.params as Record<string, string | undefined>
    const count = readCount(number)
    return isRefusal(count) ? count : listing('Toplist', format, one(ctx.query.scale_logo), () => best(count))
  })

  open('/search.:format', async (ctx) => {
    const q = one(ctx.query.q).trim()
    if (q === '' || q.length > longestQuery || q.includes('\0'))
      return refuseValue('query.q', `is no text of at most ${longestQuery} characters`)
    const found = await search(searching, q, null, 'podcasts')
    const matches = isRefusal(found) ? [] : found.podcasts.slice(0, 100).map(({ podcast }) => podcast)
    const { format = '' } = ctx.params as { format?: string }
    return listing(`Search for ${q}`, format, one(ctx.query.scale_logo), async () => matches)
  })

  open('/api/2/tags/:number.json', async (ctx) => {
    const count = readCount((ctx.params as { number?: string }).number)
    if (isRefusal(count)) return count
    return answer(200, tagsOf(await categoriesOf(searching, await best(tagged))).slice(0, count))
  })

  open('/api/2/tag/:tag/:number.json', async (ctx) => {
    const { tag = '', number } = ctx.params as Record<string, string | undefined>
    const count = readCount(number)
    if (isRefusal(count)) return count
    const wanted = tagOf(tag)
    const found = (await categoriesOf(searching, await best(tagged))).filter(({ names }) =>
      names.some((name) => tagOf(name) === wanted),
    )
    const podcasts = found.slice(0, count).map(({ podcast }) => podcast)
    return listing(tag, 'json', one(ctx.query.scale_logo), async () => podcasts)
  })

  /** The podcast of a feed that a client named. */
  async function podcastAt(url: string): Promise<PodcastId | null> {
    const feed = readFeed(url)
    return feed === null ? null : catalog.knownPodcast(feed)
  }

  open('/api/2/data/podcast.json', async (ctx) => {
    const podcast = await podcastAt(one(ctx.query.url))
    const [described] = podcast === null ? [] : await describe([podcast], one(ctx.query.scale_logo))
    return described ? answer(200, described) : missing
  })

  open('/api/2/data/episode.json', async (ctx) => {
    const enclosure = one(ctx.query.url)
    const podcast = enclosure.includes('\0') ? null : await podcastAt(one(ctx.query.podcast))
    const [described] = podcast === null ? [] : await describe([podcast])
    if (podcast === null || !described) return missing
    const named = (await catalog.knownEpisodes({ guid: '', enclosure })).filter((known) => known.podcast === podcast)
    const ids = named.map(({ episode }) => episode)
    const shown = await describeEpisode(searching.cache, podcast, ids, described)
    return shown ? answer(200, shown) : refuse('not_found', 'There is no such episode in this directory.')
  })

  on(['get'], '/suggestions/:number.:format', async ({ user, part, format, query }) => {
    const count = readCount(part('number'))
    if (isRefusal(count)) return count
    const ever = await everSubscribed(await reading(user), user)
    const follows = ever
      .filter((row) => row.active)
      .toSorted((a, b) => b.stamp - a.stamp)
      .slice(0, telling)
    const people = new Map<PodcastId, number>()
    for (const { podcast_id: podcast } of follows)
      for (const other of await relatedTo(projections, podcast, 100))
        people.set(other.podcast, (people.get(other.podcast) ?? 0) + other.people)
    for (const { podcast_id: podcast } of ever) people.delete(podcast)
    const suggested = [...people].toSorted(([, a], [, b]) => b - a).map(([podcast]) => podcast)
    return listing('Suggestions', format, query('scale_logo') ?? '', async () => suggested.slice(0, count))
  })
}
