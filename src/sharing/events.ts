import type { Fact, Upcasts } from '../kernel/decider.ts'

/** Times are edit times in milliseconds. */
export type SaveEvent =
  | Fact<'EpisodeSaved', { readonly podcast: string; readonly at: number; readonly asSent: boolean }>
  | Fact<'EpisodeUnsaved', { readonly podcast: string; readonly at: number; readonly asSent: boolean }>

export type ShareEvent =
  | Fact<'EpisodeShared', { readonly podcast: string; readonly comment: string | null; readonly at: number }>
  | Fact<'EpisodeUnshared', { readonly podcast: string; readonly at: number }>

export const sharingUpcasts: Upcasts = {}
