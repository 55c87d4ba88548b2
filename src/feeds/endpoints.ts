import { z } from 'zod'
import { answer, type Endpoint, endpoint } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { coverOf } from '../podcast/covers.ts'
import { feedName } from '../podcast/names.ts'
import type { FeedCard } from './asking.ts'

const coverExample = 'https://pods.example/covers/0197c0de-0000-7000-8000-000000000001?size='

const metadataOut = z
  .object({
    title: z
      .string()
      .nullable()
      .meta({ examples: ['Night and Day'] }),
    description: z
      .string()
      .nullable()
      .describe('Plain text.')
      .meta({ examples: ['What happens while you sleep.'] }),
    author: z
      .string()
      .nullable()
      .meta({ examples: ['Radio Nowhere'] }),
    cover: z
      .object({
        src: z.url().meta({ examples: [`${coverExample}600`] }),
        srcset: z.string().meta({ examples: [`${coverExample}300 300w, ${coverExample}600 600w`] }),
      })
      .nullable()
      .describe('Served by this instance, in several sizes; null where the feed names none.'),
    language: z
      .string()
      .nullable()
      .describe('BCP 47.')
      .meta({ examples: ['fr'] }),
    episodes_count: z
      .int()
      .min(0)
      .meta({ examples: [128] }),
  })
  .meta({ id: 'PodcastMetadata', description: 'What a feed says of itself; null for what it does not say.' })

export interface FeedEndpointParts {
  readonly publicUrl: string
  readonly ask: (feedUrl: string) => Promise<FeedCard | Refusal>
}

export const feedEndpoints = ({ publicUrl, ask }: FeedEndpointParts): readonly Endpoint[] => [
  endpoint({
    method: 'get',
    path: '/subscriptions/{feed}/metadata',
    summary: 'What a podcast says of itself',
    description:
      'Any feed, followed or not. One that is not known here is fetched, which takes up to 25 seconds; where that fails, ' +
      'the sentence of the error says why.',
    tag: 'Subscriptions',
    scope: 'user.subscriptions.read',
    limit: 20,
    params: z.object({ feed: feedName }),
    answers: { 200: z.object({ metadata: metadataOut }) },
    refusals: ['upstream'],
    async handle({ params }) {
      const card = await ask(params.feed)
      return isRefusal(card) ? card : answer(200, { metadata: showCard(publicUrl, card) })
    },
  }),
]

const showCard = (publicUrl: string, card: FeedCard): z.input<typeof metadataOut> => ({
  title: card.title,
  description: card.description,
  author: card.author,
  cover: card.hasCover ? coverOf(publicUrl, card.podcast) : null,
  language: card.language,
  episodes_count: card.episodes,
})
