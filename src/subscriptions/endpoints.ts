import { z } from 'zod'
import { successOut, words } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import { answer, type Endpoint, endpoint, success } from '../kernel/endpoint.ts'
import { isRefusal } from '../kernel/refusal.ts'
import { feedName } from '../podcast/names.ts'
import { everything, type Seen } from '../podcast/seen.ts'
import { titledNames } from '../podcast/shown.ts'
import { instant } from '../podcast/times.ts'
import { subscription } from './decider.ts'
import { subscriptionsOf } from './queries.ts'
import { showSubscription, subscriptionOut } from './shown.ts'

export function subscriptionEndpoints({ journal, catalog, titlesOf, reading }: Listening): readonly Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/subscriptions',
      summary: 'The podcasts the listener follows, newest first',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.read',
      limit: 100,
      answers: { 200: z.object({ subscriptions: z.array(subscriptionOut) }) },
      async handle({ caller }) {
        const found = await subscriptionsOf(await reading(caller.user), caller.user)
        const names = await titledNames(
          { catalog, titlesOf },
          found.map((row) => row.podcast_id),
        )
        return answer(200, { subscriptions: found.map((row) => showSubscription(caller.user, row, names)) })
      },
    }),
    endpoint({
      method: 'post',
      path: '/subscriptions',
      summary: 'Follow a podcast',
      description:
        'Following what one follows changes nothing. With `subscribed_at` the newer of the two edits stands.',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.write',
      limit: 30,
      body: z.object({
        rss_source_feed: feedName,
        rss_source_id: words(255).nullish(),
        subscribed_at: instant.nullish(),
      }),
      answers: { 200: successOut },
      async handle({ body, origin }) {
        const podcast = (await catalog.podcasts([body.rss_source_feed])).get(body.rss_source_feed) ?? ''
        return journal.commit(origin, async (unit) => {
          await unit.load(subscription, [podcast])
          const at = Math.min(body.subscribed_at ?? origin.now, origin.now)
          const seen: Seen = typeof body.subscribed_at === 'number' ? { what: 'unknown' } : everything
          const known = unit.state(subscription, podcast).active
          const sourceId = body.rss_source_id ?? null
          const decided = unit.decide(subscription, podcast, { active: true, sourceId, at, sentAt: at, seen, known })
          return isRefusal(decided) ? decided : success
        })
      },
    }),
    endpoint({
      method: 'delete',
      path: '/subscriptions/{feed}',
      summary: 'Stop following a podcast',
      description: 'Succeeds for podcasts the listener does not follow too.',
      tag: 'Subscriptions',
      scope: 'user.subscriptions.write',
      limit: 30,
      params: z.object({ feed: feedName }),
      answers: { 200: successOut },
      async handle({ params, origin }) {
        const podcast = await catalog.knownPodcast(params.feed)
        return journal.commit(origin, async (unit) => {
          if (podcast === null) return success
          await unit.load(subscription, [podcast])
          const at = origin.now
          const known = unit.state(subscription, podcast).active
          const edit = { active: false, sourceId: null, at, sentAt: at, seen: everything, known }
          const decided = unit.decide(subscription, podcast, edit)
          return isRefusal(decided) ? decided : success
        })
      },
    }),
  ]
}
