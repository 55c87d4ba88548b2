import type { FeedKind, FeedSource, NoFeed, ParsedEpisode, ParsedFeed } from '../shapes.ts'
import { encodingOf, textOf } from './decode.ts'
import { readEpisode } from './episode.ts'
import { readChannel } from './feed.ts'
import { noFeed, whatItIs } from './no-feed.ts'
import { createNotes, type NoteTaker } from './notes.ts'
import { parseChannel, parseItems } from './parse.ts'
import { rewriting } from './rewrite.ts'

/** Characters of rewritten items that are parsed at once: large enough to be fast, small enough to be forgotten soon. */
const batch = 256 * 1024

/**
 * Reads a feed from its bytes, in the calling thread. Pure: the same bytes from the same source are read the same
 * for ever. A large feed takes seconds, a hostile one for ever: `reader.ts` runs this elsewhere, and ends it.
 */
export async function readFeed(bytes: Uint8Array, source: FeedSource): Promise<ParsedFeed | NoFeed> {
  const notes = createNotes()
  const rewritten = rewriting(source.url, notes)
  const episodes = collecting(source.url, notes)
  let head = ''
  for (const text of textOf(bytes, encodingOf(bytes, source.contentType, notes))) {
    if (head === '') head = text.trimStart().slice(0, 4096)
    rewritten.write(text)
    if (rewritten.hopeless()) break
    await episodes.take(rewritten.kind(), rewritten.takeItems())
  }
  if (rewritten.kind() !== null && rewritten.hopeless())
    return noFeed('not_xml', 'the document nests its elements thousands deep')
  rewritten.end()
  const kind = rewritten.kind()
  if (kind === null) return whatItIs(head, rewritten.firstElement())
  await episodes.take(kind, rewritten.takeItems(), true)
  if (/^[^<\s\ufeff]/.test(head)) notes.note('something stands before the document')
  if (rewritten.cut()) notes.note('the document ends early')
  const channel = readChannel(kind, await parseChannel(kind, rewritten.channel()), source.url, notes)
  const all = episodes.all()
  noteRepeats(all, notes)
  return { ...channel, cut: rewritten.cut(), episodes: all, notes: notes.list() }
}

/** Takes items as they come and parses them in batches, so that the document is never held a second time. */
function collecting(base: string, notes: NoteTaker) {
  const episodes: ParsedEpisode[] = []
  let waiting: string[] = []
  let size = 0
  let read = 0
  return {
    take: async (kind: FeedKind | null, items: readonly string[], last = false): Promise<void> => {
      waiting.push(...items)
      size += items.reduce((sum, item) => sum + item.length, 0)
      if (kind === null || waiting.length === 0 || (size < batch && !last)) return
      for (const item of await parseItems(kind, waiting)) {
        read += 1
        const episode = readEpisode(item, base, notes, `item ${read}`)
        if (episode !== null) episodes.push(episode)
      }
      waiting = []
      size = 0
    },
    all: (): readonly ParsedEpisode[] => episodes,
  }
}

function noteRepeats(episodes: readonly ParsedEpisode[], notes: NoteTaker): void {
  const seen = new Set<string>()
  for (const { guid } of episodes) {
    if (guid === null) continue
    if (seen.has(guid)) notes.note('a guid stands at more than one item')
    seen.add(guid)
  }
}
