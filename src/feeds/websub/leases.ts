import { hkdfSync } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import { type Queryable, rows, type Statement } from '../../database/store.ts'
import type { PodcastId } from '../../kernel/brand.ts'

/** What a hub was asked to tell of. Times of questions are milliseconds, those that come from here dates. */
export interface Lease {
  /** The end of the callback's address. */
  readonly id: string
  readonly podcast: PodcastId
  readonly hub: string
  readonly topic: string
  readonly wanted: boolean
  readonly waiting: boolean
  readonly askedAt: Date | null
  readonly verifiedAt: Date | null
  readonly leaseUntil: Date | null
  readonly failures: number
  readonly lastError: string | null
  readonly ignored: number
}

const columns = `id, podcast_id as podcast, hub, topic, wanted, waiting, asked_at as "askedAt", verified_at as "verifiedAt",
  lease_until as "leaseUntil", failures, last_error as "lastError", ignored`
const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`

const find: Statement = { name: 'leases-find', text: `select ${columns} from cache.hub_leases where id = $1` }
const add: Statement = {
  name: 'leases-add',
  text: `insert into cache.hub_leases (id, podcast_id, hub, topic, wanted, waiting, due_at, failures, ignored)
    select $1, $2, $3, $4, true, false, ${time('$5')}, 0, 0
    where exists (select from cache.feeds where podcast_id = $2 and wanted)
      and not exists (select from cache.hub_leases where podcast_id = $2 and wanted and hub = $3 and topic = $4)`,
}
const end: Statement = {
  name: 'leases-end',
  text: `update cache.hub_leases set wanted = false, waiting = false, failures = 0, due_at = ${time('$4')}
    where podcast_id = $1 and wanted and (hub, topic) is distinct from ($2::text, $3::text)`,
}
const endUnwanted: Statement = {
  name: 'leases-end-unwanted',
  text: `update cache.hub_leases l set wanted = false, waiting = false, failures = 0, due_at = ${time('$1')}
    where wanted and not exists (select from cache.feeds f where f.podcast_id = l.podcast_id and f.wanted)`,
}
const unasked: Statement = {
  name: 'leases-unasked',
  text: `select podcast_id as podcast, metadata -> 'hubs' as hubs, metadata ->> 'self' as self from cache.feeds f
    where wanted and failures = 0 and metadata ->> 'self' is not null and jsonb_array_length(metadata -> 'hubs') > 0
      and not exists (select from cache.hub_leases l where l.podcast_id = f.podcast_id and l.wanted)`,
}
const claim: Statement = {
  name: 'leases-claim',
  // Somebody else's turn only after a while: a killed worker's lease is taken up again then.
  text: `update cache.hub_leases set due_at = ${time('$1')} + interval '10 minutes'
    where id in (select id from cache.hub_leases where due_at <= ${time('$1')} order by due_at limit $2
      for update skip locked)
    returning ${columns}`,
}
const ask: Statement = {
  name: 'leases-ask',
  text: `update cache.hub_leases set waiting = true, asked_at = ${time('$2')}, due_at = ${time('$3')} where id = $1`,
}
const fail: Statement = {
  name: 'leases-fail',
  // A hub may ask back before it answers: what it has confirmed meanwhile has not failed.
  text: `update cache.hub_leases set waiting = false, failures = failures + 1, last_error = $2, due_at = ${time('$3')}
    where id = $1 and waiting`,
}
const deny: Statement = {
  name: 'leases-deny',
  text: `update cache.hub_leases set waiting = false, failures = failures + 1, last_error = $2, lease_until = null,
      due_at = ${time('$3')}
    where id = $1 and wanted`,
}
const confirm: Statement = {
  name: 'leases-confirm',
  text: `update cache.hub_leases set waiting = false, failures = 0, last_error = null, verified_at = ${time('$2')},
      lease_until = ${time('$3')}, due_at = ${time('$4')}
    where id = $1 and wanted returning id`,
}
const remove: Statement = { name: 'leases-remove', text: 'delete from cache.hub_leases where id = $1 and not wanted' }
const ignore: Statement = {
  name: 'leases-ignore',
  text: 'update cache.hub_leases set ignored = ignored + 1 where id = $1 and ignored < 1000000',
}
const tell: Statement = {
  name: 'leases-tell',
  // One look a minute; what comes in between is one more look at the end of that minute.
  text: `with told as (
      update cache.hub_leases set look_at = greatest(${time('$2')}, look_at + interval '1 minute')
      where id = $1 and wanted and (look_at is null or look_at <= ${time('$2')})
      returning podcast_id, look_at),
    sooner as (
      update cache.feeds f set next_check_at = look_at from told
      where f.podcast_id = told.podcast_id and f.wanted and f.failures = 0
        and (f.next_check_at > look_at or f.claimed_until > now())
      returning f.podcast_id)
    insert into cache.feed_decisions (podcast_id, id, decided_at, words)
    select podcast_id, $3::uuid, ${time('$2')}, case when look_at > ${time('$2')}
      then 'Its hub tells of something new again. Look in a minute.' else 'Its hub tells of something new. Look now.' end
    from told join sooner using (podcast_id) returning podcast_id`,
}
const decide: Statement = {
  name: 'leases-decide',
  text: `insert into cache.feed_decisions (podcast_id, id, decided_at, words) values ($1, $2, ${time('$3')}, $4)`,
}

/** The callback's secret (at most 200 bytes by the specification): worked out anew, so that none is stored. */
export const hubSecret = (secretKeyBase: string, id: string): string =>
  Buffer.from(hkdfSync('sha256', secretKeyBase, id, 'balados websub v1', 32)).toString('hex')

export const leaseAt = async (cache: Queryable, id: string): Promise<Lease | null> =>
  (await rows<Lease>(cache, find, [id]))[0] ?? null

/** From now on this hub is to tell of this topic, and no other of anything of the podcast. */
export async function wantLease(
  cache: Queryable,
  podcast: PodcastId,
  { hub, topic }: Pick<Lease, 'hub' | 'topic'>,
  now: number,
): Promise<void> {
  await rows(cache, end, [podcast, hub, topic, now])
  await rows(cache, add, [crypto.randomUUID(), podcast, hub, topic, now])
}

export const endLease = async (cache: Queryable, podcast: PodcastId, now: number): Promise<void> =>
  void (await rows(cache, end, [podcast, null, null, now]))

/** Ends the leases of feeds that nobody wants any more. */
export const endUnwantedLeases = async (cache: Queryable, now: number): Promise<void> =>
  void (await rows(cache, endUnwanted, [now]))

/** Feeds that name a hub which was not asked. */
export const feedsWithUnaskedHubs = (
  cache: Queryable,
): Promise<{ podcast: PodcastId; hubs: readonly string[]; self: string }[]> => rows(cache, unasked, [])

/** Leases with which something is to be done now; nobody else gets them for ten minutes. */
export const claimDueLeases = (cache: Queryable, now: number, most: number): Promise<Lease[]> =>
  rows(cache, claim, [now, most])

/** The hub is being asked; if it has not asked back at `then`, there is something to do again. */
export const leaseAsked = async (cache: Queryable, id: string, now: number, then: number): Promise<void> =>
  void (await rows(cache, ask, [id, now, then]))

export const leaseFailed = async (cache: Queryable, id: string, words: string, then: number): Promise<void> =>
  void (await rows(cache, fail, [id, words, then]))

export const leaseDenied = async (cache: Queryable, id: string, words: string, then: number): Promise<void> =>
  void (await rows(cache, deny, [id, words, then]))

/** The hub has asked back, and tells of changes from now on. */
export const leaseConfirmed = async (
  cache: Queryable,
  id: string,
  { now, until, renewAt }: { readonly now: number; readonly until: number; readonly renewAt: number },
): Promise<boolean> => (await rows(cache, confirm, [id, now, until, renewAt])).length > 0

export const removeLease = async (cache: Queryable, id: string): Promise<void> => void (await rows(cache, remove, [id]))

/** Counts what came without a right signature. */
export const countIgnored = async (cache: Queryable, id: string): Promise<void> =>
  void (await rows(cache, ignore, [id]))

/** Lets the feed be looked at now, or a minute after the last such look; false where nothing comes of it. */
export const hubTold = async (cache: Queryable, id: string, now: number): Promise<boolean> =>
  (await rows(cache, tell, [id, now, uuidv7()])).length > 0

/** Remembers what was decided, for `balados feeds why`. */
export const noteDecision = async (cache: Queryable, podcast: PodcastId, now: number, words: string): Promise<void> =>
  void (await rows(cache, decide, [podcast, uuidv7(), now, words]))
