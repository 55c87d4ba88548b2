import { deserialize, serialize } from 'node:v8'
import type { NoFeed, ParsedEpisode, ParsedFeed } from '../shapes.ts'

/**
 * What a worker hands back: the episodes of a large feed are megabytes, and unpacking them at once would hold up every
 * request of the receiving thread. So they come packed in buffers that change hands without being copied, and are
 * unpacked a few at a time.
 */
export interface Packed {
  readonly feed: Omit<ParsedFeed, 'episodes'>
  readonly episodes: readonly Uint8Array<ArrayBuffer>[]
}

/** Unpacked in about a millisecond. */
const together = 50

export function pack({ episodes, ...feed }: ParsedFeed): Packed {
  const packed: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < episodes.length; at += together)
    packed.push(new Uint8Array(serialize(episodes.slice(at, at + together))))
  return { feed, episodes: packed }
}

/** Lets other work go first after each buffer. */
export async function unpack(packed: Packed): Promise<ParsedFeed> {
  const episodes: ParsedEpisode[] = []
  for (const few of packed.episodes) {
    episodes.push(...(deserialize(few) as ParsedEpisode[]))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { ...packed.feed, episodes }
}

/** What a worker is asked. */
export interface Question {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly url: string
  readonly contentType: string | null
}

export type Reply = Packed | NoFeed
