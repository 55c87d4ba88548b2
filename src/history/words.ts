import type { CollectionEvent } from '../collections/events.ts'
import type { DownloadEvent } from '../downloads/events.ts'
import type { FeedEvent } from '../feeds/events.ts'
import type { Recorded, StreamMerged } from '../kernel/decider.ts'
import type { Language } from '../kernel/endpoint.ts'
import type { PlaylistEvent } from '../playlists/events.ts'
import type { PlayEvent } from '../plays/events.ts'
import type { PrivacyEvent } from '../privacy/events.ts'
import type { SaveEvent, ShareEvent } from '../sharing/events.ts'
import type { SubscriptionEvent } from '../subscriptions/events.ts'
import { type ListKind, type Phrases, phrases } from './phrases.ts'

/** Everything that happens in a listener's life. */
export type ListenerEvent =
  | SubscriptionEvent
  | PlayEvent
  | PlaylistEvent
  | CollectionEvent
  | PrivacyEvent
  | SaveEvent
  | ShareEvent
  | DownloadEvent
  | FeedEvent
  | StreamMerged

/** The stable ids of what an event is about; null where it is about no such thing, or about several. */
export interface Subject {
  readonly podcast: string | null
  readonly episode: string | null
  readonly playlist: string | null
  readonly collection: string | null
}

/** What the subject is called. */
export interface Named {
  /** The host of the podcast's feed; empty where there is no podcast. */
  readonly host: string
  /** The present name of the playlist or collection; null when it is forgotten. */
  readonly list: string | null
}

const nothing: Subject = { podcast: null, episode: null, playlist: null, collection: null }

export function subjectOf({ fact, stream }: Recorded<ListenerEvent>): Subject {
  const id = stream.slice(stream.indexOf('/') + 1)
  switch (fact.type) {
    case 'FeedSubscribed':
    case 'FeedUnsubscribed':
    case 'SubscriptionConfirmed':
    case 'SubscriptionOverruled':
    case 'FeedLabelled':
      return { ...nothing, podcast: id }
    case 'PositionMoved':
    case 'EpisodeFinished':
    case 'EpisodeUnplayed':
    case 'EpisodeStartedOver':
    case 'EpisodeSaved':
    case 'EpisodeUnsaved':
    case 'EpisodeShared':
    case 'EpisodeUnshared':
    case 'EpisodeDownloaded':
    case 'EpisodeFileDeleted':
    case 'EpisodeMarkedNew':
    case 'EpisodeFlattred':
      return { ...nothing, podcast: fact.data.podcast, episode: id }
    case 'PrivacyChosen':
      return { ...nothing, podcast: fact.data.podcast, episode: fact.data.episode }
    case 'FeedMoved':
    case 'FeedsMerged':
    case 'EpisodesMerged':
    case 'StreamMerged':
      return { ...nothing, podcast: fact.data.podcast }
    case 'PlaylistCreated':
    case 'PlaylistDescribed':
    case 'EpisodesArranged':
    case 'PlaylistDeleted':
    case 'PlaylistRestored':
      return { ...nothing, playlist: id }
    case 'CollectionCreated':
    case 'CollectionDescribed':
    case 'FeedsArranged':
    case 'CollectionDeleted':
    case 'CollectionRestored':
      return { ...nothing, collection: id }
    default:
      return fact satisfies never
  }
}

