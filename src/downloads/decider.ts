import type { Decider } from '../kernel/decider.ts'
import type { DownloadEvent } from './events.ts'

export const downloadActions = ['download', 'delete', 'new', 'flattr'] as const

export type DownloadAction = (typeof downloadActions)[number]

/** The newest action of one kind. */
export interface Done {
  readonly at: number
  readonly app: string
  readonly device: string | null
  readonly stamp: number
}

/** What was done with one episode: kinds of actions do not know of each other. */
export interface DownloadState {
  readonly podcast: string
  readonly done: Readonly<Partial<Record<DownloadAction, Done>>>
  readonly number: number
  readonly stamp: number
}

export interface DownloadEdit {
  readonly podcast: string
  readonly action: DownloadAction
  readonly at: number
}

const types = {
  download: 'EpisodeDownloaded',
  delete: 'EpisodeFileDeleted',
  new: 'EpisodeMarkedNew',
  flattr: 'EpisodeFlattred',
} as const satisfies Record<DownloadAction, DownloadEvent['type']>

const actionOf = (type: DownloadEvent['type']): DownloadAction =>
  downloadActions.find((action) => types[action] === type) ?? 'download'

export const download: Decider<DownloadState | null, DownloadEdit, DownloadEvent> = {
  kind: 'download',
  initial: null,
  newestIsWhole: false,

  /** Of each kind the newest stands; where times are equal, the first. */
  decide(state, { podcast, action, at }) {
    const before = state?.done[action]
    return before && before.at >= at ? [] : [{ type: types[action], data: { podcast, at } }]
  },

  evolve(state, { fact, number, stamp, author: { app, device } }) {
    const { podcast, at } = fact.data
    return { podcast, done: { ...state?.done, [actionOf(fact.type)]: { at, app, device, stamp } }, number, stamp }
  },
}
