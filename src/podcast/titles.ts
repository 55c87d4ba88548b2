/** What podcasts and episodes are called, where their feeds told; null where they did not, or are not known yet. */
export interface Titles {
  feed(podcast: string): string | null
  item(episode: string): string | null
}

/** Looks up, at once, what an answer will name. */
export type TitlesOf = (podcasts: Iterable<string>, episodes: Iterable<string>) => Promise<Titles>
