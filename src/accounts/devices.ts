import { LRUCache } from 'lru-cache'
import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { Device, type DeviceType } from './device-entities.ts'
import { createNotes } from './notes.ts'

/** That an app was heard from on a device. */
export interface Sighting {
  readonly user: string
  readonly app: string
  /** As the app names it. */
  readonly device: string
  /** What the app calls it, for people; null where it does not say. */
  readonly name: string | null
  /** Milliseconds since 1970. */
  readonly seenAt: number
  /** When it synced, in milliseconds since 1970; null for a request that was no sync. */
  readonly syncedAt: number | null
}

export interface KnownDevice {
  readonly id: string
  readonly app: string
  readonly device: string
  /** What its person calls it, else what the app does. */
  readonly name: string | null
  readonly type: DeviceType
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  readonly lastSyncAt: Date | null
}

/** What a person says of a device; what is left out stays. A null name gives it back to the app. */
export interface DeviceEdit {
  readonly name?: string | null | undefined
  readonly type?: DeviceType | undefined
}

export interface Devices {
  /** Notes that a device was heard from; costs no I/O. */
  note(sighting: Sighting): void
  /** Notes that a device was heard from; the first time in a while it is written at once, so that other processes know it. */
  sighted(sighting: Sighting): Promise<void>
  /** Writes at once that a device was heard from, and what the app says it is; a type left out stays. */
  declare(sighting: Sighting, type?: DeviceType): Promise<void>
  /** The user's devices, the one last seen first. */
  list(user: UserId): Promise<KnownDevice[]>
  /** The device that an app names so; null when it was never heard from or is forgotten. */
  find(user: UserId, app: string, device: string): Promise<KnownDevice | null>
  /** Null when the user has no such device. */
  change(user: UserId, id: string, edit: DeviceEdit): Promise<KnownDevice | null>
  /** Forgets a device until it is heard from again; false when there was none. */
  forget(user: UserId, id: string): Promise<boolean>
  /** Writes the sightings since the last time. */
  flush(): Promise<void>
  /** Removes what is forgotten, and of each user's devices all but the 200 last seen; answers how many. */
  purge(): Promise<number>
}

/** More than anybody has: an app that makes up a new id at each start shall not fill the disk. */
const mostDevices = 200
/** How long a device counts as written of. */
const lately = { max: 20_000, ttl: 60_000, ttlResolution: 1000 }
const hour = 60 * 60 * 1000

/**
 * The latest word wins, in whatever order processes write. A forgotten device comes back as a new one, and only by what
 * was seen of it afterwards. `least` and `greatest` pass over nulls.
 */
const sight = {
  name: 'accounts_devices_sight',
  text: `insert into system.devices as d
      (user_id, id, app, device, name, first_seen_at, last_seen_at, last_sync_at)
    select s.user_id, gen_random_uuid(), s.app, s.device, s.name, least(s.seen_at, s.synced_at), s.seen_at, s.synced_at
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[])
      as s (user_id, app, device, name, seen_at, synced_at)
    where exists (select from system.users u where u.id = s.user_id)
    order by s.user_id, s.app, s.device
    on conflict (user_id, app, device) do update set
      id = case when d.forgotten_at is null then d.id else excluded.id end,
      name = case when excluded.last_seen_at < d.last_seen_at then coalesce(d.name, excluded.name)
        else coalesce(excluded.name, d.name) end,
      first_seen_at = case when d.forgotten_at is null then least(d.first_seen_at, excluded.first_seen_at)
        else excluded.first_seen_at end,
      last_seen_at = greatest(d.last_seen_at, excluded.last_seen_at),
      last_sync_at = greatest(d.last_sync_at, excluded.last_sync_at),
      forgotten_at = null
    where d.forgotten_at is null or excluded.last_seen_at > d.forgotten_at`,
}

