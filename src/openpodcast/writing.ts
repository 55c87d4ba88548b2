import { z } from 'zod'
import type { Unit } from '../journal/unit.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { answer, type Endpoint, endpoint } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { readFeedUrl } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { instantOut } from '../podcast/times.ts'
import { type SubscriptionState, subscription } from '../subscriptions/index.ts'
import type { Deletion } from './deletions.ts'
import { type DoorParts, guidInPath } from './parts.ts'
import { notSubscribed, wasDeleted } from './reading.ts'
import { heardAt, isDeleted, presentGuid, type Standing, showSubscription, subscriptionOut } from './shown.ts'

const bodyLimit = 8 * 1024 * 1024

const standingOf = ({ active, subscribedAt, stamp }: SubscriptionState): Standing => ({
  active: active?.value ?? false,
  subscribedAt,
  stamp,
})

/** Follows or leaves a podcast now, in sight of how things stand. */
function turn(unit: Unit, podcast: PodcastId, active: boolean): Refusal | null {
  const at = unit.origin.now
  const known = unit.state(subscription, podcast).active
  const decided = unit.decide(subscription, podcast, {
    active,
    sourceId: null,
    at,
    sentAt: at,
    seen: everything,
    known,
  })
  return isRefusal(decided) ? decided : null
}

/** Why a subscription can't be changed; null where it can. */
function barred(unit: Unit, podcast: PodcastId, deletion: Deletion | undefined): Refusal | null {
  const state = unit.state(subscription, podcast)
  if (!state.active) return notSubscribed
  return isDeleted(standingOf(state), deletion) ? wasDeleted : null
}

const feedUrl = z.string().transform((text, ctx) => {
  const url = readFeedUrl(text)
  if (url !== null) return url
  ctx.addIssue({ code: 'custom', message: notFeed })
  return z.NEVER
})

const notFeed = 'is not the web address of a feed, scheme included'

const change = z
  .object({
    is_subscribed: z.boolean().optional(),
    new_feed_url: feedUrl.optional(),
    new_guid: z.guid().optional().describe('Read and not taken over: a guid counts when it stands in the feed.'),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), {
    message: 'needs is_subscribed, new_feed_url or new_guid',
  })

export function writingEndpoints({ listening, guids, deletions }: DoorParts): readonly Endpoint[] {
  const { journal, catalog } = listening
  return [
    endpoint({
      method: 'post',
      path: '/subscriptions',
      summary: 'Follow podcasts',
      description: 'Following what one follows changes nothing. The `guid` that counts is the one in the answer.',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.write',
      limit: 60,
      bodyLimit,
      body: z.object({
        subscriptions: z.array(
          z.object({
            feed_url: z.string(),
            guid: z.string().nullish().describe('Read and not taken over: a guid counts when it stands in the feed.'),
          }),
        ),
      }),
      answers: {
        200: z.object({
          success: z.array(subscriptionOut),
          failure: z.array(z.object({ feed_url: z.string(), message: z.string() })),
        }),
      },
      async handle({ body, origin }) {
        const read = body.subscriptions.map(({ feed_url }) => ({ feed_url, url: readFeedUrl(feed_url) }))
        const failure = read.filter(({ url }) => url === null).map(({ feed_url }) => ({ feed_url, message: notFeed }))
        const urls = read.flatMap(({ url }) => url ?? [])
        const podcasts = await catalog.podcasts(urls)
        const ids = [...new Set(podcasts.values())]
        const told = await guids.of(ids)
        return journal.commit(origin, async (unit) => {
          await unit.load(subscription, ids)
          for (const id of ids) {
            const refusal = turn(unit, id, true)
            if (refusal) return refusal
          }
          const success = urls.map((url) => {
            const id = podcasts.get(url) as PodcastId
            const standing = standingOf(unit.state(subscription, id))
            const chain = told.get(id)
            return showSubscription({ feedUrl: url, standing, guids: chain, guid: presentGuid(chain).guid })
          })
          return answer(200, { success, failure })
        })
      },
    }),
    endpoint({
      method: 'patch',
      path: '/subscriptions/{guid}',
      summary: 'Follow or leave a podcast, or follow it at another address',
      description:
        'At another address it is another podcast as long as the server has not seen the feed move: the old one is left and the new one followed, at once. The answer holds what changed.',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.write',
      limit: 60,
      params: guidInPath,
      body: change,
      answers: {
        200: z.object({
          new_feed_url: z.string().optional(),
          is_subscribed: z.boolean().optional(),
          subscription_changed: instantOut.optional(),
          guid_changed: instantOut.optional(),
          new_guid: z.guid().optional(),
        }),
      },
      refusals: ['gone'],
      async handle({ params, body, caller, origin }) {
        const podcast = await guids.podcast(params.guid)
        if (podcast === null) return notSubscribed
        const deletion = (await deletions.of(caller.user)).get(podcast)
        const { new_feed_url: url, is_subscribed } = body
        const target = url === undefined ? podcast : ((await catalog.podcasts([url])).get(url) as PodcastId)
        const own = presentGuid((await guids.of([target])).get(target)).guid
        return journal.commit(origin, async (unit) => {
          await unit.load(subscription, [...new Set([podcast, target])])
          const refusal = barred(unit, podcast, deletion)
          if (refusal) return refusal
          const wanted = is_subscribed ?? unit.state(subscription, podcast).active?.value ?? false
          const moves = target !== podcast && wanted
          const refused =
            (moves ? turn(unit, target, true) : null) ??
            (moves || is_subscribed !== undefined ? turn(unit, podcast, wanted && !moves) : null)
          if (refused) return refused
          const changed = heardAt(unit.state(subscription, moves ? target : podcast).stamp)
          return answer(200, {
            ...(moves && { new_feed_url: url, new_guid: own, guid_changed: changed }),
            ...(is_subscribed !== undefined && { is_subscribed }),
            ...((moves || is_subscribed !== undefined) && { subscription_changed: changed }),
          })
        })
      },
    }),
    endpoint({
      method: 'delete',
      path: '/subscriptions/{guid}',
      summary: 'Leave a podcast and take it out of the answers',
      description: 'It is 410 from then on, until somebody of the listener’s apps follows it again.',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.write',
      limit: 60,
      params: guidInPath,
      answers: { 202: z.object({ deletion_id: z.int(), message: z.string() }) },
      refusals: ['gone'],
      async handle({ params, caller, origin }) {
        const podcast = await guids.podcast(params.guid)
        if (podcast === null) return notSubscribed
        const before = (await deletions.of(caller.user)).get(podcast)
        let made: { id: number; deletion: Deletion } | undefined
        // Without the key: were the first try cut off between leaving and deleting, a repeat must do what is left.
        const said = await journal.commit({ ...origin, request: null }, async (unit) => {
          await unit.load(subscription, [podcast])
          const refusal = barred(unit, podcast, before) ?? turn(unit, podcast, false)
          if (refusal) return refusal
          const { number, stamp, unsubscribedAt } = unit.state(subscription, podcast)
          // On the line of the stamps, which may run ahead of the clock: who asks `since` the newest must hear of it.
          const deletedAt = Math.max(origin.now, Math.max(unit.head.lastStamp, stamp) * 1000)
          made = { id: number, deletion: { podcast, leftAt: unsubscribedAt ?? origin.now, deletedAt } }
          return answer(202, { deletion_id: number, message: 'The subscription is deleted.' })
        })
        if (made && !isRefusal(said)) await deletions.add(caller.user, made.id, made.deletion)
        return said
      },
    }),
  ]
}