/** An event as a sentence for the person whose it is. */
export function wordsOf(fact: ListenerEvent, language: Language, named: Named): string {
  const say = phrases[language]
  switch (fact.type) {
    case 'FeedSubscribed':
    case 'FeedUnsubscribed':
    case 'SubscriptionConfirmed':
    case 'SubscriptionOverruled':
    case 'FeedLabelled':
      return subscriptionWords(fact, say, named)
    case 'PositionMoved':
    case 'EpisodeFinished':
    case 'EpisodeUnplayed':
    case 'EpisodeStartedOver':
      return playWords(fact, say, named)
    case 'PlaylistCreated':
    case 'PlaylistDescribed':
    case 'EpisodesArranged':
    case 'PlaylistDeleted':
    case 'PlaylistRestored':
      return sentence(playlistClauses(fact, say, named), language)
    case 'CollectionCreated':
    case 'CollectionDescribed':
    case 'FeedsArranged':
    case 'CollectionDeleted':
    case 'CollectionRestored':
      return sentence(collectionClauses(fact, say, named), language)
    case 'PrivacyChosen':
      return privacyWords(fact, say, named)
    case 'EpisodeSaved':
    case 'EpisodeUnsaved':
      return saveWords(fact, say, named)
    case 'EpisodeShared':
    case 'EpisodeUnshared':
      return shareWords(fact, say, named)
    case 'EpisodeDownloaded':
    case 'EpisodeFileDeleted':
    case 'EpisodeMarkedNew':
    case 'EpisodeFlattred':
      return downloadWords(fact, say, named)
    case 'FeedMoved':
      return say.feedMoved(named.host)
    case 'FeedsMerged':
      return say.feedsMerged(named.host)
    case 'EpisodesMerged':
      return say.episodesMerged(named.host, fact.data.episodes.length)
    case 'StreamMerged':
      return say.mergedAway(named.host)
    default:
      return fact satisfies never
  }
}

function subscriptionWords(fact: SubscriptionEvent, say: Phrases, { host }: Named): string {
  switch (fact.type) {
    case 'FeedSubscribed':
      return say.subscribed(host)
    case 'FeedUnsubscribed':
      return say.unsubscribed(host)
    case 'SubscriptionConfirmed':
      return say.confirmed(host, fact.data.active)
    case 'SubscriptionOverruled':
      return say.overruled(host, fact.data.active)
    case 'FeedLabelled':
      return say.labelled(host)
    default:
      return fact satisfies never
  }
}

function playWords(fact: PlayEvent, say: Phrases, { host }: Named): string {
  const { position, started, saidBy, duration } = fact.data
  switch (fact.type) {
    case 'PositionMoved':
      // Where somebody else's word of the position stands, this one only told the length.
      if (saidBy !== null && duration !== null) return say.lasts(host, clock(duration))
      return say.listened(host, clock(position), started === null ? null : clock(started))
    case 'EpisodeFinished':
      return say.finished(host)
    case 'EpisodeUnplayed':
      return say.unplayed(host)
    case 'EpisodeStartedOver':
      return say.startedOver(host)
    default:
      return fact satisfies never
  }
}

function saveWords(fact: SaveEvent, say: Phrases, { host }: Named): string {
  return fact.type === 'EpisodeSaved' ? say.saved(host) : say.unsaved(host)
}

function shareWords(fact: ShareEvent, say: Phrases, { host }: Named): string {
  return fact.type === 'EpisodeShared' ? say.shared(host, fact.data.comment) : say.unshared(host)
}

function downloadWords(fact: DownloadEvent, say: Phrases, { host }: Named): string {
  switch (fact.type) {
    case 'EpisodeDownloaded':
      return say.downloaded(host)
    case 'EpisodeFileDeleted':
      return say.fileDeleted(host)
    case 'EpisodeMarkedNew':
      return say.markedNew(host)
    case 'EpisodeFlattred':
      return say.flattred(host)
    default:
      return fact satisfies never
  }
}

function privacyWords({ data: { level, podcast, episode } }: PrivacyEvent, say: Phrases, { host }: Named): string {
  const scope = episode !== null ? 'episode' : podcast !== null ? 'podcast' : 'everything'
  return say.chose(level, scope, host)
}

