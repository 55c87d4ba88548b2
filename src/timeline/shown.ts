import { z } from 'zod'
import { feedOut, itemOut } from '../podcast/names.ts'
import type { ShownNames } from '../podcast/shown.ts'
import { instantOut, isoTime } from '../podcast/times.ts'
import type { Titles } from '../podcast/titles.ts'
import { contributionKinds } from '../popularity/events.ts'
import type { Place, TimelineRow } from './queries.ts'

export const eventType = z.enum(contributionKinds)

export const timelineEventOut = z
  .object({
    id: z.uuid(),
    event_type: eventType.meta({ description: 'play: listened to enough of it, or finished it' }),
    at: instantOut.describe('Of a group the day of the newest.'),
    rss_source_feed: feedOut,
    rss_source_item: itemOut.nullable().describe('Null of a subscription.'),
    rss_feed_title: z
      .string()
      .nullable()
      .meta({ examples: ['A podcast'] }),
    rss_item_title: z
      .string()
      .nullable()
      .meta({ examples: ['An episode'] }),
    user: z
      .string()
      .nullable()
      .describe('The handle of the listener; null of a group.')
      .meta({ examples: ['ada'] }),
    people: z.int().min(1).describe('How many: 1, or at least 3 who keep their names to themselves.'),
    comment: z
      .string()
      .nullable()
      .describe('What they said when they shared it.')
      .meta({ examples: [null] }),
  })
  .meta({ id: 'TimelineEvent' })

export const showTimelineEvent = (
  row: TimelineRow,
  names: ShownNames,
  titles: Titles,
): z.input<typeof timelineEventOut> => ({
  id: row.id,
  event_type: row.kind,
  at: isoTime(row.at),
  rss_source_feed: names.feed(row.podcast),
  rss_source_item: row.episode && names.item(row.episode),
  rss_feed_title: titles.feed(row.podcast),
  rss_item_title: row.episode && titles.item(row.episode),
  user: row.handle,
  people: row.people,
  comment: row.comment,
})

/** Where a page ended, opaque to apps; what comes in above does not move it. */
export const formatCursor = ({ at, id }: Place): string => `t${at.toString(36)}.${id.replaceAll('-', '')}`

export const cursor = z
  .string()
  .regex(/^t[0-9a-z]{1,9}\.[0-9a-f]{32}$/, 'is not a cursor that this server gave')
  .describe('`next` of the page before.')
  .transform((text): Place => {
    const [time = '', hex = ''] = text.slice(1).split('.')
    const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
    // Beyond the newest there is but the newest; PostgreSQL's time ends somewhere.
    return { at: Math.min(Number.parseInt(time, 36), Date.UTC(2300, 0, 1)), id }
  })
