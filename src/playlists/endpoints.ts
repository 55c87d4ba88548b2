import { v4 as uuidv4 } from 'uuid'
import { z } from 'zod'
import { successOut, uuid, words } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { UserId } from '../kernel/brand.ts'
import { type Answer, answer, type Endpoint, endpoint, type Origin, success } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { inOrder } from '../podcast/arrangement.ts'
import type { EpisodeEntry } from '../podcast/catalog.ts'
import { queueOf } from '../podcast/fixed-ids.ts'
import { type ListEdit, longestList } from '../podcast/lists.ts'
import { feedName, itemName } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { titledNames } from '../podcast/shown.ts'
import { isoTime } from '../podcast/times.ts'
import { itemKey, itemOf, playlist } from './decider.ts'
import { type PlaylistRow, playlistOf, playlistsOf } from './queries.ts'
import { playlistOut, showPlaylist } from './shown.ts'

const itemIn = z.object({ rss_source_feed: feedName, rss_source_item: itemName })
type ItemIn = z.output<typeof itemIn>
const itemsIn = z.array(itemIn).max(longestList)
const name = words(500).min(1)
const description = words(10_000).nullable()
const byId = z.object({ id: uuid })

/** What a command says of a list, given its items' keys as the list stands. */
type Said = Pick<ListEdit, 'fields'> & Partial<Pick<ListEdit, 'deleted' | 'items'>>

