import { setPriority } from 'node:os'
import { move, transferableSymbol, valueSymbol } from 'piscina'
import { isRefusal } from '../../kernel/refusal.ts'
import { pack, type Question } from './carrying.ts'
import { readFeed } from './read-feed.ts'

// Whoever waits for an answer comes first. Only Linux gives each thread a priority of its own; elsewhere this would slow
// the whole process.
if (process.platform === 'linux') setPriority(10)

/** What a thread of `reader.ts` does: reads one feed. The reply's buffers change hands without being copied. */
export default async function read({ bytes, url, contentType }: Question): Promise<unknown> {
  const understood = await readFeed(bytes, { url, contentType })
  if (isRefusal(understood)) return understood
  const packed = pack(understood)
  return move({ [transferableSymbol]: packed.episodes.map(({ buffer }) => buffer), [valueSymbol]: packed })
}
