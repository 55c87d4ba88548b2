import type { EpisodeId, PodcastId } from '../kernel/brand.ts'

/** Widths in pixels, and heights: covers are square. */
export const coverSizes = [64, 128, 300, 600, 1200] as const
export type CoverSize = (typeof coverSizes)[number]

/** What an `img` element wants to know of a picture. */
export interface Cover {
  readonly src: string
  readonly srcset: string
}

/**
 * Where this instance serves the cover of a podcast, or the picture of one of its episodes. Nobody's browser asks the
 * podcast's own server, which would learn who listens.
 */
export function coverUrl(publicUrl: string, podcast: PodcastId, episode: EpisodeId | null, size: CoverSize): string {
  const picture = episode === null ? podcast : `${podcast}/${episode}`
  return `${publicUrl.replace(/\/+$/, '')}/covers/${picture}?size=${size}`
}

/** The same in every size there is. */
export function coverOf(publicUrl: string, podcast: PodcastId, episode: EpisodeId | null = null): Cover {
  const at = (size: CoverSize): string => coverUrl(publicUrl, podcast, episode, size)
  return { src: at(600), srcset: coverSizes.map((size) => `${at(size)} ${size}w`).join(', ') }
}
