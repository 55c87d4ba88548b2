import { collection } from '../collections/decider.ts'
import { collectionUpcasts } from '../collections/events.ts'
import { collections } from '../collections/projection.ts'
import { followSubscriptions, mergeFeeds } from '../collections/reaction.ts'
import { download } from '../downloads/decider.ts'
import { downloadUpcasts } from '../downloads/events.ts'
import { downloads } from '../downloads/projection.ts'
import { mergeDownloads } from '../downloads/reaction.ts'
import { feed } from '../feeds/decider.ts'
import { feedUpcasts } from '../feeds/events.ts'
import { movedFeeds } from '../feeds/projection.ts'
import type { Slice } from '../journal/slice.ts'
import type { Reaction } from '../journal/unit.ts'
import type { Upcasts } from '../kernel/decider.ts'
import { playlist } from '../playlists/decider.ts'
import { playlistUpcasts } from '../playlists/events.ts'
import { playlists } from '../playlists/projection.ts'
import { mergeItems } from '../playlists/reaction.ts'
import { play } from '../plays/decider.ts'
import { playUpcasts } from '../plays/events.ts'
import { plays } from '../plays/projection.ts'
import { mergePlays } from '../plays/reaction.ts'
import { privacy } from '../privacy/decider.ts'
import { privacyUpcasts } from '../privacy/events.ts'
import { privacySettings } from '../privacy/projection.ts'
import { mergePrivacies } from '../privacy/reaction.ts'
import { save, share } from '../sharing/decider.ts'
import { sharingUpcasts } from '../sharing/events.ts'
import { saves, shares } from '../sharing/projection.ts'
import { mergeSavesAndShares } from '../sharing/reaction.ts'
import { subscription } from '../subscriptions/decider.ts'
import { subscriptionUpcasts } from '../subscriptions/events.ts'
import { subscriptions } from '../subscriptions/projection.ts'
import { mergeSubscriptions } from '../subscriptions/reaction.ts'

/** Every slice of a listener's life: who decides, and what is shown of it. */
export const slices: readonly Slice[] = [
  { decider: subscription, readModel: subscriptions },
  { decider: play, readModel: plays },
  { decider: playlist, readModel: playlists },
  { decider: collection, readModel: collections },
  { decider: privacy, readModel: privacySettings },
  { decider: save, readModel: saves },
  { decider: share, readModel: shares },
  { decider: download, readModel: downloads },
  { decider: feed, readModel: movedFeeds },
]

/** A subscription that is merged lands in collections as any other, before the collections themselves are merged. */
export const reactions: readonly Reaction[] = [
  mergeSubscriptions,
  mergePlays,
  mergeSavesAndShares,
  mergeDownloads,
  mergePrivacies,
  mergeItems,
  mergeFeeds,
  followSubscriptions,
]

export const upcasts: Upcasts = {
  ...subscriptionUpcasts,
  ...playUpcasts,
  ...playlistUpcasts,
  ...collectionUpcasts,
  ...privacyUpcasts,
  ...sharingUpcasts,
  ...downloadUpcasts,
  ...feedUpcasts,
}
