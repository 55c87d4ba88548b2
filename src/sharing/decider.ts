import { authorKey, type Decider } from '../kernel/decider.ts'
import { mergeRegister, prefersTrue, type Register, type Verdict } from '../podcast/register.ts'
import type { EditTime, Seen } from '../podcast/seen.ts'
import type { SaveEvent, ShareEvent } from './events.ts'

/** Whether one listener keeps one episode among the saved ones. */
export interface SaveState {
  readonly podcast: string
  readonly saved: Register<boolean>
  readonly number: number
  readonly stamp: number
  readonly echo: string | null
}

export interface SaveEdit extends EditTime {
  readonly podcast: string
  readonly saved: boolean
  readonly seen: Seen
  readonly known: Register<boolean> | null
}

export function mergeSave(state: SaveState | null, edit: SaveEdit): Verdict {
  // To unsave what one sees is not saved is no edit. Who did not see may meet one who saves: the newer counts.
  if (!state && !edit.saved && edit.seen.what === 'all')
    return { taken: false, at: edit.at, concurrent: false, reason: 'same' }
  const said = { value: edit.saved, at: edit.at, seen: edit.seen }
  return mergeRegister(state?.saved ?? null, edit.known, said, prefersTrue)
}

export const save: Decider<SaveState | null, SaveEdit, SaveEvent> = {
  kind: 'save',
  initial: null,
  newestIsWhole: false,

  decide(state, edit) {
    const { taken, at } = mergeSave(state, edit)
    if (!taken) return []
    const data = { podcast: edit.podcast, at, asSent: at === edit.sentAt }
    return [{ type: edit.saved ? 'EpisodeSaved' : 'EpisodeUnsaved', data }]
  },

  evolve(_state, { fact, number, stamp, author }) {
    const { podcast, at, asSent } = fact.data
    const written = { number, author: authorKey(author) }
    const saved = { value: fact.type === 'EpisodeSaved', at, ...written }
    return { podcast, saved, number, stamp, echo: asSent ? written.author : null }
  },
}

/** Whether one listener has recommended one episode, and in which words. */
export interface ShareState {
  readonly podcast: string
  readonly shared: boolean
  readonly comment: string | null
  readonly at: number
  readonly number: number
  readonly stamp: number
}

export interface ShareEdit {
  readonly podcast: string
  readonly shared: boolean
  readonly comment: string | null
  readonly at: number
}

export const share: Decider<ShareState | null, ShareEdit, ShareEvent> = {
  kind: 'share',
  initial: null,
  newestIsWhole: true,

  decide(state, { podcast, shared, comment, at }) {
    const now = { shared: state?.shared ?? false, comment: state?.comment ?? null }
    if (now.shared === shared && (!shared || now.comment === comment)) return []
    return shared
      ? [{ type: 'EpisodeShared', data: { podcast, comment, at } }]
      : [{ type: 'EpisodeUnshared', data: { podcast, at } }]
  },

  evolve(_state, { fact, number, stamp }) {
    const shared = fact.type === 'EpisodeShared'
    return {
      podcast: fact.data.podcast,
      shared,
      comment: fact.type === 'EpisodeShared' ? fact.data.comment : null,
      at: fact.data.at,
      number,
      stamp,
    }
  },
}
