import type { Followed } from '../journal/followers.ts'
import type { EpisodeId, PodcastId, UserId } from '../kernel/brand.ts'
import type { StreamMerged } from '../kernel/decider.ts'
import type { PlayData, PlayEvent } from '../plays/events.ts'
import type { PrivacyEvent, PrivacyLevel } from '../privacy/events.ts'
import type { SaveEvent, ShareEvent } from '../sharing/events.ts'
import type { SubscriptionEvent } from '../subscriptions/events.ts'
import type { ContributionKind } from './events.ts'

/** What a batch of events says of one contribution. */
export interface Deed {
  readonly user: UserId
  readonly kind: ContributionKind
  /** Null where the batch only takes it back. */
  readonly first: { readonly podcast: PodcastId; readonly at: number; readonly event: string } | null
  /** The episode; of subscriptions the podcast. */
  readonly target: string
  /** Whether the subscription, save or share holds. */
  readonly active: boolean
  readonly comment: string | null
}

export interface PlayStep {
  readonly data: PlayData
  readonly at: number
  readonly event: string
}

export interface Played {
  readonly user: UserId
  readonly episode: EpisodeId
  readonly steps: readonly PlayStep[]
}

export interface Choice {
  readonly user: UserId
  readonly scope: string
  readonly podcast: PodcastId | null
  readonly episode: EpisodeId | null
  readonly level: PrivacyLevel
}

/** A stream that turned out to be another's. */
export interface Merged {
  readonly user: UserId
  /** The kind of stream. */
  readonly of: string
  readonly from: string
  readonly into: string
  readonly podcast: PodcastId
}

/** What a batch of events says that others may learn of, each thing once. */
export interface Gathered {
  readonly merges: readonly Merged[]
  readonly deeds: readonly Deed[]
  readonly plays: readonly Played[]
  readonly choices: readonly Choice[]
}

type Told = SubscriptionEvent | PlayEvent | SaveEvent | ShareEvent | PrivacyEvent | StreamMerged

export function gather(events: readonly Followed[]): Gathered {
  const deeds = new Map<string, Deed>()
  const plays = new Map<string, { user: UserId; episode: EpisodeId; steps: PlayStep[] }>()
  const choices = new Map<string, Choice>()
  const merges: Merged[] = []
  for (const { user, event } of events) {
    const fact = event.fact as Told
    const id = event.stream.slice(event.stream.indexOf('/') + 1)
    const key = `${user} ${event.stream}`
    // A device's clock may be wrong; nothing happened after the server heard of it.
    const when = (at: number) => ({ at: Math.min(at, event.recordedAt), event: event.id })
    const say = (kind: ContributionKind, first: Deed['first'], comment: string | null = null) => {
      const known = deeds.get(key)
      deeds.set(key, { user, kind, target: id, first: known?.first ?? first, active: first !== null, comment })
    }
    switch (fact.type) {
      case 'FeedSubscribed':
        say('subscribe', { podcast: id as PodcastId, ...when(fact.data.at) })
        break
      case 'FeedUnsubscribed':
        say('subscribe', null)
        break
      case 'EpisodeSaved':
        say('save', { podcast: fact.data.podcast as PodcastId, ...when(fact.data.at) })
        break
      case 'EpisodeUnsaved':
        say('save', null)
        break
      case 'EpisodeShared':
        say('share', { podcast: fact.data.podcast as PodcastId, ...when(fact.data.at) }, fact.data.comment)
        break
      case 'EpisodeUnshared':
        say('share', null)
        break
      case 'PositionMoved':
      case 'EpisodeFinished':
      case 'EpisodeUnplayed':
      case 'EpisodeStartedOver': {
        const played = plays.get(key) ?? { user, episode: id as EpisodeId, steps: [] }
        played.steps.push({ data: fact.data, ...when(fact.data.at) })
        plays.set(key, played)
        break
      }
      case 'PrivacyChosen': {
        const { level, podcast, episode } = fact.data
        const scope = { podcast: podcast as PodcastId | null, episode: episode as EpisodeId | null }
        choices.set(key, { user, scope: id, ...scope, level })
        break
      }
      case 'StreamMerged': {
        const { podcast, into } = fact.data
        const of = event.stream.slice(0, event.stream.indexOf('/'))
        if (podcast !== null) merges.push({ user, of, from: id, into, podcast: podcast as PodcastId })
        break
      }
      case 'SubscriptionConfirmed':
      case 'SubscriptionOverruled':
      case 'FeedLabelled':
        break
      default:
        // Others may not learn of lists, downloads and whatever else is in the journal.
        fact satisfies never
    }
  }
  return { deeds: [...deeds.values()], plays: [...plays.values()], choices: [...choices.values()], merges }
}
