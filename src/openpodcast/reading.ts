import { z } from 'zod'
import { movedFeedsSince } from '../feeds/queries.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import { answer, type Endpoint, endpoint } from '../kernel/endpoint.ts'
import { refuse } from '../kernel/refusal.ts'
import { everSubscribed, type StampedSubscription } from '../subscriptions/queries.ts'
import { type DoorParts, guidInPath } from './parts.ts'
import { guidAsOf, isDeleted, type Standing, showSubscription, subscriptionOut } from './shown.ts'

const aDay = /^\d{4}-\d\d-\d\d$/

/** RFC 3339 as apps write it, of whatever year: a day is its start, a time without a zone is UTC, a blank was a `+`. */
const since = z
  .string()
  .transform((text) => (aDay.test(text) ? `${text}T00:00:00Z` : text.replace(' ', '+')))
  .pipe(z.iso.datetime({ offset: true, local: true }))
  .transform((text) => Date.parse(/(?:z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`))
  .describe('Only what the server heard of at this time or later.')

const mostPerPage = 1000

const listQuery = z.object({
  since: since.optional(),
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  per_page: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .transform((wanted) => Math.min(wanted, mostPerPage)),
})

const standingOf = ({ active, subscribed_at, stamp }: StampedSubscription): Standing => ({
  active,
  subscribedAt: subscribed_at === null ? null : new Date(subscribed_at).getTime(),
  stamp,
})

/** A client's clock counts finer than stamps do: its time is rounded down, so that nothing at the boundary is lost. */
const notBefore = (ms: number, from: number): boolean => ms >= Math.floor(from / 1000) * 1000

export const notSubscribed = refuse('not_found', 'There is no subscription with this guid.')
export const wasDeleted = refuse('gone', 'The subscription has been deleted.')

export function readingEndpoints({ listening, guids, deletions, publicUrl }: DoorParts): readonly Endpoint[] {
  const { catalog, reading } = listening

  /** What the listener follows or has left, and what was deleted of it. */
  async function allOf(user: UserId) {
    const found = await everSubscribed(await reading(user), user)
    return { found, deleted: await deletions.of(user) }
  }

  async function feedUrls(podcasts: readonly PodcastId[]) {
    const entries = await catalog.podcastEntries(podcasts)
    return (podcast: PodcastId): string => {
      const entry = entries.get(podcast)
      if (!entry) throw new Error(`${podcast} is not in the catalog`)
      return entry.feedUrl
    }
  }

  return [
    endpoint({
      method: 'get',
      path: '/subscriptions',
      summary: 'The listener’s subscriptions, those that were left included',
      description: `At most ${mostPerPage} a page. What was deleted is told to those who ask \`since\` a time.`,
      tag: 'Subscriptions',
      scope: 'user.subscriptions.read',
      limit: 100,
      query: listQuery,
      answers: {
        200: z.object({
          total: z.int(),
          page: z.int(),
          per_page: z.int(),
          next: z.string().optional(),
          previous: z.string().optional(),
          subscriptions: z.array(subscriptionOut),
        }),
      },
      async handle({ caller, query: { since: from, page, per_page } }) {
        const { found, deleted } = await allOf(caller.user)
        const told = await guids.of(found.map((row) => row.podcast_id))
        const moved =
          from === undefined
            ? []
            : await movedFeedsSince(await reading(caller.user), caller.user, Math.floor(from / 1000))
        const movedAt = new Map(moved.map((row) => [row.podcast_id, row.stamp]))
        const wanted = found.filter((row) => {
          const standing = standingOf(row)
          const deletion = deleted.get(row.podcast_id)
          if (from === undefined) return !isDeleted(standing, deletion)
          const chain = told.get(row.podcast_id) ?? []
          return (
            notBefore(Math.max(standing.stamp, movedAt.get(row.podcast_id) ?? 0) * 1000, from) ||
            (isDeleted(standing, deletion) && notBefore(deletion.deletedAt, from)) ||
            (chain.length > 1 && notBefore(chain.at(-1)?.seenAt ?? 0, from))
          )
        })
        const shown = wanted.slice((page - 1) * per_page, page * per_page)
        const feedUrl = await feedUrls(shown.map((row) => row.podcast_id))
        const link = (to: number): string => {
          const at = from === undefined ? {} : { since: new Date(from).toISOString() }
          const query = new URLSearchParams({ ...at, page: String(to), per_page: String(per_page) })
          return `${publicUrl.replace(/\/+$/, '')}/v1/subscriptions?${query}`
        }
        return answer(200, {
          total: wanted.length,
          page,
          per_page,
          ...(page * per_page < wanted.length && { next: link(page + 1) }),
          ...(page > 1 && { previous: link(page - 1) }),
          subscriptions: shown.map((row) => {
            const chain = told.get(row.podcast_id)
            return showSubscription({
              feedUrl: feedUrl(row.podcast_id),
              standing: {
                ...standingOf(row),
                stamp: Math.max(standingOf(row).stamp, movedAt.get(row.podcast_id) ?? 0),
              },
              guids: chain,
              guid: guidAsOf(chain, from),
              deletion: deleted.get(row.podcast_id),
            })
          }),
        })
      },
    }),
    endpoint({
      method: 'get',
      path: '/subscriptions/{guid}',
      summary: 'One subscription',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.read',
      limit: 300,
      params: guidInPath,
      answers: { 200: subscriptionOut },
      refusals: ['gone'],
      async handle({ caller, params: { guid } }) {
        const podcast = await guids.podcast(guid)
        if (podcast === null) return notSubscribed
        const { found, deleted } = await allOf(caller.user)
        const row = found.find((each) => each.podcast_id === podcast)
        const deletion = deleted.get(podcast)
        // Of what was left long ago nothing remains but that it was deleted.
        if (!row) return deletion ? wasDeleted : notSubscribed
        const standing = standingOf(row)
        if (isDeleted(standing, deletion)) return wasDeleted
        const feedUrl = (await feedUrls([podcast]))(podcast)
        return answer(
          200,
          showSubscription({ feedUrl, standing, guids: (await guids.of([podcast])).get(podcast), guid }),
        )
      },
    }),
    endpoint({
      method: 'get',
      path: '/deletions/{id}',
      summary: 'What became of a deletion',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.read',
      limit: 300,
      params: z.object({
        id: z
          .string()
          .regex(/^\d{1,15}$/, 'is no number')
          .transform(Number),
      }),
      answers: {
        200: z.object({ deletion_id: z.int(), status: z.enum(['SUCCESS', 'FAILURE', 'PENDING']), message: z.string() }),
      },
      async handle({ caller, params: { id } }) {
        if (!(await deletions.has(caller.user, id))) return refuse('not_found', 'There is no deletion with this id.')
        return answer(200, { deletion_id: id, status: 'SUCCESS', message: 'The subscription was deleted.' })
      },
    }),
  ]
}
