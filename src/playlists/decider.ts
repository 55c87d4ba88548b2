import { authorKey, type Decider } from '../kernel/decider.ts'
import { isRefusal, refuse } from '../kernel/refusal.ts'
import { changesNothing } from '../podcast/arrangement.ts'
import {
  evolveList,
  type Fields,
  type ListChange,
  type ListEdit,
  type ListState,
  mergeList,
  noList,
} from '../podcast/lists.ts'
import type { PlaylistEvent } from './events.ts'

export interface PlaylistState extends ListState {
  readonly kind: 'playlist' | 'queue'
}

/** An order to make, change, arrange or delete a playlist; the queue is one with a fixed id. */
export interface EditPlaylist extends ListEdit {
  readonly kind: 'playlist' | 'queue'
}

const defaults: Record<'playlist' | 'queue', Fields> = {
  playlist: { name: 'Playlist', description: null, isPublic: false },
  queue: { name: 'Queue', description: null, isPublic: false },
}

/** An item's name in a list. */
export const itemKey = (podcast: string, episode: string): string => `${podcast}/${episode}`

export function itemOf(key: string): { podcast: string; episode: string } {
  const [podcast = '', episode = ''] = key.split('/')
  return { podcast, episode }
}

export const mergePlaylist = (state: PlaylistState, edit: EditPlaylist) => mergeList(state, edit, defaults[edit.kind])

function eventType(state: PlaylistState, change: ListChange): PlaylistEvent['type'] {
  if (change.alive?.value === false) return 'PlaylistDeleted'
  if (change.created) return 'PlaylistCreated'
  if (change.alive && !state.alive?.value) return 'PlaylistRestored'
  return change.fields.length > 0 || changesNothing(change.items) ? 'PlaylistDescribed' : 'EpisodesArranged'
}

export const playlist: Decider<PlaylistState, EditPlaylist, PlaylistEvent> = {
  kind: 'playlist',
  initial: { ...noList, kind: 'playlist' },
  newestIsWhole: false,

  decide(state, edit) {
    if (edit.kind === 'queue' && edit.deleted === true)
      return refuse('cannot_delete_queue', 'The queue can be emptied, not deleted.')
    const change = mergePlaylist(state, edit)
    if (change === null) return []
    if (isRefusal(change)) return change
    const { merged: _, ...data } = change
    return [{ type: eventType(state, change), data: { ...data, kind: edit.kind } }]
  },

  evolve(state, { fact, number, stamp, author, recordedAt }) {
    const written = { number, author: authorKey(author) }
    return { ...evolveList(state, fact.data, written, stamp, recordedAt), kind: fact.data.kind }
  },
}
