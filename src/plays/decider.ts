import { authorKey, type Decider } from '../kernel/decider.ts'
import type { EditTime } from '../podcast/seen.ts'
import type { PlayEvent } from './events.ts'
import { mergePlay, type PlayEdit, type PlayStanding } from './merge.ts'

/** One listener's play of one episode; null before the first. */
export interface PlayState extends PlayStanding {
  readonly podcast: string
  readonly stamp: number
  readonly echo: string | null
}

/** An order to record where a listener is in an episode. */
export interface RecordPlay extends PlayEdit, EditTime {
  readonly podcast: string
  readonly started: number | null
}

function factType(state: PlayState | null, edit: RecordPlay, played: boolean): PlayEvent['type'] {
  if (edit.reset) return 'EpisodeStartedOver'
  if (played && !state?.played) return 'EpisodeFinished'
  if (!played && state?.played) return 'EpisodeUnplayed'
  return 'PositionMoved'
}

export const play: Decider<PlayState | null, RecordPlay, PlayEvent> = {
  kind: 'play',
  initial: null,
  newestIsWhole: true,

  decide(state, edit) {
    const { value, taken } = mergePlay(state, edit)
    if (!taken) return []
    const { position, played, duration, at } = value
    const merged = position !== edit.position || played !== edit.played
    const asSent = !merged && at === edit.sentAt && duration === edit.duration
    const { podcast, started } = edit
    const startedOver = state?.startedOver ?? null
    return [
      {
        type: factType(state, edit, played),
        data: { podcast, position, played, duration, started, at, startedOver, asSent, merged },
      },
    ]
  },

  evolve(_state, { fact, number, stamp, author }) {
    const { podcast, position, played, duration, at, startedOver, asSent, merged } = fact.data
    const written = { number, author: merged ? null : authorKey(author) }
    return {
      podcast,
      position,
      played,
      duration,
      at,
      startedOver: fact.type === 'EpisodeStartedOver' ? written : startedOver,
      ...written,
      stamp,
      echo: asSent ? written.author : null,
    }
  },
}
