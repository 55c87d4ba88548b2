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
  tell(user: UserId, kind: StampKind, clients: readonly string[], stamp: number, now: number): Promise<void>
  /** Removes those of clients not heard from for a year and a month; answers how many. */
  purge(now: number): Promise<number>
}

const longest = 400 * 24 * 60 * 60 * 1000

const ofStatement = {
  name: 'gpodder_stamp_of',
  text: `select stamp from system.door_stamps where user_id = $1 and kind = $2 and client = any($3::text[])
    order by array_position($3::text[], client) limit 1`,
}
const tellStatement = {
  name: 'gpodder_stamp_tell',
  text: `insert into system.door_stamps (user_id, kind, client, stamp, told_at)
    select $1, $2, client, $4, $5 from unnest($3::text[]) as c (client) order by client
    on conflict (user_id, kind, client) do update set stamp = excluded.stamp, told_at = excluded.told_at`,
}
const purgeStatement = {
  name: 'gpodder_stamp_purge',
  text: `with gone as (delete from system.door_stamps where told_at <= $1 returning 1) select count(*) as gone from gone`,
}

export function createStamps(system: Store): Stamps {
  return {
    of: async (user, kind, clients) => {
      const [row] = await rows<{ stamp: number }>(system.pool, ofStatement, [user, kind, clients])
      return row?.stamp ?? null
    },
    tell: async (user, kind, clients, stamp, now) => {
      await rows(system.pool, tellStatement, [user, kind, clients, stamp, new Date(now)])
    },
    purge: async (now) => {
      const [row] = await rows<{ gone: number }>(system.pool, purgeStatement, [new Date(now - longest)])
      return row?.gone ?? 0
    },
  }
}