const purgeStatement = {
  name: 'accounts_devices_purge',
  text: `with ranked as (
      select user_id, id, row_number() over (partition by user_id order by last_seen_at desc) as place
      from system.devices where forgotten_at is null),
    gone as (
      delete from system.devices d where d.forgotten_at <= $1
        or (d.user_id, d.id) in (select r.user_id, r.id from ranked r where r.place > $2)
      returning 1)
    select count(*) as devices from gone`,
}

export function createDevices(system: Store, clock: () => number): Devices {
  const em = () => system.orm.em.fork()
  const write = async (all: readonly Sighting[]) => {
    await rows(system.pool, sight, [
      all.map((sighting) => sighting.user),
      all.map((sighting) => sighting.app),
      all.map((sighting) => sighting.device),
      all.map((sighting) => sighting.name),
      all.map((sighting) => new Date(sighting.seenAt)),
      all.map(({ syncedAt }) => (syncedAt === null ? null : new Date(syncedAt))),
    ])
  }
  const keyOf = ({ user, app, device }: Pick<Sighting, 'user' | 'app' | 'device'>) =>
    JSON.stringify([user, app, device])
  const notes = createNotes<Sighting>({ keyOf, both: bothSightings, write })
  const written = new LRUCache<string, true>(lately)
  /** Whose devices were noted although they are known: one that was forgotten elsewhere since is not there yet. */
  let waiting = new Set<string>()
  const flush = async () => {
    waiting = new Set()
    await notes.flush()
  }
  const settle = async (user: UserId) => {
    if (waiting.has(user)) await flush()
  }

  return {
    note: notes.note,
    flush,
    sighted: async (sighting) => {
      if (written.has(keyOf(sighting))) {
        notes.note(sighting)
        waiting.add(sighting.user)
      } else {
        await write([sighting])
        written.set(keyOf(sighting), true)
      }
    },
    declare: async (sighting, type) => {
      await write([sighting])
      const { user: userId, app, device } = sighting
      if (type !== undefined) await em().nativeUpdate(Device, { userId, app, device, forgottenAt: null }, { type })
    },
    list: async (userId) => {
      await settle(userId)
      const orderBy = { lastSeenAt: 'desc', id: 'asc' } as const
      return (await em().find(Device, { userId, forgottenAt: null }, { orderBy })).map(toKnown)
    },
    find: async (userId, app, device) => {
      await settle(userId)
      const found = await em().findOne(Device, { userId, app, device, forgottenAt: null })
      return found && toKnown(found)
    },
    change: async (userId, id, { name, type }) => {
      const manager = em()
      const found = await manager.findOne(Device, { userId, id, forgottenAt: null })
      if (!found) return null
      if (name !== undefined) found.givenName = name
      if (type !== undefined) found.type = type
      await manager.flush()
      return toKnown(found)
    },
    forget: async (userId, id) => {
      const forgottenAt = new Date(clock())
      const nothing = { name: null, givenName: null, type: 'other', lastSyncAt: null } as const
      return (await em().nativeUpdate(Device, { userId, id, forgottenAt: null }, { ...nothing, forgottenAt })) > 0
    },
    purge: async () => {
      const [row] = await rows<{ devices: number }>(system.pool, purgeStatement, [
        new Date(clock() - hour),
        mostDevices,
      ])
      return row?.devices ?? 0
    },
  }
}

function bothSightings(one: Sighting, other: Sighting): Sighting {
  const [earlier, later] = one.seenAt <= other.seenAt ? [one, other] : [other, one]
  const synced = [earlier.syncedAt, later.syncedAt].filter((at) => at !== null)
  return {
    ...later,
    name: later.name ?? earlier.name,
    syncedAt: synced.length === 0 ? null : Math.max(...synced),
  }
}

function toKnown({ id, app, device, name, givenName, type, firstSeenAt, lastSeenAt, lastSyncAt }: Device): KnownDevice {
  return {
    id,
    app,
    device,
    name: givenName ?? name ?? null,
    type,
    firstSeenAt,
    lastSeenAt,
    lastSyncAt: lastSyncAt ?? null,
  }
}
