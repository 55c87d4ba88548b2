import { setTimeout as sleep } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

/** What clients are told of, and count separately. */
export type Subject = 'subscriptions' | 'episodes'

/** `emptying`: when a client last asked to empty a list that is not empty. */
export type StampKind = Subject | 'emptying'

/**
 * What clients were told: they come back with the stamp an answer gave them, and an answer to an upload must not name
 * one that skips what others wrote meanwhile.
 */
export interface Stamps {
  /** The stamp of the first of these clients that has one; null for none. */
  of(user: UserId, kind: StampKind, clients: readonly string[]): Promise<number | null>
  /** The stamp this process told the first of these clients lately; undefined where it told it none. Costs no I/O. */
  lately(user: UserId, kind: Subject, clients: readonly string[]): number | undefined
  /** Remembers what clients were told, at once here and a moment later for other processes; nobody waits for that. */
  tell(user: UserId, kind: Subject, clients: readonly string[], stamp: number, now: number): void
  /** Remembers it before anything else is asked. */
  put(user: UserId, kind: StampKind, clients: readonly string[], stamp: number, now: number): Promise<void>
  /** Removes those of clients not heard from for a year and a month; answers how many. */
  purge(now: number): Promise<number>
}

const day = 24 * 60 * 60 * 1000
const longest = 400 * day
/** Short enough that who polls every hour and is told nothing new is not taken for gone. */
const lately = { max: 50_000, ttl: day, ttlResolution: 1000 }

/** Milliseconds between two writes of what clients were told. */
const rest = 20

const ofStatement = {
  name: 'gpodder_stamp_of',
  text: `select stamp from system.door_stamps where user_id = $1 and kind = $2 and client = any($3::text[])
    order by array_position($3::text[], client) limit 1`,
}
/**
 * Does not wait for the disk: of the stamps told in the last moment before a crash of the database, older ones are
 * found, and who comes back with an older one is told some of it again. Nor does it stumble over an account that is gone
 * meanwhile.
 */
const putStatement = {
  name: 'gpodder_stamp_put',
  text: `with quick as (select set_config('synchronous_commit', 'off', true))
    insert into system.door_stamps (user_id, kind, client, stamp, told_at)
    select told.* from quick, unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
      as told (user_id, kind, client, stamp, told_at)
    where exists (select from system.users u where u.id = told.user_id) order by 1, 2, 3
    on conflict (user_id, kind, client) do update set stamp = excluded.stamp, told_at = excluded.told_at`,
}
const purgeStatement = {
  name: 'gpodder_stamp_purge',
  text: `with gone as (delete from system.door_stamps where told_at <= $1 returning 1) select count(*) as gone from gone`,
}

/** One client's row. */
interface Told {
  readonly user: UserId
  readonly kind: StampKind
  readonly client: string
  readonly stamp: number
  readonly at: number
}

export function createStamps(system: Store): Stamps {
  const told = new LRUCache<string, number>(lately)
  let waiting = new Map<string, Told>()
  let underWay = new Map<string, Told>()
  let next: Promise<void> | null = null
  let written: Promise<void> = Promise.resolve()
  let rested: Promise<void> = Promise.resolve()
  const keyOf = (user: UserId, kind: StampKind, client = '') => `${user} ${kind} ${client}`

  async function write(): Promise<void> {
    underWay = waiting
    waiting = new Map()
    next = null
    const all = [...underWay.values()]
    try {
      await rows(system.pool, putStatement, [
        all.map(({ user }) => user),
        all.map(({ kind }) => kind),
        all.map(({ client }) => client),
        all.map(({ stamp }) => stamp),
        all.map(({ at }) => new Date(at)),
      ])
    } catch (error) {
      for (const key of underWay.keys()) told.delete(key)
      throw error
    } finally {
      underWay = new Map()
    }
  }

  /** What comes soon after one write goes together in the next. */
  function remember(user: UserId, kind: StampKind, clients: readonly string[], stamp: number, at: number) {
    for (const client of clients) {
      told.set(keyOf(user, kind, client), stamp)
      waiting.set(keyOf(user, kind, client), { user, kind, client, stamp, at })
    }
    if (!next) {
      next = rested.then(write)
      // Whoever waits for it hears of a failure; others are told some of it again.
      written = next.catch(() => {})
      rested = written.then(() => sleep(rest))
    }
    return next
  }

  return {
    of: async (user, kind, clients) => {
      const keys = clients.map((client) => keyOf(user, kind, client))
      if (keys.some((key) => waiting.has(key) || underWay.has(key))) await written
      const [row] = await rows<{ stamp: number }>(system.pool, ofStatement, [user, kind, clients])
      return row?.stamp ?? null
    },
    lately: (user, kind, [client]) => told.get(keyOf(user, kind, client)),
    put: remember,
    tell: (user, kind, clients, stamp, now) => {
      const news = clients.filter((client) => told.get(keyOf(user, kind, client)) !== stamp)
      if (news.length > 0) void remember(user, kind, news, stamp, now)
    },
    purge: async (now) => {
      const [row] = await rows<{ gone: number }>(system.pool, purgeStatement, [new Date(now - longest)])
      return row?.gone ?? 0
    },
  }
}
