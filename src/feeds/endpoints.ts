import { z } from 'zod'
import { type Answer, answer, type Endpoint, endpoint, publicEndpoint } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { coverOf } from '../podcast/covers.ts'
import { type EpisodeName, feedName, itemName } from '../podcast/names.ts'
import { privateReason } from '../podcast/private-urls.ts'
import type { FeedCard } from './asking.ts'
import type { FeedProxy } from './passing/proxy.ts'

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
  readonly proxy: Pick<FeedProxy, 'pass'>
}

const xml = z
  .string()
  .meta({ examples: ['<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>…</channel></rss>'] })

const proxied = {
  tag: 'Feeds',
  limit: 60,
  answerType: 'application/xml',
  answers: { 200: xml },
  refusals: ['upstream', 'not_found'],
} as const

export const feedEndpoints = ({ publicUrl, ask, proxy }: FeedEndpointParts): readonly Endpoint[] => [
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
  publicEndpoint({
    ...proxied,
    path: '/rss/proxy/{feed}',
    summary: 'A feed, for pages that may not read it where it is',
    description:
      'As it is written, in UTF-8. Kept for five minutes. Nothing but feeds is passed on, of up to 20 MB, and none whose ' +
      'URL holds a name or a password.',
    params: z.object({ feed: feedName }),
    handle: ({ params }) => passedOn(proxy, params.feed, null),
  }),
  publicEndpoint({
    ...proxied,
    path: '/rss/proxy/{feed}/{item}',
    summary: 'A feed with one of its episodes alone',
    description: 'The episode of that guid, else of that enclosure. Nothing else is left out.',
    params: z.object({ feed: feedName, item: itemName }),
    handle: ({ params }) => passedOn(proxy, params.feed, params.item),
  }),
]

/** Whatever a stranger's document holds, no browser shall run it as if it were this instance's own. */
const inert = "sandbox; default-src 'none'; frame-ancestors 'none'"

async function passedOn(proxy: FeedEndpointParts['proxy'], feed: string, only: EpisodeName | null) {
  const passed = await proxy.pass(feed, only)
  if (isRefusal(passed)) return passed
  const { bytes, etag } = passed
  const shared = privateReason(feed) === null ? 'public' : 'private'
  const headers = { ETag: etag, 'Cache-Control': `${shared}, max-age=300`, 'Content-Security-Policy': inert }
  return answer(200, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), headers) satisfies Answer
}

const showCard = (publicUrl: string, card: FeedCard): z.input<typeof metadataOut> => ({
  title: card.title,
  description: card.description,
  author: card.author,
  cover: card.hasCover ? coverOf(publicUrl, card.podcast) : null,
  language: card.language,
  episodes_count: card.episodes,
})
