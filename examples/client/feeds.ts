import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Parser from 'rss-parser'
import { feedName, itemName } from '../../clients/typescript/src/index.ts'

/** An episode under the name it has on the wire. */
export interface Episode {
  /** base64url of `guid,enclosure URL`: `rss_source_item` of the API. */
  readonly item: string
  readonly title: string
  /** Whole seconds, null where the feed does not tell. */
  readonly duration: number | null
}

export interface Podcast {
  /** base64url of the feed URL: `rss_source_feed` of the API. */
  readonly feed: string
  readonly title: string
  readonly episodes: readonly Episode[]
}

/** Reads the feed files of a folder as if they had come from `https://feeds.example/<file name>`. */
export async function readPodcasts(folder: string): Promise<{ podcasts: Podcast[]; unreadable: string[] }> {
  const podcasts: Podcast[] = []
  const unreadable: string[] = []
  const files = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile())
  for (const { name } of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    try {
      const url = `https://feeds.example/${encodeURIComponent(name)}`
      podcasts.push(await readPodcast(url, await readFile(join(folder, name), 'utf8')))
    } catch {
      unreadable.push(name)
    }
  }
  return { podcasts, unreadable }
}

async function readPodcast(url: string, xml: string): Promise<Podcast> {
  const { title, items } = await new Parser().parseString(xml)
  const seen = new Set<string>()
  const episodes = items.flatMap((item): Episode[] => {
    const guid = text(item.guid)
    const enclosure = text(item.enclosure?.url)
    if (enclosure === '') return []
    // The server knows an episode by its guid, else by its enclosure: two items that share either are one episode.
    const names = [guid === '' ? '' : `guid ${guid}`, `enclosure ${enclosure}`].filter(Boolean)
    const known = names.some((name) => seen.has(name))
    for (const name of names) seen.add(name)
    if (known) return []
    return [{ item: itemName(guid, enclosure), title: text(item.title) || guid, duration: seconds(item) }]
  })
  return { feed: feedName(url), title: text(title) || url, episodes }
}

/** Feeds leave things out, or put elements where text should be. */
const text = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

/** `itunes:duration` is a number of seconds, or `1:09:50`. */
function seconds(item: Parser.Item & { itunes?: { duration?: unknown } }): number | null {
  const said = text(item.itunes?.duration)
  if (!/^\d+(:\d{1,2}){0,2}$/.test(said)) return null
  return said.split(':').reduce((total, part) => total * 60 + Number(part), 0)
}
