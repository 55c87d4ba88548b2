import { z } from 'zod'
import { type CollectionRow, collectionOut, showCollection } from '../collections/index.ts'
import type { UserId } from '../kernel/brand.ts'
import { type PlaylistRow, playlistOut, showPlaylist } from '../playlists/index.ts'
import { type PlayRow, playOut, showPlay } from '../plays/index.ts'
import { encodeFeed, encodeItem } from '../podcast/names.ts'
import { type Naming, type ShownNames, shownTime, titledNames } from '../podcast/shown.ts'
import { instantOut, isoTime } from '../podcast/times.ts'
import { type PrivacyRow, privacyLevel } from '../privacy/index.ts'
import { type SaveRow, saveOut, showSave } from '../sharing/index.ts'
import {
  type MovedRow,
  type SubscriptionRow,
  showFormer,
  showSubscription,
  subscriptionOut,
} from '../subscriptions/index.ts'
import type { Conflict } from './apply.ts'
import type { Changes } from './changes.ts'
import { laneNames } from './lane.ts'

const privacyChange = z
  .object({ feed: z.string().nullable(), item: z.string().nullable(), privacy: privacyLevel, updated_at: instantOut })
  .meta({ id: 'PrivacyChange' })

const rejectedOut = z
  .object({ type: z.enum(laneNames), index: z.int(), reason: z.string() })
  .meta({ id: 'Rejected', description: 'An entry that was not understood or not allowed; the others were applied.' })

const side = z.record(z.string(), z.unknown())

const conflictOut = z
  .object({
    type: z.enum(laneNames),
    feed: z.string().optional(),
    item: z.string().optional(),
    id: z.string().optional(),
    local: side,
    remote: side,
    resolution: z.enum(['local', 'remote', 'merged']),
    reason: z.string(),
  })
  .meta({
    id: 'Conflict',
    description: 'An edit that met another one: what the device sent, what stood here, which won and why.',
  })

const shared = {
  subscriptions: z.array(subscriptionOut),
  playlists: z.array(playlistOut),
  collections: z.array(collectionOut),
  privacy: z.array(privacyChange),
  saves: z.array(saveOut),
}
const outcome = { sync_token: z.string(), conflicts: z.array(conflictOut), rejected: z.array(rejectedOut) }

export const syncAnswer = z.union([
  z.object({ ...outcome, changes: z.object({ ...shared, plays: z.array(playOut) }) }).meta({ id: 'SyncAnswerA' }),
  z
    .object({
      ...outcome,
      status: z.literal('success'),
      data: z.object({ ...shared, play_statuses: z.array(playOut) }),
    })
    .meta({ id: 'SyncAnswerB' }),
])

const showPrivacyChange = (row: PrivacyRow, names: ShownNames): z.input<typeof privacyChange> => ({
  feed: row.podcast_id === null ? null : names.feed(row.podcast_id),
  item: row.episode_id === null ? null : names.item(row.episode_id),
  privacy: row.level,
  updated_at: shownTime(row.updated_at),
})

/** Read model rows as devices know them; `since` tells when podcasts in collections were subscribed to. */
export async function showChanges(
  naming: Naming,
  user: UserId,
  changes: Changes,
  since: (podcasts: readonly string[]) => Promise<ReadonlyMap<string, Date>>,
) {
  const moved = changes.subscriptions.filter((row) => row.moved_at !== undefined)
  const subscriptions = changes.subscriptions.filter((row) => !row.onlyMoved) as unknown as SubscriptionRow[]
  const plays = changes.plays as unknown as PlayRow[]
  const playlists = changes.playlists as unknown as PlaylistRow[]
  const collections = changes.collections as unknown as CollectionRow[]
  const privacy = changes.privacy as unknown as PrivacyRow[]
  const saves = changes.saves as unknown as SaveRow[]
  const items = playlists.flatMap((row) => row.items)
  const inCollections = collections.flatMap((row) => row.feeds)
  const podcasts = [
    ...changes.subscriptions.map((row) => row.podcast_id),
    ...plays.map((row) => row.podcast_id),
    ...items.map((item) => item.podcast),
    ...inCollections,
    ...privacy.flatMap((row) => row.podcast_id ?? []),
    ...saves.map((row) => row.podcast_id),
  ]
  const episodes = [
    ...plays.map((row) => row.episode_id),
    ...items.map((item) => item.episode),
    ...privacy.flatMap((row) => row.episode_id ?? []),
    ...saves.map((row) => row.episode_id),
  ]
  const names = await titledNames(naming, podcasts, episodes)
  const followed = inCollections.length === 0 ? new Map<string, Date>() : await since(inCollections)
  const former = await naming.catalog.formerFeeds(moved.map((row) => row.podcast_id))
  return {
    subscriptions: [
      ...moved.flatMap((row) => showFormer(user, row as MovedRow, names, former.get(row.podcast_id) ?? [])),
      ...subscriptions.map((row) => showSubscription(user, row, names)),
    ],
    plays: plays.map((row) => showPlay(user, row, names)),
    playlists: playlists.map((row) => showPlaylist(row, names)),
    collections: collections.map((row) => showCollection(user, row, names, followed)),
    privacy: privacy.map((row) => showPrivacyChange(row, names)),
    saves: saves.map((row) => showSave(row, names)),
  }
}

const isTime = (key: string) => key.endsWith('_at')

/** A conflict as devices know it: times as text, names as they were sent. */
export function showConflict({
  type,
  group,
  local,
  remote,
  resolution,
  reason,
}: Conflict): z.input<typeof conflictOut> {
  const told = Object.keys(remote)
  const sent = Object.entries(local).filter(([key]) => told.includes(key))
  const [feed] = group.lane.feeds(local)
  const [item] = group.lane.items(local)
  const list = type === 'playlists' || type === 'collections'
  return {
    type,
    ...(list || feed === undefined ? {} : { feed: encodeFeed(feed) }),
    ...(list || item === undefined ? {} : { item: encodeItem(item.item) }),
    ...(list ? { id: group.id } : {}),
    local: Object.fromEntries(sent.map(([key, value]) => [key, shownValue(key, value)])),
    remote: Object.fromEntries(Object.entries(remote).map(([key, value]) => [key, shownValue(key, value)])),
    resolution,
    reason,
  }
}

function shownValue(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.length
  if (!isTime(key) || value === null) return value
  return typeof value === 'number' ? isoTime(value) : shownTime(value as string)
}
