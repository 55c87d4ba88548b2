import { hash } from 'node:crypto'
import { mayBeUnstorable } from '../kernel/storable.ts'
import type { EpisodeName } from '../podcast/names.ts'
import type { FeedRhythm } from './plan.ts'
import type { ParsedEpisode, ParsedFeed } from './shapes.ts'

/** What a feed says of itself: all but its episodes. */
export type FeedMetadata = Omit<ParsedFeed, 'episodes'>

/** An episode as it is kept. Snake case: PostgreSQL reads the columns by these names. */
export interface KeptEpisode {
  /** Counted from the feed's end. */
  readonly place: number
  readonly title: string | null
  readonly description: string | null
  readonly published_at: string | null
  readonly duration: number | null
  readonly image_url: string | null
  readonly enclosure_url: string
  readonly season: number | null
  readonly number: number | null
  readonly details: Readonly<Record<string, unknown>>
  readonly hash: string
}

/** A feed made ready to be kept: episodes by name, and nothing in it that PostgreSQL can't hold. */
export interface FeedDocument {
  readonly metadata: FeedMetadata
  readonly rhythm: FeedRhythm
  /** Each with the name that the catalog knows it by, in the feed's order. */
  readonly episodes: readonly { readonly name: EpisodeName; readonly kept: KeptEpisode }[]
}

/** Texts without NUL and without half characters, which only escapes and wrong bytes bring about. */
function storable<T>(value: T): T {
  const json = JSON.stringify(value)
  if (!mayBeUnstorable(json) && !json.includes('\\u0000')) return value
  return JSON.parse(json, (_, found: unknown) =>
    typeof found === 'string' ? found.replaceAll('\0', '').toWellFormed() : found,
  ) as T
}

const remembered = 12
/** PostgreSQL's `int`. */
const largest = 2_147_483_647

const fitting = (number: number | null): number | null =>
  number !== null && Math.abs(number) <= largest ? Math.round(number) : null

function kept(episode: ParsedEpisode, enclosure: string, place: number): KeptEpisode {
  const { title, description, publishedAt, duration, imageUrl, season, number, ...rest } = episode
  return {
    place,
    title,
    description: description?.plain ?? null,
    published_at: publishedAt === null ? null : new Date(publishedAt).toISOString(),
    duration: fitting(duration),
    image_url: imageUrl,
    enclosure_url: enclosure,
    season: fitting(season),
    number,
    details: { ...rest, descriptionHtml: description?.html ?? null },
    hash: hash('sha1', JSON.stringify(episode), 'base64url'),
  }
}

/**
 * What is kept of a feed that was understood. Items without any file to play are left out: they are news, no episodes.
 *
 * @param now milliseconds; episodes dated later do not count for the rhythm
 */
export function documentOf(parsed: ParsedFeed, now: number): FeedDocument {
  const { episodes, ...metadata } = storable(parsed)
  const playable = episodes.flatMap((episode) => {
    const file = episode.enclosure ?? episode.alternates[0]
    return file ? [{ episode, enclosure: file.url }] : []
  })
  const published = playable
    .flatMap(({ episode }) => (episode.publishedAt !== null && episode.publishedAt <= now ? [episode.publishedAt] : []))
    .sort((a, b) => b - a)
    .slice(0, remembered)
  return {
    metadata,
    rhythm: { published, hints: metadata.rhythm, complete: metadata.complete },
    episodes: playable.map(({ episode, enclosure }, i) => ({
      name: { guid: episode.guid ?? '', enclosure },
      kept: kept(episode, enclosure, playable.length - i),
    })),
  }
}
