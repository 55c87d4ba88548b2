import { LRUCache } from 'lru-cache'
import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

/** `emptying`: when a client last asked to empty a list that is not empty. */
export type StampKind = 'subscriptions' | 'episodes' | 'emptying'

/**
 * What clients were told: they come back with the stamp an answer gave them, and an answer to an upload must not name
 * one that skips what others wrote meanwhile.
 */
export interface Stamps {
  /** The stamp of the first of these clients that has one; null for none. */
  of(user: UserId, kind: StampKind, clients: readonly string[]): Promise<number | null>
  /** The stamp this process told the first of these clients lately; undefined where it told it none. Costs no I/O. */
  lately(user: UserId, kind: StampKind, clients: readonly string[]): number | undefined
  /** Remembers what clients were told; does nothing where this process told them the same lately. */
  tell(user: UserId, kind: StampKind, clients: readonly string[], stamp: number, now: number): Promise<void>
  /** Remembers it anyhow. */
  put(user: UserId, kind: StampKind, clients: readonly string[], stamp: number, now: number): Promise<void>
  /** Removes those of clients not heard from for a year and a month; answers how many. */
  purge(now: number): Promise<number>
}

const day = 24 * 60 * 60 * 1000
const longest = 400 * day
/** Short enough that who polls every hour and is told nothing new is not taken for gone. */
const lately = { max: 50_000, ttl: day, ttlResolution: 1000 }

const ofStatement = {
  name: 'gpodder_stamp_of',
  text: `select stamp from system.door_stamps where user_id = $1 and kind = $2 and client = any($3::text[])
    order by array_position($3::text[], client) limit 1`,
}
/**
 * Does not wait for the disk: of the stamps told in the last moment before a crash of the database, older ones are
 * found, and who comes back with an older one is told some of it again.
 */
const putStatement = {
  name: 'gpodder_stamp_put',
  text: `with quick as (select set_config('synchronous_commit', 'off', true))
    insert into system.door_stamps (user_id, kind, client, stamp, told_at)
    select $1, $2, client, $4, $5 from quick, unnest($3::text[]) as c (client) order by client
    on conflict (user_id, kind, client) do update set stamp = excluded.stamp, told_at = excluded.told_at`,
}
const purgeStatement = {
  name: 'gpodder_stamp_purge',
  text: `with gone as (delete from system.door_stamps where told_at <= $1 returning 1) select count(*) as gone from gone`,
}

export function createStamps(system: Store): Stamps {
  const told = new LRUCache<string, number>(lately)
  const keyOf = (user: UserId, kind: StampKind, client = '') => `${user} ${kind} ${client}`

  const put: Stamps['put'] = async (user, kind, clients, stamp, now) => {
    await rows(system.pool, putStatement, [user, kind, clients, stamp, new Date(now)])
    for (const client of clients) told.set(keyOf(user, kind, client), stamp)
  }

  return {
    of: async (user, kind, clients) => {
      const [row] = await rows<{ stamp: number }>(system.pool, ofStatement, [user, kind, clients])
      return row?.stamp ?? null
    },
    lately: (user, kind, [client]) => told.get(keyOf(user, kind, client)),
    put,
    tell: async (user, kind, clients, stamp, now) => {
      if (clients.some((client) => told.get(keyOf(user, kind, client)) !== stamp))
        await put(user, kind, clients, stamp, now)
    },
    purge: async (now) => {
      const [row] = await rows<{ gone: number }>(system.pool, purgeStatement, [new Date(now - longest)])
      return row?.gone ?? 0
    },
  }
}
