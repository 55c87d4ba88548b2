import { z } from 'zod'
import { limit } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import { answer, type Endpoint, endpoint } from '../kernel/endpoint.ts'
import { isRefusal } from '../kernel/refusal.ts'
import { coverOf } from '../podcast/covers.ts'
import { encodeFeed, encodeItem, feedOut, itemOut } from '../podcast/names.ts'
import { shownTimeOrNull } from '../podcast/shown.ts'
import { episodeWords, podcastWords } from './queries.ts'
import { type SearchParts, search } from './search.ts'

/** No more is looked through than that. */
const mostOffset = 2_000

const cursor = z
  .string()
  .regex(/^s[0-9a-z]{1,3}$/, 'is not a cursor that this server gave')
  .describe('`next` of the page before.')
  .transform((text) => Number.parseInt(text.slice(1), 36))

const title = z
  .string()
  .nullable()
  .meta({ examples: ['A podcast'] })

const foundPodcastOut = z
  .object({
    rss_source_feed: feedOut,
    rss_feed_title: title,
    author: z
      .string()
      .nullable()
      .meta({ examples: ['Somebody'] }),
    description: z
      .string()
      .nullable()
      .describe('Plain text, at most its first 500 characters.')
      .meta({ examples: ['What it is about'] }),
    cover: z.object({ src: z.string(), srcset: z.string() }).nullable().describe('Null where the feed names none.'),
    subscribed: z.boolean().describe('Whether the listener follows it.'),
  })
  .meta({ id: 'FoundPodcast' })

const foundEpisodeOut = z
  .object({
    rss_source_feed: feedOut,
    rss_source_item: itemOut,
    rss_item_title: title,
    rss_feed_title: title,
    published_at: z
      .string()
      .nullable()
      .meta({ examples: ['2026-01-01T10:00:00.000Z'] }),
    duration: z
      .int()
      .nullable()
      .describe('Seconds.')
      .meta({ examples: [1800] }),
  })
  .meta({ id: 'FoundEpisode' })

export interface SearchEndpointParts extends Listening, Omit<SearchParts, 'projections'> {
  readonly publicUrl: string
}

export function searchEndpoints(parts: SearchEndpointParts): readonly Endpoint[] {
  const { cache, catalog, reading, publicUrl } = parts
  return [
    endpoint({
      method: 'get',
      path: '/search',
      summary: 'Podcasts and episodes known here, by their words',
      description:
        'Looks in titles, authors, categories and descriptions, in French and English at once, without minding accents. ' +
        'The last word may be the beginning of one; "a phrase", -without and this or that are understood. Finds what ' +
        'the listener follows or has played, and what others here let anybody know of.',
      tag: 'Search',
      scope: 'any',
      limit: 60,
      query: z.object({
        q: z
          .string()
          .trim()
          .min(1)
          .max(200)
          .meta({ examples: ['histoire'] }),
        limit: limit(50, 20).describe('Of podcasts, and of episodes.'),
        before: cursor.optional(),
      }),
      answers: {
        200: z.object({
          podcasts: z.array(foundPodcastOut),
          episodes: z.array(foundEpisodeOut),
          next: z
            .string()
            .nullable()
            .describe('For `before`, to go on; null at the end.')
            .meta({ examples: ['sk'] }),
        }),
      },
      async handle({ query: { q, limit: most, before: offset = 0 }, caller: { user } }) {
        const db = await reading(user)
        const found = await search({ ...parts, projections: db }, q, { user, db })
        if (isRefusal(found)) return found
        const podcasts = found.podcasts.slice(offset, offset + most)
        const episodes = found.episodes.slice(offset, offset + most)
        const about = await podcastWords(
          cache,
          [...podcasts, ...episodes].map(({ podcast }) => podcast),
        )
        const of = await episodeWords(cache, episodes)
        const feeds = await catalog.podcastEntries(about.keys())
        const items = await catalog.episodeEntries(of.keys())
        const next = offset + most
        const more = next < Math.min(mostOffset, Math.max(found.podcasts.length, found.episodes.length))
        return answer(200, {
          podcasts: podcasts.flatMap(({ podcast }) => {
            const feed = feeds.get(podcast)
            const said = about.get(podcast)
            if (!feed || !said) return []
            return [
              {
                rss_source_feed: encodeFeed(feed.feedUrl),
                rss_feed_title: said.title,
                author: said.author,
                description: said.description,
                cover: said.hasCover ? coverOf(publicUrl, podcast) : null,
                subscribed: found.follows(podcast),
              },
            ]
          }),
          episodes: episodes.flatMap(({ podcast, episode }) => {
            const feed = feeds.get(podcast)
            const item = items.get(episode)
            const said = of.get(episode)
            if (!feed || !item || !said) return []
            return [
              {
                rss_source_feed: encodeFeed(feed.feedUrl),
                rss_source_item: encodeItem(item),
                rss_item_title: said.title,
                rss_feed_title: about.get(podcast)?.title ?? null,
                published_at: shownTimeOrNull(said.publishedAt),
                duration: said.duration,
              },
            ]
          }),
          next: more ? `s${next.toString(36)}` : null,
        })
      },
    }),
  ]
}
