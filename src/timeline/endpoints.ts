import type pg from 'pg'
import { z } from 'zod'
import type { Brief } from '../http/brief.ts'
import { limit } from '../http/schemas.ts'
import { type Endpoint, publicEndpoint } from '../kernel/endpoint.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { feedName } from '../podcast/names.ts'
import { shownNames } from '../podcast/shown.ts'
import type { TitlesOf } from '../podcast/titles.ts'
import { timelinePage } from './queries.ts'
import { cursor, eventType, formatCursor, showTimelineEvent, timelineEventOut } from './shown.ts'

export interface TimelineParts {
  readonly projections: pg.Pool
  readonly catalog: Catalog
  readonly titlesOf: TitlesOf
  readonly brief: Brief
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** How far back the timeline reaches; as long as the journal keeps everything in detail. */
const reach = 45 * 86_400_000
/** Who wants more turns pages by the cursor, which costs the same on every page. */
const mostOffset = 10_000

const asked = z.object({
  limit: limit(100, 20),
  before: cursor.optional(),
  offset: z.coerce.number().int().min(0).max(mostOffset).default(0).describe('For older apps; `before` costs less.'),
  event_type: eventType.optional(),
  feed: feedName.optional(),
  user: z
    .string()
    .max(64)
    .optional()
    .describe('A handle, with or without `@`.')
    .meta({ examples: ['ada'] }),
  scope: z.enum(['local', 'federated']).default('local'),
})

export function timelineEndpoints({
  projections,
  catalog,
  titlesOf,
  brief,
  clock,
}: TimelineParts): readonly Endpoint[] {
  async function page(query: z.output<typeof asked>) {
    const podcast = query.feed === undefined ? null : await catalog.knownPodcast(query.feed)
    const nobodys = query.feed !== undefined && podcast === null
    const { limit: most, offset, before = null } = query
    const filter = {
      kind: query.event_type ?? null,
      podcast,
      handle: query.user === undefined ? null : query.user.trim().replace(/^@/, '').toLowerCase(),
    }
    // One more than asked for tells whether there is a next page.
    const wanted = { limit: most + 1, offset, before, ...filter, since: clock() - reach }
    const found = nobodys ? [] : await timelinePage(projections, wanted)
    const shown = found.slice(0, most)
    const podcasts = shown.map((row) => row.podcast)
    const episodes = shown.flatMap((row) => row.episode ?? [])
    const names = await shownNames(catalog, podcasts, episodes)
    const titles = await titlesOf(podcasts, episodes)
    const last = found.length > most ? shown.at(-1) : undefined
    return { events: shown.map((row) => showTimelineEvent(row, names, titles)), next: last ? formatCursor(last) : null }
  }

  return [
    publicEndpoint({
      path: '/public/timeline',
      summary: 'What listeners here let others know, the newest first',
      description:
        'By handle where a listener chose to be public. Of those who chose to be anonymous a group is told, once ' +
        'three did the same. It reaches back 45 days.',
      tag: 'Public',
      limit: 60,
      query: asked,
      answers: {
        200: z.object({
          events: z.array(timelineEventOut),
          next: z
            .string()
            .nullable()
            .meta({ examples: [null] }),
        }),
      },
      handle: ({ query }) => brief.of(JSON.stringify(['timeline', query]), () => page(query)),
    }),
  ]
}
