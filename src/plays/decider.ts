import { authorKey, type Decider } from '../kernel/decider.ts'
import type { EditTime } from '../podcast/seen.ts'
import type { PlayEvent } from './events.ts'
import { mergePlay, type PlayEdit, type PlayStanding, type PlayVerdict } from './merge.ts'

/** One listener's play of one episode; null before the first. */
export interface PlayState extends PlayStanding {
  readonly podcast: string
  readonly number: number
  readonly stamp: number
  readonly echo: string | null
}

/** An order to record where a listener is in an episode. */
export interface RecordPlay extends PlayEdit, EditTime {
  readonly podcast: string
  readonly started: number | null
}

function factType(state: PlayState | null, edit: RecordPlay, { says, value }: PlayVerdict): PlayEvent['type'] {
  if (says && edit.reset) return 'EpisodeStartedOver'
  if (value.played && !state?.played) return 'EpisodeFinished'
  if (!value.played && state?.played) return 'EpisodeUnplayed'
  return 'PositionMoved'
}

export const play: Decider<PlayState | null, RecordPlay, PlayEvent> = {
  kind: 'play',
  initial: null,
  newestIsWhole: true,

  decide(state, edit) {
    const verdict = mergePlay(state, edit)
    if (!verdict.taken) return []
    const { value, past, says, times } = verdict
    const data = {
      podcast: edit.podcast,
      ...value,
      started: edit.started,
      saidBy: says ? null : (state?.saidBy ?? null),
      timedBy: times ? null : (state?.timedBy ?? null),
      ...past,
      startedOver: state?.startedOver ?? null,
      asSent: says && value.at === edit.sentAt && value.duration === edit.duration,
    }
    return [{ type: factType(state, edit, verdict), data }]
  },

  evolve(_state, { fact, number, stamp, author }) {
    const { started: _, asSent, saidBy, timedBy, startedOver, ...told } = fact.data
    const written = { number, author: authorKey(author) }
    return {
      ...told,
      saidBy: saidBy ?? written,
      timedBy: timedBy ?? written,
      startedOver: fact.type === 'EpisodeStartedOver' ? written : startedOver,
      number,
      stamp,
      echo: asSent ? written.author : null,
    }
  },
}
