import { z } from 'zod'
import { successOut, words } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { UserId } from '../kernel/brand.ts'
import { type Answer, type Endpoint, endpoint, type Origin, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import { locateEpisode } from '../plays/queries.ts'
import { type EpisodeName, feedName, itemName } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { save, share } from './decider.ts'

const params = z.object({ item: itemName })
const query = z.object({ feed: feedName.optional() })
const common = {
  tag: 'Episodes',
  scope: 'user.plays.write',
  limit: 60,
  params,
  query,
  answers: { 200: successOut },
} as const

export function sharingEndpoints({ journal, catalog, reading }: Listening): readonly Endpoint[] {
  const locate = async (user: UserId, item: EpisodeName, feed: string | undefined) =>
    locateEpisode(catalog, await reading(user), user, item, feed)

  async function setSaved(
    origin: Origin,
    item: EpisodeName,
    feed: string | undefined,
    saved: boolean,
  ): Promise<Answer | Refusal> {
    const place = await locate(origin.user, item, feed)
    if (isRefusal(place)) return place
    const { podcast, episode } = place
    return journal.commit(origin, async (unit) => {
      await unit.load(save, [episode])
      const known = unit.state(save, episode)?.saved ?? null
      const at = origin.now
      const decided = unit.decide(save, episode, { podcast, saved, at, sentAt: at, seen: everything, known })
      return isRefusal(decided) ? decided : success
    })
  }

  async function setShared(
    origin: Origin,
    item: EpisodeName,
    feed: string | undefined,
    said: { readonly shared: boolean; readonly comment: string | null },
  ): Promise<Answer | Refusal> {
    const place = await locate(origin.user, item, feed)
    if (isRefusal(place)) return place
    const { podcast, episode } = place
    return journal.commit(origin, async (unit) => {
      await unit.load(share, [episode])
      const decided = unit.decide(share, episode, { podcast, ...said, at: origin.now })
      return isRefusal(decided) ? decided : success
    })
  }

  return [
    endpoint({
      ...common,
      method: 'post',
      path: '/episodes/{item}/save',
      summary: 'Save an episode',
      refusals: ['not_found', 'conflict'],
      handle: ({ params: { item }, query: { feed }, origin }) => setSaved(origin, item, feed, true),
    }),
    endpoint({
      ...common,
      method: 'delete',
      path: '/episodes/{item}/save',
      summary: 'No longer save an episode',
      refusals: ['not_found', 'conflict'],
      handle: ({ params: { item }, query: { feed }, origin }) => setSaved(origin, item, feed, false),
    }),
    endpoint({
      ...common,
      method: 'post',
      path: '/episodes/{item}/share',
      summary: 'Recommend an episode, with or without a comment',
      body: z.object({ comment: words(5_000).nullish() }).default({}),
      refusals: ['not_found', 'conflict'],
      handle: ({ params: { item }, query: { feed }, body, origin }) =>
        setShared(origin, item, feed, { shared: true, comment: body.comment ?? null }),
    }),
    endpoint({
      ...common,
      method: 'delete',
      path: '/episodes/{item}/share',
      summary: 'Take a recommendation back',
      refusals: ['not_found', 'conflict'],
      handle: ({ params: { item }, query: { feed }, origin }) =>
        setShared(origin, item, feed, { shared: false, comment: null }),
    }),
  ]
}
