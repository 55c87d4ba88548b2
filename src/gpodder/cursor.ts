import type { UserId } from '../kernel/brand.ts'
import { authorKey, type Recorded } from '../kernel/decider.ts'
import { type Refusal, refuseValue } from '../kernel/refusal.ts'
import { app, type Call, type DoorParts } from './door.ts'

/** What clients count separately. */
export type Told = 'subscriptions' | 'episodes'

/** The kinds of streams each of them tells of. */
const streamsOf: Readonly<Record<Told, readonly string[]>> = {
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
export async function toldNow({ stamps }: Pick<Parts, 'stamps'>, call: Call, what: Told, stamp: number): Promise<void> {
  await stamps.tell(call.user, what, clientsOf(call, call.device === null ? [] : [call.device]), stamp, call.now)
}

/** Remembers that the client must be told again what has this stamp, and what came after it. */
export async function tellAgain(
  { stamps }: Pick<Parts, 'stamps'>,
  { user, now }: Pick<Call, 'user' | 'now'>,
  clients: readonly string[],
  stamp: number,
): Promise<void> {
  const told = await stamps.of(user, 'episodes', clients)
  if (told === null || told >= stamp) await stamps.tell(user, 'episodes', clients, stamp - 1, now)
}

/**
 * The stamp an answer to an upload names: the newest, unless somebody else wrote since this client was told last. Then
 * it comes back with the older one, and is told its own words once more together with theirs.
 */
export async function tellAfterUpload(
  { journal, stamps }: Parts,
  call: Call,
  what: Told,
  devices: readonly string[],
  overruled: number | null = null,
): Promise<number> {
  const { user, now } = call
  const clients = clientsOf(call, devices)
  if (overruled !== null) await tellAgain({ stamps }, call, clients, overruled)
  const told = (await stamps.of(user, what, clients)) ?? 0
  const { lastStamp } = await journal.head(user)
  const own = devices.map((device) => authorKey({ app, device }))
  const byOthers = ({ stream, author }: Recorded) =>
    streamsOf[what].includes(stream.slice(0, stream.indexOf('/'))) &&
    !(author.device !== null && own.includes(authorKey(author)))
  if (await anyAfter(journal, user, told, byOthers)) return told
  await stamps.tell(user, what, clients, lastStamp, now)
  return lastStamp
}

const page = 500

async function anyAfter(
  journal: Parts['journal'],
  user: UserId,
  stamp: number,
  matches: (event: Recorded) => boolean,
): Promise<boolean> {
  let after = await journal.numberBefore(user, stamp + 1)
  for (;;) {
    const events = await journal.read(user, after, page)
    if (events.some(matches)) return true
    if (events.length < page) return false
    after = events.at(-1)?.number ?? after
  }
}
