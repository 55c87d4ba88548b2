import { authorKey, type Decider } from '../kernel/decider.ts'
import { mergeRegister, type Register, type Verdict } from '../podcast/register.ts'
import type { EditTime, Seen } from '../podcast/seen.ts'
import type { PrivacyEvent, PrivacyLevel } from './events.ts'

/** What a listener chose for one scope: everything, a podcast, or an episode. */
export interface PrivacyState {
  readonly level: Register<PrivacyLevel>
  readonly podcast: string | null
  readonly episode: string | null
  readonly number: number
  readonly stamp: number
  readonly echo: string | null
}

export interface PrivacyEdit extends EditTime {
  readonly level: PrivacyLevel
  readonly podcast: string | null
  readonly episode: string | null
  readonly seen: Seen
  readonly known: Register<PrivacyLevel> | null
}

/** On a tie the more private level wins. */
const secrecy: Record<PrivacyLevel, number> = { public: 0, anonymous: 1, private: 2 }
/** Whether the first level shows less than the second. */
export const morePrivate = (a: PrivacyLevel, b: PrivacyLevel): boolean => secrecy[a] > secrecy[b]
const prefersPrivate = (a: PrivacyLevel, b: PrivacyLevel) => secrecy[a] - secrecy[b]

export const mergePrivacy = (state: PrivacyState | null, edit: PrivacyEdit): Verdict =>
  mergeRegister(state?.level ?? null, edit.known, { value: edit.level, at: edit.at, seen: edit.seen }, prefersPrivate)

/** The id of a scope's stream: `everything`, `podcast/<id>` or `episode/<id>`. */
export const scopeOf = (podcast: string | null, episode: string | null): string =>
  episode !== null ? `episode/${episode}` : podcast !== null ? `podcast/${podcast}` : 'everything'

export const privacy: Decider<PrivacyState | null, PrivacyEdit, PrivacyEvent> = {
  kind: 'privacy',
  initial: null,
  newestIsWhole: false,

  decide(state, edit) {
    const { taken, at } = mergePrivacy(state, edit)
    if (!taken) return []
    const { level, podcast, episode } = edit
    return [{ type: 'PrivacyChosen', data: { level, podcast, episode, at, asSent: at === edit.sentAt } }]
  },

  evolve(_state, { fact, number, stamp, author }) {
    const { level, podcast, episode, at, asSent } = fact.data
    const written = { number, author: authorKey(author) }
    return {
      level: { value: level, at, ...written },
      podcast,
      episode,
      number,
      stamp,
      echo: asSent ? written.author : null,
    }
  },
}

/** What of a podcast bears on privacy. */
export interface PodcastSecrecy {
  /** Whether its feed was ever fetched without credentials. */
  readonly fetched: boolean
  /** Set when its URL or its feed says that it is one listener's own. */
  readonly privateReason: string | null
}

/** What a listener chose, null where nothing was chosen. */
export interface Choices {
  readonly everything: PrivacyLevel | null
  readonly podcast: PrivacyLevel | null
  readonly episode: PrivacyLevel | null
}

/**
 * The one place that decides what others may learn. The most specific choice holds, and nothing is public before its
 * listener chose so. A podcast whose feed was never fetched without credentials is private whatever was chosen; one
 * that looks like a private feed stays so until its listener chooses for it.
 *
 * @param podcast null for what is about no podcast
 */
export function effectivePrivacy(choices: Choices, podcast: PodcastSecrecy | null): PrivacyLevel {
  if (podcast && !podcast.fetched) return 'private'
  const chosenForIt = choices.episode ?? choices.podcast
  if (podcast?.privateReason && chosenForIt === null) return 'private'
  return chosenForIt ?? choices.everything ?? 'private'
}
