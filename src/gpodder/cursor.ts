import type { UserId } from '../kernel/brand.ts'
import { authorKey, type Recorded } from '../kernel/decider.ts'
import { type Refusal, refuseValue } from '../kernel/refusal.ts'
import { app, type Call, type DoorParts } from './door.ts'
import type { Written } from './receive.ts'
import type { Subject } from './stamps.ts'

/** The kinds of streams each of them tells of. */
const streamsOf: Readonly<Record<Subject, readonly string[]>> = {
  subscriptions: ['subscription'],
  episodes: ['play', 'download'],
}

type Parts = Pick<DoorParts, 'journal' | 'stamps'>

/** Whole seconds: from when on the client was told nothing yet. */
export function readSince(text: string | undefined): number | Refusal {
  if (text === undefined || text === '') return refuseValue('query.since', 'is missing')
  const since = Number(text)
  return Number.isFinite(since) ? Math.max(0, Math.floor(since)) : refuseValue('query.since', 'is not a number')
}

/**
 * The names a client is known by, the surest first: a cookie is one client's own, a password several may share, and
 * not every call names its device.
 */
function clientsOf({ client, hasCookie }: Pick<Call, 'client' | 'hasCookie'>, devices: readonly string[]): string[] {
  const named = devices.map((device) => `device ${device}`)
  return hasCookie || devices.length === 0 ? [client, ...named] : named
}

/** Remembers that the client was told everything up to a stamp, which was taken before what it was told was read. */
export function toldNow({ stamps }: Pick<Parts, 'stamps'>, call: Call, what: Subject, stamp: number): void {
  stamps.tell(call.user, what, clientsOf(call, call.device === null ? [] : [call.device]), stamp, call.now)
}

/**
 * Remembers that the client must be told again the event of a number, and what came after it; answers up to which stamp
 * it was told everything.
 */
export async function tellAgain(
  { journal, stamps }: Parts,
  { user, now }: Pick<Call, 'user' | 'now'>,
  clients: readonly string[],
  number: number,
): Promise<number> {
  const told = await stamps.of(user, 'episodes', clients)
  if (told === null) return 0
  const [event] = await journal.read(user, number - 1, 1)
  const again = Math.min(told, (event?.stamp ?? 1) - 1)
  if (again !== told) await stamps.put(user, 'episodes', clients, again, now)
  return again
}

/**
 * The stamp an answer to an upload names: the newest, unless somebody else wrote since this client was told last. Then
 * it comes back with the older one, and is told its own words once more together with theirs.
 */
export async function tellAfterUpload(
  { journal, stamps }: Parts,
  call: Call,
  what: Subject,
  devices: readonly string[],
  { before, after }: Written,
  overruled: number | null = null,
): Promise<number> {
  const { user, now } = call
  const clients = clientsOf(call, devices)
  if (overruled !== null) return tellAgain({ journal, stamps }, call, clients, overruled)
  // Mostly this client wrote last and was told so by this very process: then nobody can have come between.
  if (stamps.lately(user, what, clients) !== before) {
    const told = (await stamps.of(user, what, clients)) ?? 0
    const own = devices.map((device) => authorKey({ app, device }))
    const byOthers = ({ stream, author }: Recorded) =>
      streamsOf[what].includes(stream.slice(0, stream.indexOf('/'))) &&
      !(author.device !== null && own.includes(authorKey(author)))
    if (await anyBetween(journal, user, told, before, byOthers)) return told
  }
  stamps.tell(user, what, clients, after, now)
  return after
}

/** Others' words mostly come first, where there are any. */
const [firstPage, nextPage] = [20, 500]

/** Whether the journal holds such an event after one stamp and up to another. */
async function anyBetween(
  journal: Parts['journal'],
  user: UserId,
  after: number,
  upTo: number,
  matches: (event: Recorded) => boolean,
): Promise<boolean> {
  if (after === upTo) return false
  let number = after === 0 ? 0 : await journal.numberBefore(user, after + 1)
  for (let page = firstPage; ; page = nextPage) {
    const events = await journal.read(user, number, page)
    if (events.some((event) => event.stamp <= upTo && matches(event))) return true
    const last = events.at(-1)
    if (!last || events.length < page || last.stamp > upTo) return false
    number = last.number
  }
}
