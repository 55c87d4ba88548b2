import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { collection } from '../../src/collections/decider.ts'
import type { CollectionEvent } from '../../src/collections/events.ts'
import { download } from '../../src/downloads/decider.ts'
import type { DownloadEvent } from '../../src/downloads/events.ts'
import { feed } from '../../src/feeds/decider.ts'
import type { FeedEvent } from '../../src/feeds/events.ts'
import { type Author, type Decider, type Fact, fold, presentVersion, upcast } from '../../src/kernel/decider.ts'
import { slices, upcasts } from '../../src/main/slices.ts'
import { playlist } from '../../src/playlists/decider.ts'
import type { PlaylistEvent } from '../../src/playlists/events.ts'
import { play } from '../../src/plays/decider.ts'
import type { PlayEvent } from '../../src/plays/events.ts'
import { privacy } from '../../src/privacy/decider.ts'
import type { PrivacyEvent } from '../../src/privacy/events.ts'
import { save, share } from '../../src/sharing/decider.ts'
import type { SaveEvent, ShareEvent } from '../../src/sharing/events.ts'
import { subscription } from '../../src/subscriptions/decider.ts'
import type { SubscriptionEvent } from '../../src/subscriptions/events.ts'
import * as collections from '../collections/speech.ts'
import * as playlists from '../playlists/speech.ts'
import * as plays from '../plays/speech.ts'
import * as choices from '../privacy/speech.ts'
import * as saves from '../sharing/speech.ts'
import * as subscriptions from '../subscriptions/speech.ts'
import { commanded, empty, noon, type Order, phone, type Stream, synced, tablet } from './stream.ts'

/*
 * `golden/<type>.v<version>.json` is the data of an event as a server of that time stored it, and never changes: a new
 * shape is a new version, a step in the slice's upcasts, and one more file beside the old one.
 */

type AnyEvent =
  | SubscriptionEvent
  | PlayEvent
  | PlaylistEvent
  | CollectionEvent
  | PrivacyEvent
  | SaveEvent
  | ShareEvent
  | DownloadEvent
  | FeedEvent

/** A stream whose newest event is the one a golden file keeps, written by the decider of today. */
// biome-ignore lint/suspicious/noExplicitAny: streams of different kinds stand in one list
type Example = { readonly decider: Decider<any, any, any>; readonly stream: Stream<any, Fact> }

function example<S, C, F extends Fact>(
  decider: Decider<S, C, F>,
  ...requests: ((stream: Stream<S, F>) => Stream<S, F>)[]
): Example {
  return { decider, stream: requests.reduce((stream, request) => request(stream), empty(decider)) }
}

/** One request after another, each of a device that has seen them all; `from` names the request a token is from. */
const told =
  <S, C, F extends Fact>(decider: Decider<S, C, F>) =>
  (order: Order<S, C>, author: Author = phone, token?: number) =>
  (stream: Stream<S, F>) =>
    synced(decider, stream, author, token ?? stream.head, order)

const plainly = told(play)
const listed = told(playlist)
const gathered = told(collection)
const followed = told(subscription)
const chosen = told(privacy)
const kept = told(save)

const position = (said: plays.Said, author?: Author, token?: number) => plainly(plays.says(said), author, token)
const follow = (said: subscriptions.Said, author?: Author, token?: number) =>
  followed(subscriptions.says(said), author, token)
const list = (said: Parameters<typeof playlists.says>[0], author?: Author, token?: number) =>
  listed(playlists.says(said), author, token)
const gather = (said: Parameters<typeof collections.says>[0]) => gathered(collections.says(said))
const recommend =
  (shared: boolean, comment: string | null) => (stream: Stream<Parameters<typeof share.decide>[0], ShareEvent>) =>
    commanded(share, stream, phone, () => ({ podcast: 'podcast-1', shared, comment, at: noon }))

const did =
  (action: 'download' | 'delete' | 'new' | 'flattr') =>
  (stream: Stream<Parameters<typeof download.decide>[0], DownloadEvent>) =>
    commanded(download, stream, phone, () => ({ podcast: 'podcast-1', action, at: noon }))

const learned =
  (kind: 'moved' | 'podcasts_merged' | 'episodes_merged') =>
  (stream: Stream<Parameters<typeof feed.decide>[0], FeedEvent>) =>
    commanded(feed, stream, phone, () => ({
      podcast: 'podcast-1',
      kind,
      from: kind === 'podcasts_merged' ? 'podcast-2' : null,
      episodes: kind === 'moved' ? [] : ([['episode-1', 'episode-2']] as const),
      at: noon,
    }))

const started = position({ position: 100, duration: 1800, at: 0 })
const finished = position({ position: 1790, played: true, duration: 1800, at: 60_000 })
const made = list({
  fields: { name: 'Morning', description: 'With coffee', isPublic: true },
  items: ['p1/e1', 'p1/e2', 'p2/e1'],
  deleted: false,
  at: 0,
})
const gone = list({ deleted: true, at: 90_000 })
const opened = gather({ fields: { title: 'News', color: '#112233' }, items: ['p1', 'p2'], deleted: false, at: 0 })
const closed = gather({ deleted: true, at: 90_000 })
const subscribed = follow({ active: true, sourceId: 'show-7', at: 0 })
const left = follow({ active: false, at: 60_000 }, tablet)

