import { z } from 'zod'
import { feedOut, itemOut } from '../podcast/names.ts'
import type { ShownNames } from '../podcast/shown.ts'
import type { Titles } from '../podcast/titles.ts'
import type { PopularityRow, RankedRow } from './queries.ts'

const score = z
  .number()
  .min(0)
  .meta({
    description: 'Points: a subscription 10, a play 5, a save 3, a share 2, each once a person; in a window they fade.',
    examples: [42.5],
  })
const count = z.int().min(0)
const title = z
  .string()
  .nullable()
  .meta({ examples: ['A podcast'] })

const figures = {
  score,
  score_previous: score,
  plays: count,
  plays_previous: count,
  likes: count.meta({ description: 'How many saved it.' }),
  likes_previous: count,
}
const ranks = {
  rank: z.int().min(1),
  rank_previous: z
    .int()
    .min(1)
    .nullable()
    .meta({ description: 'Null where it was not there.', examples: [3] }),
  rank_change: z
    .int()
    .nullable()
    .meta({ description: 'Positive where it rose.', examples: [2] }),
}

export const trendingPodcastOut = z
  .object({ ...ranks, rss_source_feed: feedOut, rss_feed_title: title, ...figures })
  .meta({ id: 'TrendingPodcast' })

export const trendingEpisodeOut = z
  .object({
    ...ranks,
    rss_source_feed: feedOut,
    rss_source_item: itemOut,
    rss_feed_title: title,
    rss_item_title: title,
    ...figures,
  })
  .meta({ id: 'TrendingEpisode' })

const people = z
  .array(z.string())
  .max(10)
  .meta({ examples: [['ada', 'blaise']] })
const peopleFields = {
  plays_people: people.describe('Handles of those who played it last and let others know, the newest first.'),
  likes_people: people.describe('Likewise of those who saved it.'),
}

export const podcastPopularityOut = z
  .object({
    rss_source_feed: feedOut.nullable().describe('Null where nobody lets others know of it.'),
    rss_feed_title: title,
    ...figures,
    ...peopleFields,
  })
  .meta({ id: 'PodcastPopularity', description: 'Of all time, beside a week ago.' })

export const episodePopularityOut = z
  .object({
    rss_source_feed: feedOut.nullable().describe('Null where nobody lets others know of it.'),
    rss_source_item: itemOut.nullable(),
    rss_feed_title: title,
    rss_item_title: title,
    ...figures,
    ...peopleFields,
  })
  .meta({ id: 'EpisodePopularity', description: 'Of all time, beside a week ago.' })

export const relatedPodcastOut = z
  .object({
    rss_source_feed: feedOut,
    rss_feed_title: title,
    people: z.int().min(3).describe('How many follow both and do not hide it.'),
  })
  .meta({ id: 'RelatedPodcast' })

const showFigures = (row: PopularityRow | null) => ({
  score: (row?.score ?? 0) / 1000,
  score_previous: (row?.score_previous ?? 0) / 1000,
  plays: row?.plays ?? 0,
  plays_previous: row?.plays_previous ?? 0,
  likes: row?.likes ?? 0,
  likes_previous: row?.likes_previous ?? 0,
})

const showRanks = ({ rank, rank_previous }: RankedRow) => ({
  rank,
  rank_previous,
  rank_change: rank_previous === null ? null : rank_previous - rank,
})

/** Who is told of by name. */
interface People {
  readonly plays_people: string[]
  readonly likes_people: string[]
}

export const showTrendingPodcast = (
  row: RankedRow,
  names: ShownNames,
  titles: Titles,
): z.input<typeof trendingPodcastOut> => ({
  ...showRanks(row),
  rss_source_feed: names.feed(row.podcast),
  rss_feed_title: titles.feed(row.podcast),
  ...showFigures(row),
})

export const showTrendingEpisode = (
  row: RankedRow,
  names: ShownNames,
  titles: Titles,
): z.input<typeof trendingEpisodeOut> => ({
  ...showRanks(row),
  rss_source_feed: names.feed(row.podcast),
  rss_source_item: names.item(row.target),
  rss_feed_title: titles.feed(row.podcast),
  rss_item_title: titles.item(row.target),
  ...showFigures(row),
})

/** A podcast's popularity; of one that nobody lets others know of nothing but zeros, whether it is known here or not. */
export const showPodcastPopularity = (
  row: PopularityRow | null,
  people: People,
  names: ShownNames,
  titles: Titles,
): z.input<typeof podcastPopularityOut> => ({
  rss_source_feed: row && names.feed(row.podcast),
  rss_feed_title: row && titles.feed(row.podcast),
  ...showFigures(row),
  ...people,
})

export const showEpisodePopularity = (
  row: PopularityRow | null,
  people: People,
  names: ShownNames,
  titles: Titles,
): z.input<typeof episodePopularityOut> => ({
  rss_source_feed: row && names.feed(row.podcast),
  rss_source_item: row && names.item(row.target),
  rss_feed_title: row && titles.feed(row.podcast),
  rss_item_title: row && titles.item(row.target),
  ...showFigures(row),
  ...people,
})