export function playlistEndpoints({ journal, catalog, titlesOf, reading }: Listening): readonly Endpoint[] {
  /** Items by their stable ids, made at first sight. */
  async function keysOf(items: readonly ItemIn[]): Promise<string[]> {
    const podcasts = await catalog.podcasts([...new Set(items.map((item) => item.rss_source_feed))])
    const named = items.map(
      (item) => ({ ...item.rss_source_item, podcast: podcasts.get(item.rss_source_feed) }) as EpisodeEntry,
    )
    const episodes = await catalog.episodes(named)
    return episodes.map((episode, i) => itemKey(named[i]?.podcast ?? '', episode))
  }

  async function shown(row: PlaylistRow | null): Promise<Answer | Refusal> {
    if (!row || row.deleted_at !== null) return missing()
    return answer(200, showPlaylist(row, await namesOf([row])))
  }

  const namesOf = (lists: readonly PlaylistRow[]) =>
    titledNames(
      { catalog, titlesOf },
      lists.flatMap((list) => list.items.map((item) => item.podcast)),
      lists.flatMap((list) => list.items.map((item) => item.episode)),
    )

  /** Edits one list; `say` sees its items. Only the queue and `create` may bring a list into being. */
  const edit = (
    origin: Origin,
    id: string,
    say: (items: readonly string[]) => Said | Refusal,
    options: { create?: boolean; done?: (listed: string) => Answer } = {},
  ): Promise<Answer | Refusal> =>
    journal.commit(origin, async (unit) => {
      await unit.load(playlist, [id])
      const known = unit.state(playlist, id)
      const kind = id === queueOf(origin.user) ? 'queue' : 'playlist'
      if (kind === 'playlist' && !known.alive?.value && !options.create) return missing()
      if (options.create && known.alive?.value) return refuse('conflict', 'There is a playlist with this id already.')
      const said = say(inOrder(known.items))
      if (isRefusal(said)) return said
      const at = origin.now
      const decided = unit.decide(playlist, id, { kind, at, sentAt: at, seen: everything, known, ...said })
      return isRefusal(decided) ? decided : (options.done?.(id) ?? success)
    })

  const queueRow = async (user: UserId): Promise<PlaylistRow> => {
    const id = queueOf(user)
    return (await playlistOf(await reading(user), user, id)) ?? emptyQueue(id)
  }

  return [
    endpoint({
      method: 'get',
      path: '/playlists',
      summary: "The listener's playlists, newest first",
      tag: 'Playlists',
      scope: 'user.playlists.read',
      limit: 100,
      answers: { 200: z.object({ playlists: z.array(playlistOut) }) },
      async handle({ caller }) {
        const found = await playlistsOf(await reading(caller.user), caller.user)
        const names = await namesOf(found)
        return answer(200, { playlists: found.map((row) => showPlaylist(row, names)) })
      },
    }),
    endpoint({
      method: 'get',
      path: '/playlists/{id}',
      summary: 'One playlist with its items in order',
      tag: 'Playlists',
      scope: 'user.playlists.read',
      limit: 100,
      params: byId,
      answers: { 200: playlistOut },
      refusals: ['not_found'],
      handle: async ({ caller, params }) => shown(await playlistOf(await reading(caller.user), caller.user, params.id)),
    }),
    endpoint({
      method: 'post',
      path: '/playlists',
      summary: 'Make a playlist',
      description: 'The app may mint the id.',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      body: z.object({
        id: uuid.optional(),
        name,
        description: description.optional(),
        is_public: z.boolean().optional(),
        items: itemsIn.optional(),
      }),
      answers: { 201: z.object({ id: z.uuid() }) },
      refusals: ['conflict', 'too_many_items'],
      async handle({ body, origin }) {
        const items = await keysOf(body.items ?? [])
        const id = body.id ?? uuidv4()
        const fields = { name: body.name, description: body.description ?? null, isPublic: body.is_public ?? false }
        return edit(origin, id, () => ({ fields, items, deleted: false }), {
          create: true,
          done: (made) => answer(201, { id: made }),
        })
      },
    }),
    endpoint({
      method: 'patch',
      path: '/playlists/{id}',
      summary: 'Rename, describe, publish or hide a playlist',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      params: byId,
      body: z.object({ name: name.optional(), description: description.optional(), is_public: z.boolean().optional() }),
      answers: { 200: successOut },
      refusals: ['not_found'],
      handle: ({ params, body, origin }) =>
        edit(origin, params.id, () => ({
          fields: {
            ...(body.name === undefined ? {} : { name: body.name }),
            ...(body.description === undefined ? {} : { description: body.description }),
            ...(body.is_public === undefined ? {} : { isPublic: body.is_public }),
          },
        })),
    }),
    endpoint({
      method: 'delete',
      path: '/playlists/{id}',
      summary: 'Delete a playlist',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      params: byId,
      answers: { 200: successOut },
      refusals: ['not_found', 'cannot_delete_queue'],
      handle: ({ params, origin }) => edit(origin, params.id, () => ({ fields: {}, deleted: true })),
    }),
    endpoint({
      method: 'put',
      path: '/playlists/{id}/items',
      summary: 'Set what a playlist holds, and in which order',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      params: byId,
      body: z.object({ items: itemsIn }),
      answers: { 200: successOut },
      refusals: ['not_found', 'too_many_items'],
      async handle({ params, body, origin }) {
        const items = await keysOf(body.items)
        return edit(origin, params.id, () => ({ fields: {}, items }))
      },
    }),
    endpoint({
      method: 'post',
      path: '/playlists/{id}/items',
      summary: 'Add an episode at the end of a playlist',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      params: byId,
      body: itemIn,
      answers: { 200: successOut },
      refusals: ['not_found', 'too_many_items'],
      async handle({ params, body, origin }) {
        const [key] = await keysOf([body])
        return edit(origin, params.id, (items) => ({
          fields: {},
          ...(items.includes(key ?? '') ? {} : { items: { add: [key ?? ''], remove: [] } }),
        }))
      },
    }),
    endpoint({
      method: 'delete',
      path: '/playlists/{id}/items/{item}',
      summary: 'Take an episode off a playlist',
      description: 'Succeeds when it is not on it. On it from several feeds, `?feed=` says which.',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      params: z.object({ id: uuid, item: itemName }),
      query: z.object({ feed: feedName.optional() }),
      answers: { 200: successOut },
      refusals: ['not_found', 'conflict'],
      async handle({ params, query, origin }) {
        const podcast = query.feed === undefined ? undefined : await catalog.knownPodcast(query.feed)
        const episodes = new Set((await catalog.knownEpisodes(params.item)).map((known) => known.episode as string))
        return edit(origin, params.id, (items) => {
          const meant = items.filter((key) => {
            const item = itemOf(key)
            return episodes.has(item.episode) && (podcast === undefined || item.podcast === podcast)
          })
          if (meant.length > 1)
            return refuse('conflict', 'This episode is on the list from several feeds; name one with ?feed=.')
          return { fields: {}, ...(meant.length === 0 ? {} : { items: { add: [], remove: meant } }) }
        })
      },
    }),
    endpoint({
      method: 'get',
      path: '/queue',
      summary: 'What comes up next',
      tag: 'Playlists',
      scope: 'user.playlists.read',
      limit: 100,
      answers: { 200: playlistOut },
      handle: async ({ caller }) => shown(await queueRow(caller.user)),
    }),
    endpoint({
      method: 'put',
      path: '/queue',
      summary: 'Set what comes up next, and in which order',
      tag: 'Playlists',
      scope: 'user.playlists.write',
      limit: 30,
      body: z.object({ items: itemsIn }),
      answers: { 200: successOut },
      refusals: ['too_many_items'],
      async handle({ body, origin }) {
        const items = await keysOf(body.items)
        return edit(origin, queueOf(origin.user), () => ({ fields: {}, items }))
      },
    }),
  ]
}

const missing = (): Refusal => refuse('not_found', 'There is no such playlist.')

/** The queue before anything was ever put on it. */
const emptyQueue = (id: string): PlaylistRow => ({
  playlist_id: id,
  kind: 'queue',
  name: 'Queue',
  description: null,
  is_public: false,
  items: [],
  inserted_at: isoTime(0),
  updated_at: isoTime(0),
  deleted_at: null,
  number: 0,
})