/** Every type of event, with an example of it: tsc fails where one is missing. */
const examples = {
  FeedSubscribed: example(subscription, subscribed),
  FeedUnsubscribed: example(subscription, subscribed, left),
  SubscriptionConfirmed: example(subscription, subscribed, follow({ active: true, sourceId: 'show-8', at: 30_000 })),
  SubscriptionOverruled: example(subscription, subscribed, left, follow({ active: true, at: 50_000 }, phone, 2)),
  FeedLabelled: example(subscription, subscribed, (stream) =>
    commanded(subscription, stream, phone, subscriptions.says({ active: true, sourceId: 'show-8', at: 30_000 })),
  ),
  PositionMoved: example(play, started, position({ position: 160, duration: 1805, at: 60_000 }, tablet)),
  EpisodeFinished: example(play, started, finished),
  EpisodeUnplayed: example(play, started, finished, position({ position: 0, at: 70_000 })),
  EpisodeStartedOver: example(play, started, finished, position({ position: 0, reset: true, at: 80_000 }, tablet)),
  PlaylistCreated: example(playlist, made),
  PlaylistDescribed: example(playlist, made, list({ fields: { name: 'Evening', description: null }, at: 60_000 })),
  EpisodesArranged: example(playlist, made, list({ items: ['p2/e1', 'p1/e1', 'p3/e1'], at: 60_000 })),
  PlaylistDeleted: example(playlist, made, gone),
  PlaylistRestored: example(playlist, made, gone, list({ deleted: false, at: 99_000 })),
  CollectionCreated: example(collection, opened),
  CollectionDescribed: example(collection, opened, gather({ fields: { color: null, isPublic: true }, at: 60_000 })),
  FeedsArranged: example(collection, opened, gather({ items: ['p3', 'p2'], at: 60_000 })),
  CollectionDeleted: example(collection, opened, closed),
  CollectionRestored: example(collection, opened, closed, gather({ deleted: false, at: 99_000 })),
  PrivacyChosen: example(privacy, chosen(choices.says({ level: 'anonymous', at: 0 }))),
  EpisodeSaved: example(save, kept(saves.says({ saved: true, at: 0 }))),
  EpisodeUnsaved: example(
    save,
    kept(saves.says({ saved: true, at: 0 })),
    kept(saves.says({ saved: false, at: 60_000 })),
  ),
  EpisodeShared: example(share, recommend(true, 'Listen to this')),
  EpisodeUnshared: example(share, recommend(true, null), recommend(false, null)),
  EpisodeDownloaded: example(download, did('download')),
  EpisodeFileDeleted: example(download, did('download'), did('delete')),
  EpisodeMarkedNew: example(download, did('new')),
  EpisodeFlattred: example(download, did('flattr')),
  FeedMoved: example(feed, learned('moved')),
  FeedsMerged: example(feed, learned('podcasts_merged')),
  EpisodesMerged: example(feed, learned('moved'), learned('episodes_merged')),
} satisfies Record<AnyEvent['type'], Example>

const types = Object.entries(examples)
const folder = new URL('./golden/', import.meta.url)
const golden = (type: string, version: number): unknown =>
  JSON.parse(readFileSync(new URL(`${type}.v${version}.json`, folder), 'utf8'))

describe('every type of event', () => {
  test.each(types)('%s is what its example says', (type, { stream }) => {
    expect(stream.events.at(-1)?.fact.type).toBe(type)
  })

  test('has an example: all that any slice names, and all slices', () => {
    const src = new URL('../../src/', import.meta.url)
    const named = readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter((file) => /^[^/]+\/events\.ts$/.test(file))
      .flatMap((file) => [...readFileSync(new URL(file, src), 'utf8').matchAll(/Fact<\s*'(\w+)'/g)])
      .map((found) => found[1])
    expect(named.toSorted()).toEqual(Object.keys(examples).toSorted())
    const kinds = new Set(types.map(([, { decider }]) => decider.kind))
    expect([...kinds].toSorted()).toEqual(slices.map((slice) => slice.decider.kind).toSorted())
  })

  test('has a golden file for each version there ever was, and no file is left over', () => {
    const wanted = types.flatMap(([type]) =>
      Array.from({ length: presentVersion(upcasts, type) }, (_, i) => `${type}.v${i + 1}.json`),
    )
    expect(readdirSync(folder).toSorted()).toEqual(wanted.toSorted())
  })

  test('has upcasts only if it exists', () => {
    expect(Object.keys(upcasts).filter((type) => !(type in examples))).toEqual([])
  })
})

describe('golden data', () => {
  test.each(types)('of %s is what the server stores today: another shape is a new version', (type, { stream }) => {
    expect(stream.events.at(-1)?.fact.data).toStrictEqual(golden(type, presentVersion(upcasts, type)))
  })

  test.each(types)('of %s of every version reads as it did', (type, { decider, stream }) => {
    const newest = stream.events.at(-1)
    for (let version = 1; version <= presentVersion(upcasts, type); version++) {
      const data = upcast(upcasts, type, version, golden(type, version))
      const read = [...stream.events.slice(0, -1), { ...newest, fact: { type, data } }] as typeof stream.events
      const state = fold(decider, decider.newestIsWhole ? read.slice(-1) : read)
      expect(JSON.parse(JSON.stringify(state))).toStrictEqual(state)
      if (version === presentVersion(upcasts, type)) expect(state).toStrictEqual(stream.state)
    }
  })

  test.each(types)('of %s is taken in by whatever state a stream of its kind has', (type, { decider, stream }) => {
    const newest = stream.events.at(-1)
    for (const [, other] of types.filter(
      ([
        ,
        {
          decider: { kind },
        },
      ]) => kind === decider.kind,
    )) {
      const events = [...other.stream.events, { ...newest, number: 100 }] as typeof stream.events
      const state = fold(decider, events)
      expect(JSON.parse(JSON.stringify(state)), type).toStrictEqual(state)
      expect(state).toMatchObject({ number: 100, stamp: newest?.stamp })
    }
    expect(fold(decider, [{ ...newest, number: 100 }] as typeof stream.events)).toMatchObject({ number: 100 })
  })
})
