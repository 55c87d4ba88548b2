import { feedId, itemId } from './instance.ts'

/** A small world, so that devices meet: few podcasts, few episodes, few lists. */
export const feeds = ['a', 'b', 'c'].map((name) => feedId(`https://feeds.example/${name}.xml`))

export interface Episode {
  readonly feed: string
  readonly item: string
}

export const episodes: readonly Episode[] = feeds.flatMap((feed, f) =>
  [0, 1].map((i) => ({ feed, item: itemId(`guid-${f}-${i}`, `https://media.example/${f}/${i}.mp3`) })),
)