function playlistClauses(fact: PlaylistEvent, say: Phrases, { list }: Named): string[] {
  const { kind } = fact.data
  const change = { ...fact.data, name: fieldOf(fact, 'name') ?? list, ownWord: kind === 'playlist' }
  switch (fact.type) {
    case 'PlaylistCreated':
      return createdClauses(kind, change, say)
    case 'PlaylistDescribed':
    case 'EpisodesArranged':
      return changedClauses(kind, change, say)
    case 'PlaylistDeleted':
      return [say.deleted(say.list(kind, change.name))]
    case 'PlaylistRestored':
      return restoredClauses(kind, change, say)
    default:
      return fact satisfies never
  }
}

function collectionClauses(fact: CollectionEvent, say: Phrases, { list }: Named): string[] {
  const change = { ...fact.data, name: fieldOf(fact, 'title') ?? list, ownWord: !fact.data.isDefault }
  switch (fact.type) {
    case 'CollectionCreated':
      return createdClauses('collection', change, say)
    case 'CollectionDescribed':
    case 'FeedsArranged':
      return changedClauses('collection', change, say)
    case 'CollectionDeleted':
      return [say.deleted(say.list('collection', change.name))]
    case 'CollectionRestored':
      return restoredClauses('collection', change, say)
    default:
      return fact satisfies never
  }
}

type Change = Pick<PlaylistEvent['data'] | CollectionEvent['data'], 'fields' | 'items'> & {
  readonly name: string | null
  /** False for the lists everybody has: these are only begun. */
  readonly ownWord: boolean
}

function fieldOf({ data }: PlaylistEvent | CollectionEvent, name: string): string | null {
  const value = data.fields.find((field) => field.name === name)?.value
  return typeof value === 'string' ? value : null
}

function createdClauses(kind: ListKind, change: Change, say: Phrases): string[] {
  const { name, ownWord, items, fields } = change
  const isPublic = fields.some((field) => field.name === 'isPublic' && field.value === true)
  if (ownWord) return [say.created(kind, name, isPublic, items.added.length)]
  // Fields nobody has said have the time 0.
  const clauses = changeClauses(kind, { ...change, fields: fields.filter((field) => field.at > 0) }, say)
  return clauses.length > 0 ? clauses : [say.began(say.list(kind, name))]
}

function restoredClauses(kind: ListKind, change: Change, say: Phrases): string[] {
  return [say.restored(say.list(kind, change.name)), ...changeClauses(kind, change, say, say.again(kind))]
}

function changedClauses(kind: ListKind, change: Change, say: Phrases): string[] {
  const clauses = changeClauses(kind, change, say)
  return clauses.length > 0 ? clauses : [say.kept(say.list(kind, change.name))]
}

/** What changed in a list, one clause each; only the first names it. */
function changeClauses(
  kind: ListKind,
  { name, fields, items }: Change,
  say: Phrases,
  first = say.list(kind, name),
): string[] {
  const clauses: string[] = []
  const list = () => (clauses.length === 0 ? first : say.again(kind))
  for (const field of fields) {
    if (field.name === 'name' || field.name === 'title') clauses.unshift(say.renamed(kind, String(field.value)))
  }
  for (const field of fields) {
    if (field.name === 'description') clauses.push(say.described(list()))
    else if (field.name === 'color') clauses.push(say.coloured(list()))
    else if (field.name === 'isPublic') clauses.push(say.published(list(), field.value === true))
  }
  const { added, removed, moved } = items
  if (added.length > 0) clauses.push(say.added(added.length, kind, list()))
  if (removed.length > 0) clauses.push(say.removed(removed.length, kind, list()))
  if (moved.length > 0) clauses.push(say.moved(moved.length, kind, list()))
  return clauses
}

/** Clauses as one sentence. */
function sentence(clauses: readonly string[], language: Language): string {
  const text = new Intl.ListFormat(language, { type: 'conjunction' }).format(clauses)
  return text.charAt(0).toLocaleUpperCase(language) + text.slice(1)
}

/** Seconds as people read them off a player: `12:30`, `1:02:30`. */
function clock(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
