import type pg from 'pg'
import { z } from 'zod'
import type { Brief } from '../http/brief.ts'
import { limit } from '../http/schemas.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { type Answer, type Endpoint, publicEndpoint } from '../kernel/endpoint.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { type EpisodeName, feedName, itemName } from '../podcast/names.ts'
import { shownNames } from '../podcast/shown.ts'
import type { TitlesOf } from '../podcast/titles.ts'
import { recentPeople } from '../timeline/queries.ts'
import { knownToOthers, popularityOf, relatedTo, trending, windows } from './queries.ts'
import {
  episodePopularityOut,
  podcastPopularityOut,
  relatedPodcastOut,
  showEpisodePopularity,
  showPodcastPopularity,
  showTrendingEpisode,
  showTrendingPodcast,
  trendingEpisodeOut,
  trendingPodcastOut,
} from './shown.ts'

export interface PublicEndpointParts {
  readonly projections: pg.Pool
  readonly catalog: Catalog
  readonly titlesOf: TitlesOf
  readonly brief: Brief
}

const scope = z
  .enum(['local', 'federated'])
  .default('local')
  .describe(
    'Of this instance, or of those too that it exchanges figures with, which they do by the week: not of a day.',
  )

const ranking = z.object({
  limit: limit(100, 20),
  feed: feedName.optional(),
  window: z.enum(windows).default('week').describe('The last 24 hours, 7 days or 30 days; `all` is all time.'),
  scope,
})

const common = { tag: 'Public', limit: 60 } as const

export function popularityEndpoints({
  projections,
  catalog,
  titlesOf,
  brief,
}: PublicEndpointParts): readonly Endpoint[] {
  const named = async (podcasts: readonly string[], episodes: readonly string[] = []) => ({
    names: await shownNames(catalog, podcasts, episodes),
    titles: await titlesOf(podcasts, episodes),
  })

  /** What is asked for by a feed that nobody ever named is like what nobody lets others know of. */
  async function best(what: 'podcasts' | 'episodes', asked: z.output<typeof ranking>): Promise<Answer> {
    return brief.of(JSON.stringify(['trending', what, asked]), async () => {
      const podcast = asked.feed === undefined ? null : await catalog.knownPodcast(asked.feed)
      const nobodys = asked.feed !== undefined && podcast === null
      const found = nobodys ? [] : await trending(projections, what, { ...asked, podcast })
      const podcasts = found.map((row) => row.podcast)
      if (what === 'podcasts') {
        const { names, titles } = await named(podcasts)
        return { podcasts: found.map((row) => showTrendingPodcast(row, names, titles)) }
      }
      const { names, titles } = await named(
        podcasts,
        found.map((row) => row.target),
      )
      return { episodes: found.map((row) => showTrendingEpisode(row, names, titles)) }
    })
  }

  /** The episode that is meant, of those that somebody lets others know of: the others are nobody's business. */
  async function locate(item: EpisodeName, feed: string | undefined): Promise<EpisodeId | null | Refusal> {
    const podcast = feed === undefined ? null : await catalog.knownPodcast(feed)
    const named = (await catalog.knownEpisodes(item)).filter((k) => feed === undefined || k.podcast === podcast)
    const known = await knownToOthers(
      projections,
      named.map((k) => k.episode),
    )
    const [first, second] = [...known]
    if (second !== undefined)
      return refuse('conflict', 'This episode is known under several feeds; name one with ?feed=.')
    return first ?? null
  }

  const peopleOf = async (of: { readonly podcast: PodcastId } | { readonly episode: EpisodeId }) => ({
    plays_people: await recentPeople(projections, 'play', of),
    likes_people: await recentPeople(projections, 'save', of),
  })
  const nobody = { plays_people: [], likes_people: [] }

  return [
    publicEndpoint({
      ...common,
      path: '/public/trending/podcasts',
      summary: 'The podcasts that listeners here love at the moment',
      description: 'Listeners who chose to be private count for nothing, anonymous ones count without their name.',
      query: ranking,
      answers: { 200: z.object({ podcasts: z.array(trendingPodcastOut) }) },
      handle: ({ query }) => best('podcasts', query),
    }),
    publicEndpoint({
      ...common,
      path: '/public/trending/episodes',
      summary: 'The episodes that listeners here love at the moment',
      description: 'With `feed` those of one podcast.',
      query: ranking,
      answers: { 200: z.object({ episodes: z.array(trendingEpisodeOut) }) },
      handle: ({ query }) => best('episodes', query),
    }),
    publicEndpoint({
      ...common,
      path: '/public/feed/{feed}/popularity',
      summary: 'How popular a podcast is',
      params: z.object({ feed: feedName }),
      query: z.object({ scope }),
      answers: { 200: z.object({ podcast: podcastPopularityOut }) },
      handle: ({ params: { feed }, query }) =>
        brief.of(JSON.stringify(['feed', feed, query]), async () => {
          const podcast = await catalog.knownPodcast(feed)
          const row = podcast && (await popularityOf(projections, podcast))
          const { names, titles } = await named(row ? [row.podcast] : [])
          const people = row ? await peopleOf({ podcast: row.podcast }) : nobody
          return { podcast: showPodcastPopularity(row, people, names, titles) }
        }),
    }),
    publicEndpoint({
      ...common,
      path: '/public/episode/{item}/popularity',
      summary: 'How popular an episode is',
      params: z.object({ item: itemName }),
      query: z.object({ feed: feedName.optional(), scope }),
      answers: { 200: z.object({ episode: episodePopularityOut }) },
      refusals: ['conflict'],
      async handle({ params: { item }, query }) {
        const episode = await locate(item, query.feed)
        if (typeof episode === 'object' && episode !== null) return episode
        return brief.of(JSON.stringify(['episode', episode, query.scope]), async () => {
          const row = episode && (await popularityOf(projections, episode))
          const { names, titles } = await named(row ? [row.podcast] : [], row ? [row.target] : [])
          const people = row && episode ? await peopleOf({ episode }) : nobody
          return { episode: showEpisodePopularity(row, people, names, titles) }
        })
      },
    }),
    publicEndpoint({
      ...common,
      path: '/public/feed/{feed}/related',
      summary: 'What listeners of a podcast also listen to',
      description: 'What at least three of them follow who do not hide it, the most telling first.',
      params: z.object({ feed: feedName }),
      query: z.object({ limit: limit(50, 10) }),
      answers: { 200: z.object({ podcasts: z.array(relatedPodcastOut) }) },
      handle: ({ params: { feed }, query }) =>
        brief.of(JSON.stringify(['related', feed, query]), async () => {
          const podcast = await catalog.knownPodcast(feed)
          const found = podcast === null ? [] : await relatedTo(projections, podcast, query.limit)
          const { names, titles } = await named(found.map((row) => row.podcast))
          return {
            podcasts: found.map((row) => ({
              rss_source_feed: names.feed(row.podcast),
              rss_feed_title: titles.feed(row.podcast),
              people: row.people,
            })),
          }
        }),
    }),
  ]
}
