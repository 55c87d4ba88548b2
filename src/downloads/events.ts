import type { Fact, Upcasts } from '../kernel/decider.ts'

/** `at` is the action's own time in milliseconds. */
export interface DownloadData {
  readonly podcast: string
  readonly at: number
}

/** What devices did with an episode beside playing it. */
export type DownloadEvent =
  | Fact<'EpisodeDownloaded', DownloadData>
  /** The file is gone from the device; the episode and its position are not. */
  | Fact<'EpisodeFileDeleted', DownloadData>
  | Fact<'EpisodeMarkedNew', DownloadData>
  | Fact<'EpisodeFlattred', DownloadData>

export const downloadUpcasts: Upcasts = {}
