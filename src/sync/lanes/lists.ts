import { z } from 'zod'
import { collection, collections, mergeCollection } from '../../collections/index.ts'
import { uuid, words } from '../../http/schemas.ts'
import type { Unit } from '../../journal/unit.ts'
import { isRefusal, type Refusal } from '../../kernel/refusal.ts'
import { itemKey, mergePlaylist, playlist, playlists } from '../../playlists/index.ts'
import { defaultCollectionOf, queueOf } from '../../podcast/fixed-ids.ts'
import {
  type Fields,
  isOverruled,
  type ListChange,
  type ListEdit,
  type ListState,
  longestList,
} from '../../podcast/lists.ts'
import { feedName, itemName } from '../../podcast/names.ts'
import { knownState, type Seen } from '../../podcast/seen.ts'
import { instant } from '../../podcast/times.ts'
import { type Ids, type Lane, type Outcome, type Said, sameTime } from '../lane.ts'

const deleted_at = instant.nullish()
const is_public = z.boolean().optional()
const description = words(10_000).nullish()

const playlistEntry = z
  .object({
    id: uuid.optional(),
    kind: z.enum(['playlist', 'queue']).optional(),
    name: words(500).min(1).optional(),
    description,
    is_public,
    updated_at: instant,
    deleted_at,
    items: z
      .array(z.object({ rss_source_feed: feedName, rss_source_item: itemName }))
      .max(longestList)
      .optional(),
  })
  .refine((e) => e.id !== undefined || e.kind === 'queue', { message: 'is missing', path: ['id'] })
type PlaylistEntry = z.output<typeof playlistEntry>

const collectionEntry = z.object({
  id: uuid,
  title: words(500).min(1).optional(),
  description,
  color: z
    .string()
    .regex(/^#[0-9a-fA-F]{6}$/)
    .nullish(),
  is_public,
  updated_at: instant,
  deleted_at,
  feeds: z
    .array(z.union([feedName, z.object({ rss_source_feed: feedName }).transform((f) => f.rss_source_feed)]))
    .max(longestList)
    .optional(),
})
type CollectionEntry = z.output<typeof collectionEntry>

const given = (fields: Record<string, string | boolean | null | undefined>): Partial<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>

const playlistFields = (e: PlaylistEntry) => given({ name: e.name, description: e.description, isPublic: e.is_public })
const collectionFields = (e: CollectionEntry) =>
  given({ title: e.title, description: e.description, color: e.color, isPublic: e.is_public })

const isDeleted = (e: { deleted_at?: number | null | undefined }) => typeof e.deleted_at === 'number'
const listTime = (e: { updated_at: number; deleted_at?: number | null | undefined }) =>
  Math.max(e.updated_at, e.deleted_at ?? 0)

/** What both kinds of list say of an edit; `undefined` items leave the order alone. */
const editOf = (
  { entry, at, sentAt }: Said<PlaylistEntry | CollectionEntry>,
  seen: Seen,
  fields: Partial<Fields>,
  items: readonly string[] | undefined,
): Omit<ListEdit, 'known'> => ({
  fields,
  deleted: isDeleted(entry),
  ...(items === undefined ? {} : { items }),
  at,
  sentAt,
  seen,
})

function listOutcome(
  state: ListState,
  edit: ListEdit,
  change: ListChange | Refusal | null,
  decided: readonly unknown[] | Refusal,
): Outcome | Refusal {
  if (isRefusal(decided)) return decided
  if (change === null && isOverruled(state, edit))
    return { changed: false, conflict: { resolution: 'remote', reason: 'older' } }
  const merged = change !== null && !isRefusal(change) && change.merged
  return { changed: decided.length > 0, conflict: merged ? { resolution: 'merged', reason: 'merged' } : null }
}

const playlistKeys = (e: PlaylistEntry, ids: Ids) =>
  e.items?.map((i) =>
    itemKey(ids.podcast(i.rss_source_feed), ids.episode({ feed: i.rss_source_feed, item: i.rss_source_item })),
  )

const sameList = (a: readonly string[] | undefined, b: readonly string[]) =>
  a === undefined || (new Set(a).size === b.length && [...new Set(a)].every((item, i) => item === b[i]))

export const playlistLane: Lane<PlaylistEntry> = {
  name: 'playlists',
  entry: playlistEntry,
  decider: playlist,
  readModel: playlists,
  feeds: (e) => e.items?.map((item) => item.rss_source_feed) ?? [],
  items: (e) => e.items?.map((item) => ({ feed: item.rss_source_feed, item: item.rss_source_item })) ?? [],
  streamId: (e, _ids, origin) => (e.kind === 'queue' ? queueOf(origin.user) : (e.id as string)),
  time: listTime,
  apply: (unit: Unit, id, said, ids, seen) =>
    said.map((s) => {
      const kind = id === queueOf(unit.origin.user) ? ('queue' as const) : ('playlist' as const)
      const known = knownState(playlist, unit.events(playlist, id), seen)
      const edit = { ...editOf(s, seen, playlistFields(s.entry), playlistKeys(s.entry, ids)), kind, known }
      const state = unit.state(playlist, id)
      return listOutcome(state, edit, mergePlaylist(state, edit), unit.decide(playlist, id, edit, { edit: s.edit }))
    }),
  stands: (row, e, ids) =>
    (row.deleted_at !== null) === isDeleted(e) &&
    sameTime(row.updated_at, listTime(e)) &&
    (isDeleted(e) ||
      ((e.name === undefined || e.name === row.name) &&
        (e.description === undefined || e.description === row.description) &&
        (e.is_public === undefined || e.is_public === row.is_public) &&
        sameList(
          playlistKeys(e, ids),
          row.items.map((i: { podcast: string; episode: string }) => itemKey(i.podcast, i.episode)),
        ))),
  told: (row) => ({ name: row.name, items: row.items.length, updated_at: row.updated_at, deleted_at: row.deleted_at }),
}

export const collectionLane: Lane<CollectionEntry> = {
  name: 'collections',
  entry: collectionEntry,
  decider: collection,
  readModel: collections,
  feeds: (e) => e.feeds ?? [],
  items: () => [],
  streamId: (e) => e.id,
  time: listTime,
  apply: (unit, id, said, ids, seen) =>
    said.map((s) => {
      const isDefault = id === defaultCollectionOf(unit.origin.user)
      const known = knownState(collection, unit.events(collection, id), seen)
      const feeds = s.entry.feeds?.map((feed) => ids.podcast(feed))
      const edit = { ...editOf(s, seen, collectionFields(s.entry), feeds), isDefault, known }
      const state = unit.state(collection, id)
      return listOutcome(state, edit, mergeCollection(state, edit), unit.decide(collection, id, edit, { edit: s.edit }))
    }),
  stands: (row, e, ids) =>
    (row.deleted_at !== null) === isDeleted(e) &&
    sameTime(row.updated_at, listTime(e)) &&
    (isDeleted(e) ||
      ((e.title === undefined || e.title === row.title) &&
        (e.description === undefined || e.description === row.description) &&
        (e.color === undefined || e.color === row.color) &&
        (e.is_public === undefined || e.is_public === row.is_public) &&
        sameList(
          e.feeds?.map((feed) => ids.podcast(feed)),
          row.feeds,
        ))),
  told: (row) => ({
    title: row.title,
    feeds: row.feeds.length,
    updated_at: row.updated_at,
    deleted_at: row.deleted_at,
  }),
}
