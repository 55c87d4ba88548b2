import type { Queryable } from '../database/store.ts'
import { episodeOutlines } from '../feeds/index.ts'
import type { Listening } from '../journal/listening.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import { success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { playlistsOf } from '../playlists/queries.ts'
import { gatewayApp, play, recordPlay } from '../plays/index.ts'
import { playsOf } from '../plays/queries.ts'
import type { EpisodeName } from '../podcast/names.ts'
import { subscriptionsTo } from '../subscriptions/queries.ts'
import type { Listener } from './bearer.ts'

export interface PlayParts {
  readonly listening: Listening
  /** Where what feeds say is kept. */
  readonly cache: Queryable
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** An episode and the file to play. */
interface Playable {
  readonly podcast: PodcastId
  readonly episode: EpisodeId
  readonly enclosure: string
}

const unknown = refuse('not_found', 'No such episode is known here.')

const isWeb = (url: string): boolean => /^https?:\/\//i.test(url) && URL.canParse(url)

/** Whether the listener follows a podcast, has played of it or put something of it on a list. */
async function isOwn({ reading }: Listening, user: UserId, podcast: PodcastId): Promise<boolean> {
  const db = await reading(user)
  if ((await subscriptionsTo(db, user, [podcast])).some(({ active }) => active)) return true
  if ((await playsOf(db, user, { podcast, limit: 1, offset: 0 })).total > 0) return true
  return (await playlistsOf(db, user)).some(({ items }) => items.some((item) => item.podcast === podcast))
}

/**
 * Where a listener's episode is to be played from. What the feed says of it counts, not what the caller wrote: the
 * gateway leads nowhere else. Only where nothing is known of an episode of the listener's own podcasts, the address in its
 * name does. Of a feed that is not anybody's to read, others are told nothing.
 */
export async function findPlayable(
  { listening, cache }: PlayParts,
  user: UserId,
  feedUrl: string,
  name: EpisodeName,
): Promise<Playable | Refusal> {
  const { catalog } = listening
  const podcast = await catalog.knownPodcast(feedUrl)
  if (podcast === null) return unknown
  const known = (await catalog.knownEpisodes(name)).find((some) => some.podcast === podcast)
  const found = known ? await episodeOutlines(cache, [known.episode], 1) : []
  const kept = found.find(({ enclosureUrl }) => isWeb(enclosureUrl))
  const entry = (await catalog.podcastEntries([podcast])).get(podcast)
  const isOpen = entry?.fetched === true && entry.privateReason === null
  if (kept && isOpen) return { podcast, episode: kept.episode, enclosure: kept.enclosureUrl }
  if (!(await isOwn(listening, user, podcast))) return unknown
  if (kept) return { podcast, episode: kept.episode, enclosure: kept.enclosureUrl }
  if (!isWeb(name.enclosure)) return unknown
  const [named] = known ? [known.episode] : await catalog.episodes([{ ...name, podcast }])
  return { podcast, episode: named as EpisodeId, enclosure: name.enclosure }
}

/**
 * Records that a play began. Where anything is known of the episode's play there is nothing to add: it began before, and
 * position and played mark stay whatever they are, however often a player asks for another part of the file.
 */
export async function recordBeginning(
  { listening, clock }: PlayParts,
  { user, token }: Listener,
  place: Playable,
): Promise<Refusal | null> {
  const origin = { user, author: { app: gatewayApp, device: token }, now: clock(), request: null }
  const said = await listening.journal.commit(
    origin,
    async (unit) => {
      if (unit.state(play, place.episode) !== null) return success
      return recordPlay(unit, place, { position: 0, played: false }) ?? success
    },
    { decider: play, id: place.episode },
  )
  return isRefusal(said) ? said : null
}
