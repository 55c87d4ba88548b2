import { hash } from 'node:crypto'
import type { Store } from '../database/store.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import type { Outbound } from '../outbound/fetch.ts'
import type { Catalog, FeedOpenness } from '../podcast/catalog.ts'
import type { Guids } from '../podcast/guids.ts'
import type { Identity } from '../podcast/identity.ts'
import { canonicalFeed, webAddress } from '../podcast/names.ts'
import { documentOf, type FeedDocument, type KeptEpisode } from './document.ts'
import { askForFeed, type Fresh, type NotFetched, permanentTarget, type Unchanged } from './fetching/ask.ts'
import type { HubLinks } from './fetching/links.ts'
import { formerly } from './formerly.ts'
import { type Announced, type Moving, noticeMove, type OnMoved } from './moves.ts'
import { type FeedRhythm, planNext, planRetry, spanInWords } from './plan.ts'
import type { NoFeed, ParsedFeed, Understand } from './shapes.ts'
import {
  type Claim,
  holdFeedsOf,
  keptEpisodes,
  type NewDocument,
  releaseFeed,
  type Standing,
  saveFeed,
  type Written,
} from './store.ts'
import type { FeedWatch, Looked } from './watch.ts'
import type { Hubs } from './websub/hubs.ts'

/** What looking at a feed takes. */
export interface RefreshParts {
  readonly cache: Store
  readonly catalog: Catalog
  readonly guids: Pick<Guids, 'learn'>
  readonly identity: Pick<Identity, 'learnItems'>
  readonly outbound: Outbound
  readonly understand: Understand
  readonly onMoved: OnMoved
  readonly hubs: Pick<Hubs, 'hear'>
  /** Something else bears on who may know of a podcast than before. */
  readonly onSecrecyChanged: (podcast: PodcastId) => Promise<void>
  readonly clock: () => number
  readonly watch?: FeedWatch
}

/** Milliseconds. */
const faultPause = 3_600_000

const silent: FeedRhythm = {
  published: [],
  hints: { ttlMinutes: null, everyMinutes: null, skipHours: [], skipDays: [] },
  complete: false,
}

/** 0 to 1, and the same for a podcast each time. */
const spreadOf = (podcast: string): number => Number.parseInt(hash('sha256', podcast, 'hex').slice(0, 8), 16) / 2 ** 32

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
const sentence = (...parts: readonly (string | null)[]): string =>
  parts.flatMap((part) => (part === null ? [] : [`${capital(part)}.`])).join(' ')

/**
 * Looks at one feed that was claimed: asks for it, understands it if it is another than last time, keeps what it says
 * and decides when to look again. An expected trouble is kept as such; a bug throws, and the claim is given back.
 */
export async function lookAt(claim: Claim, parts: RefreshParts, signal?: AbortSignal): Promise<Looked> {
  try {
    const looked = await look(claim, parts, signal)
    parts.watch?.looked(looked)
    return looked
  } catch (error) {
    // A fault of ours would be met again at once, and again; what was interrupted may go on at once.
    await releaseFeed(parts.cache, claim, signal?.aborted ? null : parts.clock() + faultPause)
    throw error
  }
}

