import { v4 as uuidv4 } from 'uuid'
import { z } from 'zod'
import { successOut, uuid, words } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { Unit } from '../journal/unit.ts'
import type { UserId } from '../kernel/brand.ts'
import { type Answer, answer, type Endpoint, endpoint, type Origin, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { inOrder } from '../podcast/arrangement.ts'
import { defaultCollectionOf } from '../podcast/fixed-ids.ts'
import { type ListEdit, longestList } from '../podcast/lists.ts'
import { feedName } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { titledNames } from '../podcast/shown.ts'
import { isoTime } from '../podcast/times.ts'
import { subscribedSince } from '../subscriptions/queries.ts'
import { collection, defaultTitle } from './decider.ts'
import { type CollectionRow, collectionOf, collectionsOf } from './queries.ts'
import { collectionOut, showCollection } from './shown.ts'

const title = words(500).min(1)
const described = {
  description: words(10_000).nullish(),
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/, 'is not a colour like #1a2b3c')
    .nullish(),
  is_public: z.boolean().optional(),
}
const byId = z.object({ id: uuid })
type Said = Pick<ListEdit, 'fields'> & Partial<Pick<ListEdit, 'deleted' | 'items'>>

export function collectionEndpoints({ journal, catalog, titlesOf, reading }: Listening): readonly Endpoint[] {
  async function show(user: UserId, found: readonly CollectionRow[]) {
    const podcasts = found.flatMap((row) => row.feeds)
    const names = await titledNames({ catalog, titlesOf }, podcasts)
    const since = await subscribedSince(await reading(user), user, podcasts)
    return found.map((row) => showCollection(user, row, names, since))
  }

  /** Edits one collection; `say` sees its podcasts. Only the default one and `create` bring one into being. */
  const edit = (
    origin: Origin,
    id: string,
    say: (podcasts: readonly string[], unit: Unit) => Said | Refusal | Promise<Said | Refusal>,
    options: { create?: boolean; done?: () => Answer } = {},
  ): Promise<Answer | Refusal> =>
    journal.commit(origin, async (unit) => {
      await unit.load(collection, [id])
      const known = unit.state(collection, id)
      const isDefault = id === defaultCollectionOf(origin.user)
      if (!isDefault && !known.alive?.value && !options.create) return missing()
      if (options.create && (known.alive?.value || isDefault))
        return refuse('conflict', 'There is a collection with this id already.')
      const said = await say(inOrder(known.items), unit)
      if (isRefusal(said)) return said
      const at = origin.now
      const decided = unit.decide(collection, id, { isDefault, at, sentAt: at, seen: everything, known, ...said })
      return isRefusal(decided) ? decided : (options.done?.() ?? success)
    })

  /** The podcasts of these feeds, all of which the listener must follow. */
  async function followed(
    user: UserId,
    feeds: readonly string[],
    path: (index: number) => string,
  ): Promise<readonly string[] | Refusal> {
    const podcasts = await Promise.all(feeds.map((feed) => catalog.knownPodcast(feed)))
    const known = podcasts.filter((podcast) => podcast !== null)
    const since = await subscribedSince(await reading(user), user, known)
    const strange = feeds.findIndex((_, i) => podcasts[i] === null || !since.has(podcasts[i] as string))
    if (strange < 0) return known
    return refuse('feed_not_subscribed', 'Only podcasts the listener follows can be in a collection.', [
      { path: path(strange), message: 'is not followed' },
    ])
  }

  return [
    endpoint({
      method: 'get',
      path: '/collections',
      summary: "The listener's collections, the default one first",
      tag: 'Collections',
      scope: 'user.collections.read',
      limit: 100,
      answers: { 200: z.object({ collections: z.array(collectionOut) }) },
      async handle({ caller }) {
        const found = await collectionsOf(await reading(caller.user), caller.user)
        const home = found.some((row) => row.is_default) ? [] : [emptyDefault(caller.user)]
        return answer(200, { collections: await show(caller.user, [...home, ...found]) })
      },
    }),
    endpoint({
      method: 'get',
      path: '/collections/{id}',
      summary: 'One collection with its podcasts in order',
      tag: 'Collections',
      scope: 'user.collections.read',
      limit: 100,
      params: byId,
      answers: { 200: z.object({ collection: collectionOut }) },
      refusals: ['not_found'],
      async handle({ caller, params }) {
        const found = await collectionOf(await reading(caller.user), caller.user, params.id)
        const home = params.id === defaultCollectionOf(caller.user) ? emptyDefault(caller.user) : null
        const row = found?.deleted_at === null ? found : home
        if (!row) return missing()
        const [shown] = await show(caller.user, [row])
        return answer(200, { collection: shown })
      },
    }),
    endpoint({
      method: 'post',
      path: '/collections',
      summary: 'Make a collection',
      tag: 'Collections',
      scope: 'user.collections.write',
      limit: 30,
      body: z.object({ id: uuid.optional(), title, ...described }),
      answers: { 201: z.object({ id: z.uuid() }) },
      refusals: ['conflict'],
      handle: ({ body, origin }) => {
        const id = body.id ?? uuidv4()
        const { description = null, color = null, is_public: isPublic = false } = body
        return edit(
          origin,
          id,
          () => ({ fields: { title: body.title, description, color, isPublic }, items: [], deleted: false }),
          {
            create: true,
            done: () => answer(201, { id }),
          },
        )
      },
    }),
    endpoint({
      method: 'patch',
      path: '/collections/{id}',
      summary: 'Rename, describe, colour, publish or hide a collection',
      tag: 'Collections',
      scope: 'user.collections.write',
      limit: 30,
      params: byId,
      body: z.object({ title: title.optional(), ...described }),
      answers: { 200: successOut },
      refusals: ['not_found'],
      handle: ({ params, body, origin }) =>
        edit(origin, params.id, () => ({
          fields: {
            ...(body.title === undefined ? {} : { title: body.title }),
            ...(body.description === undefined ? {} : { description: body.description }),
            ...(body.color === undefined ? {} : { color: body.color }),
            ...(body.is_public === undefined ? {} : { isPublic: body.is_public }),
          },
        })),
    }),
    endpoint({
      method: 'delete',
      path: '/collections/{id}',
      summary: 'Delete a collection',
      description: 'Its podcasts stay followed. The default collection can only be emptied.',
      tag: 'Collections',
      scope: 'user.collections.write',
      limit: 30,
      params: byId,
      answers: { 200: successOut },
      refusals: ['not_found', 'cannot_delete_default_collection'],
      handle: ({ params, origin }) => edit(origin, params.id, () => ({ fields: {}, deleted: true })),
    }),
    endpoint({
      method: 'post',
      path: '/collections/{id}/feeds',
      summary: 'Put a podcast into a collection',
      tag: 'Collections',
      scope: 'user.collections.write',
      limit: 30,
      params: byId,
      body: z.object({ rss_source_feed: feedName }),
      answers: { 200: successOut },
      refusals: ['not_found', 'feed_not_subscribed', 'too_many_items'],
      handle: ({ params, body, origin }) =>
        edit(origin, params.id, async (podcasts) => {
          const add = await followed(origin.user, [body.rss_source_feed], () => 'rss_source_feed')
          if (isRefusal(add)) return add
          const fresh = add.filter((podcast) => !podcasts.includes(podcast))
          return { fields: {}, ...(fresh.length === 0 ? {} : { items: { add: fresh, remove: [] } }) }
        }),
    }),
    endpoint({
      method: 'delete',
      path: '/collections/{id}/feeds/{feed}',
      summary: 'Take a podcast out of a collection',
      tag: 'Collections',
      scope: 'user.collections.write',
      limit: 30,
      params: z.object({ id: uuid, feed: feedName }),
      answers: { 200: successOut },
      refusals: ['not_found'],
      async handle({ params, origin }) {
        const podcast = await catalog.knownPodcast(params.feed)
        return edit(origin, params.id, (podcasts) => ({
          fields: {},
          ...(podcast !== null && podcasts.includes(podcast) ? { items: { add: [], remove: [podcast] } } : {}),
        }))
      },
    }),
    endpoint({
      method: 'put',
      path: '/collections/{id}/feeds',
      summary: 'Set which podcasts a collection holds, and in which order',
      tag: 'Collections',
      scope: 'user.collections.write',
      limit: 30,
      params: byId,
      body: z.object({ feeds: z.array(feedName).max(longestList) }),
      answers: { 200: successOut },
      refusals: ['not_found', 'feed_not_subscribed', 'too_many_items'],
      handle: ({ params, body, origin }) =>
        edit(origin, params.id, async () => {
          const items = await followed(origin.user, body.feeds, (index) => `feeds.${index}`)
          return isRefusal(items) ? items : { fields: {}, items }
        }),
    }),
  ]
}

const missing = (): Refusal => refuse('not_found', 'There is no such collection.')

/** The default collection before anything was ever put into it. */
const emptyDefault = (user: UserId): CollectionRow => ({
  collection_id: defaultCollectionOf(user),
  is_default: true,
  title: defaultTitle,
  description: null,
  color: null,
  is_public: false,
  feeds: [],
  inserted_at: isoTime(0),
  updated_at: isoTime(0),
  deleted_at: null,
  number: 0,
})
