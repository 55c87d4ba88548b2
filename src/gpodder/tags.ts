import { rows, type Statement } from '../database/store.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { publicPodcasts, type Searching } from '../search/index.ts'

const categories: Statement = {
  name: 'directory-categories',
  text: `select podcast_id as podcast, array(select c ->> 'name' from jsonb_array_elements(metadata -> 'categories') c) as names
    from cache.feeds where podcast_id = any($1::uuid[]) and jsonb_typeof(metadata -> 'categories') = 'array'`,
}

export interface Categorised {
  readonly podcast: PodcastId
  readonly names: readonly string[]
}

/** The categories that feeds name, of those of these podcasts that anybody may know of, in their order. */
export async function categoriesOf(
  { cache, projections, system }: Searching,
  podcasts: readonly PodcastId[],
): Promise<readonly Categorised[]> {
  const known = await publicPodcasts({ projections, system }, podcasts)
  const found = await rows<Categorised>(cache, categories, [[...known.keys()]])
  const names = new Map(found.map((row) => [row.podcast, row.names]))
  return podcasts.flatMap((podcast) => {
    const own = names.get(podcast)
    return own ? [{ podcast, names: own }] : []
  })
}

/** A category as it stands in paths. */
export const tagOf = (name: string): string =>
  name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')

/** The categories of these podcasts, each with how many are in it, the most used first. */
export function tagsOf(podcasts: readonly Categorised[]) {
  const tags = new Map<string, { title: string; tag: string; usage: number }>()
  for (const { names } of podcasts) {
    for (const [tag, title] of new Map(names.map((name) => [tagOf(name), name]))) {
      const known = tags.get(tag)
      if (tag !== '') tags.set(tag, { title: known?.title ?? title, tag, usage: (known?.usage ?? 0) + 1 })
    }
  }
  return [...tags.values()].toSorted((a, b) => b.usage - a.usage || a.tag.localeCompare(b.tag))
}