async function look(claim: Claim, parts: RefreshParts, signal?: AbortSignal): Promise<Looked> {
  const entry = (await parts.catalog.podcastEntries([claim.podcast])).get(claim.podcast)
  const url = entry && webAddress(entry.feedUrl)
  if (!url) return keepFailure(claim, parts, noAddress)
  const now = parts.clock()
  const asked = performance.now()
  const answer = await askForFeed(parts.outbound, url.href, claim, { now, ...(signal ? { signal } : {}) })
  parts.watch?.fetched(performance.now() - asked, answer.what === 'failed' ? 0 : answer.bytes)
  const hasCredentials = url.username !== '' || url.password !== ''
  if (answer.what === 'failed') {
    if (answer.trouble === 'locked') {
      await judge(claim.podcast, { open: false, reason: 'authentication' }, parts)
      await parts.hubs.hear(claim.podcast, { hubs: [], self: null, lease: claim.lease })
    }
    return keepFailure(claim, parts, answer)
  }
  if (answer.what === 'unchanged') {
    const announced = hasCredentials ? null : (redirectOf(answer, url.href) ?? stillWritten(claim.moving))
    return keepSuccess(claim, parts, { answer, announced, from: url.href, document: null })
  }
  const source = { url: answer.url, contentType: answer.contentType }
  const understood = await parts.understand(answer.body, source, signal)
  if ('refused' in understood) return keepFailure(claim, parts, noFeed(understood))
  const parsed = linked(understood, answer.links)
  await judge(claim.podcast, { open: !hasCredentials, reason: parsed.blocked ? 'itunes:block' : null }, parts)
  if (parsed.guid !== null) await parts.guids.learn(claim.podcast, parsed.guid)
  const document = await named(claim.podcast, parsed, parts)
  const announced = hasCredentials ? null : (redirectOf(answer, url.href) ?? newUrlOf(parsed, url.href))
  const { hubs, self } = parsed
  await parts.hubs.hear(claim.podcast, { hubs, self, lease: claim.lease })
  return keepSuccess(claim, parts, { answer, announced, from: url.href, document })
}

/** Where the headers name a hub or the feed, they are believed before the document (WebSub, 4). */
const linked = (parsed: ParsedFeed, { hubs, self }: HubLinks): ParsedFeed => ({
  ...parsed,
  hubs: hubs.length > 0 ? hubs : parsed.hubs,
  self: self ?? parsed.self,
})

async function judge(podcast: PodcastId, openness: FeedOpenness, { catalog, onSecrecyChanged }: RefreshParts) {
  if (await catalog.judgeFeed(podcast, openness)) await onSecrecyChanged(podcast)
}

const noAddress: NotFetched = {
  what: 'failed',
  trouble: 'refused',
  words: 'it has no address that could be asked',
  retryAfter: null,
}

const noFeed = ({ message }: NoFeed): NotFetched => ({
  what: 'failed',
  trouble: 'passing',
  words: `what came is no feed: ${message}`,
  retryAfter: null,
})

const elsewhere = (to: string, from: string): boolean => canonicalFeed(to) !== canonicalFeed(from)

function redirectOf({ hops }: Fresh | Unchanged, from: string): Announced | null {
  const to = permanentTarget(hops)
  return to !== null && elsewhere(to, from) ? { to, why: 'permanent redirect' } : null
}

const newUrlOf = ({ newFeedUrl }: ParsedFeed, from: string): Announced | null =>
  newFeedUrl !== null && elsewhere(newFeedUrl, from) ? { to: newFeedUrl, why: 'itunes:new-feed-url' } : null

/** What stood in the document stands there still while its bytes are the same. */
const stillWritten = (moving: Moving | null): Announced | null =>
  moving?.why === 'itunes:new-feed-url' ? moving : null

/** Gives the episodes their ids. Of items that the catalog takes for one, the first in the feed stands. */
async function named(podcast: PodcastId, parsed: ParsedFeed, parts: RefreshParts): Promise<NewDocument> {
  const { identity, cache, clock } = parts
  const document: FeedDocument = documentOf(parsed, clock())
  const items = formerly(document.episodes, await keptEpisodes(cache, podcast))
  const ids = await identity.learnItems(podcast, items)
  const episodes = new Map<EpisodeId, KeptEpisode>()
  document.episodes.forEach(({ kept }, i) => {
    const id = ids[i] as EpisodeId
    if (!episodes.has(id)) episodes.set(id, kept)
  })
  return { metadata: document.metadata, rhythm: document.rhythm, episodes, partial: parsed.cut }
}

interface Success {
  readonly answer: Fresh | Unchanged
  readonly announced: Announced | null
  readonly from: string
  readonly document: NewDocument | null
}

