import pLimit from 'p-limit'
import type { Store } from '../database/store.ts'
import { type FeedImage, imageOf } from '../feeds/queries.ts'
import { isRefusal, type Refusal, refuse, refuseForNow } from '../kernel/refusal.ts'
import { isFailed, type Outbound } from '../outbound/fetch.ts'
import type { Catalog } from '../podcast/catalog.ts'
import type { CoverSize } from '../podcast/covers.ts'
import { largest, shrink, waiting } from './picture.ts'
import { placeholder } from './placeholder.ts'
import { type CoverName, createCoverStore, type KeptCover, mostBytes, trimCovers } from './store.ts'

export interface CoversParts {
  readonly cache: Store
  readonly catalog: Pick<Catalog, 'podcastEntries'>
  readonly outbound: Outbound
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** Bytes that all covers together may take. */
  readonly most?: number
}

/** A picture to be shown: WebP, or SVG in place of one. `image` is null where the asker has it. */
export type Shown =
  | { readonly kind: 'cover'; readonly etag: string; readonly image: Buffer | null }
  | { readonly kind: 'placeholder'; readonly svg: string }

export interface Wish extends CoverName {
  readonly size: CoverSize
  /** ETags of what the asker has. */
  readonly known: readonly string[]
  /** Asked before anything is fetched or made: a refusal ends it. */
  admit(): Promise<Refusal | null>
}

export interface Covers {
  show(wish: Wish): Promise<Shown | Refusal>
}

/** Milliseconds after which a picture is fetched anew, and after which one that could not be had is. */
const fresh = 7 * 86_400_000
const retry = 3_600_000

const limits = { connect: 5_000, headers: 10_000, idle: 5_000, whole: 20_000, bytes: 10_000_000, redirects: 5 }
/** Pictures fetched at once. */
const fetches = 8
/** Pictures that may wait to be fetched or made; then others are asked to come again. */
const longestQueue = 200
/** Bytes written between two looks at how much there is. */
const lookAfter = 16 * 1024 * 1024

interface Source extends CoverName {
  readonly url: string
}

/** The pictures of podcasts and episodes, fetched once and kept small. */
export function createCovers({ cache, catalog, outbound, clock, most = mostBytes }: CoversParts): Covers {
  const store = createCoverStore(cache)
  const fetching = pLimit(fetches)
  const underWay = new Map<string, Promise<KeptCover>>()
  let written = 0

  const isFresh = ({ etag, fetchedAt }: KeptCover): boolean =>
    clock() - fetchedAt.getTime() < (etag === null ? retry : fresh)

  /** Everybody who asks for the same meanwhile gets the same. */
  function once(key: string, make: () => Promise<KeptCover>): Promise<KeptCover> {
    const going = underWay.get(key)
    if (going) return going
    const made = make().finally(() => underWay.delete(key))
    underWay.set(key, made)
    return made
  }

  async function keep(source: Source, size: CoverSize, image: Buffer | null, fetchedAt: number): Promise<KeptCover> {
    const etag = await store.put(source, size, source.url, image, fetchedAt)
    written += image?.length ?? 0
    if (written > lookAfter) {
      written = 0
      await trimCovers(cache, most)
    }
    return { etag, image, fetchedAt: new Date(fetchedAt) }
  }

  /** The picture in its largest size, fetched where there is none or an old one. */
  async function original(source: Source): Promise<KeptCover> {
    const kept = await store.find(source, largest, source.url)
    if (kept && isFresh(kept)) return kept
    return once(`${source.podcast} ${source.episode} ${source.url}`, async () => {
      const image = await fetching(() => fetchPicture(source.url))
      const now = clock()
      if (image === null && kept?.image) {
        // An old picture is better than none; its server is left alone for a while.
        const at = now - fresh + retry
        await store.countAsFetched(source, source.url, at)
        return { ...kept, fetchedAt: new Date(at) }
      }
      return keep(source, largest, image, now)
    })
  }

  async function fetchPicture(url: string): Promise<Buffer | null> {
    const bare = URL.parse(url)
    if (bare === null) return null
    // Nobody's password is sent for a picture that everybody may look at.
    bare.username = ''
    bare.password = ''
    const answer = await outbound.fetch(bare.href, { headers: { accept: 'image/*' }, limits })
    if (isFailed(answer) || answer.status !== 200) return null
    return shrink(answer.body, largest)
  }

  function make(source: Source, size: CoverSize): Promise<KeptCover> {
    if (size === largest) return original(source)
    return once(`${source.podcast} ${source.episode} ${source.url} ${size}`, async () => {
      const whole = await original(source)
      const image = whole.image && (await shrink(whole.image, size))
      return image === null ? whole : keep(source, size, image, whole.fetchedAt.getTime())
    })
  }

  /** What is kept and good; null where it has to be made. */
  async function kept(source: Source, size: CoverSize, known: readonly string[]): Promise<KeptCover | null> {
    const found = await store.find(source, size, source.url, known)
    if (found && isFresh(found)) return found
    if (size === largest) return null
    const whole = await store.find(source, largest, source.url)
    return whole && whole.etag === null && isFresh(whole) ? whole : null
  }

  async function instead({ podcast }: CoverName, { title }: FeedImage): Promise<Shown> {
    const { privateReason = null, fetched = false } = (await catalog.podcastEntries([podcast])).get(podcast) ?? {}
    const isOpen = fetched && privateReason === null
    return { kind: 'placeholder', svg: placeholder(podcast, isOpen ? title : null) }
  }

  return {
    async show({ podcast, episode, size, known, admit }) {
      const image = await imageOf(cache.pool, podcast, episode)
      if (image === null) return refuse('not_found', 'There is no such podcast.')
      const url = image.episode ?? image.feed
      const name = { podcast, episode: image.episode === null ? null : episode }
      if (url === null) return instead(name, image)
      const source = { ...name, url }
      let cover = await kept(source, size, known)
      if (cover === null) {
        if (fetching.pendingCount + waiting() > longestQueue) return refuseForNow('Too many covers at once.', 5)
        const refused = await admit()
        if (isRefusal(refused)) return refused
        cover = await make(source, size)
      }
      const { etag } = cover
      return etag === null ? instead(name, image) : { kind: 'cover', etag, image: cover.image }
    },
  }
}