async function keepSuccess(claim: Claim, parts: RefreshParts, success: Success): Promise<Looked> {
  const { answer, announced, from, document } = success
  const now = parts.clock()
  const { moving, believed } = noticeMove(claim.moving, announced, now)
  if (moving && believed) await parts.onMoved(claim.podcast, from, moving.to, moving.why)
  const rhythm = document?.rhythm ?? claim.rhythm ?? silent
  const { followers, lease } = claim
  const told = (lease?.until ?? 0) > now
  const plan = planNext(rhythm, { now, followers, told, spread: spreadOf(claim.podcast) }, answer.freshFor)
  const standing = {
    status: 'fine',
    etag: answer.etag,
    lastModified: answer.lastModified,
    bodyHash: answer.bodyHash,
    failures: 0,
    failingSince: null,
    lastError: null,
    nextCheckAt: plan.at,
    moving,
    checkedAt: now,
    fetched: true,
  } as const
  const move = moving && moveInWords(moving.why, moving.times, believed, moving.believed)
  const next = `look again in ${spanInWords(plan.at - now)}: ${plan.why}`
  const words = (written: Written) =>
    sentence(resultInWords(answer, document, written), hopsInWords(answer), move, next)
  const saved = await saveFeed(parts.cache, claim, standing, document, words)
  return saved === null ? 'lost' : document ? 'changed' : 'unchanged'
}

function resultInWords(answer: Fresh | Unchanged, document: NewDocument | null, { added, changed }: Written): string {
  if (answer.what === 'unchanged') {
    return answer.how === 'not modified' ? 'its server says that nothing has changed' : 'the same bytes as last time'
  }
  const count = document?.episodes.size ?? 0
  const end = document?.partial ? ', but the feed ends before its end' : ''
  return `read ${count} episode${count === 1 ? '' : 's'}, ${added} new, ${changed} changed${end}`
}

function hopsInWords({ hops }: Fresh | Unchanged): string | null {
  if (hops.length === 0) return null
  const downgrade = hops.some((hop) => hop.downgrade) ? ', and away from https' : ''
  return `it was redirected (${hops.map(({ status }) => status).join(', ')})${downgrade}`
}

function moveInWords(why: string, times: number, news: boolean, believed: boolean): string {
  const said = `it says that it has moved (${why}, ${times} time${times === 1 ? '' : 's'} in a row)`
  return news ? `${said}: believed from now on` : believed ? `${said}: known` : `${said}: not believed yet`
}

const statuses = {
  locked: 'locked',
  gone: 'gone',
  passing: 'failing',
  refused: 'failing',
  'asked to wait': 'failing',
} as const

async function keepFailure(claim: Claim, parts: RefreshParts, failure: NotFetched): Promise<Looked> {
  const now = parts.clock()
  const failures = claim.failures + 1
  const since = claim.failingSince?.getTime() ?? now
  const { trouble, words, retryAfter } = failure
  const plan = planRetry({ failures, since, trouble, retryAfter }, { now, spread: spreadOf(claim.podcast) })
  const standing: Omit<Standing, 'words'> = {
    status: trouble === 'gone' && failures === 1 ? 'failing' : statuses[trouble],
    // What came last is still what it was: after a failure the same bytes cost nothing either.
    etag: claim.etag,
    lastModified: claim.lastModified,
    bodyHash: claim.bodyHash,
    failures,
    failingSince: since,
    lastError: words,
    nextCheckAt: plan.at,
    moving: claim.moving,
    checkedAt: now,
    fetched: false,
  }
  const said = sentence(`no success: ${words}`, `try again in ${spanInWords(plan.at - now)}: ${plan.why}`)
  const saved = await saveFeed(parts.cache, claim, standing, null, () => said)
  if (saved && trouble === 'asked to wait' && retryAfter !== null) {
    await holdFeedsOf(parts.cache, claim.host, Math.min(plan.at, now + retryAfter))
  }
  return saved === null ? 'lost' : 'failed'
}
