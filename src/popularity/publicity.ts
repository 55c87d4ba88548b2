import type pg from 'pg'
import { rows, type Statement, transaction } from '../database/store.ts'
import { createFollowing, type Follower } from '../journal/followers.ts'
import type { Journal } from '../journal/journal.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import type { Upcasts } from '../kernel/decider.ts'
import { type PublicParts, publicWork } from './follower.ts'
import { type SecrecyOf, secrecyInCatalog } from './privacy.ts'
import { rescoreAll } from './scores.ts'

/** What others learn of listeners, kept up with the journal. */
export interface Publicity {
  readonly follower: Follower
  /**
   * To be called when a podcast's feed was fetched without credentials for the first time, and when its private reason
   * came or went: past doings appear or disappear.
   */
  secrecyChanged(podcast: PodcastId): Promise<void>
  /** Folds one listener's journal anew: after an erasure, what is no longer in it counts no more. */
  refold(user: UserId): Promise<void>
  /** Brings scores to this hour, and finds podcasts of whose change nobody told. */
  refresh(): Promise<void>
  /** Makes all of it anew from the journal beside what is read, and puts it in its place. */
  rebuild(): Promise<void>
  /** Called whenever others learn something else than before. */
  onChange(listener: () => void): void
}

export interface PublicityParts extends PublicParts {
  /** Every table of the public read models, those of the timeline too. */
  readonly tables: readonly string[]
  readonly journal: Pick<Journal, 'read'>
  readonly upcasts: Upcasts
}

const name = 'public'
const besideName = 'public-beside'
const beside = 'projections_beside'
/** One rebuild at a time. */
const rebuildLock = 7_227_300_015
const page = 2_000

const enroll: Statement = {
  name: 'public-enroll',
  text: 'insert into projections.followers (name, position, updated_at) values ($1, 0, now()) on conflict do nothing',
}
/** Whoever changes what the follower keeps takes its turn, so that each decides by what the other has left. */
const takeTurn: Statement = {
  name: 'public-take-turn',
  text: 'select position from projections.followers where name = $1 for update',
}
const takePlace: Statement = {
  name: 'public-take-place',
  text: `update projections.followers f set position = b.position, stopped_at = null, reason = null, updated_at = now()
    from projections.followers b where f.name = $1 and b.name = $2`,
}
const dismiss: Statement = { name: 'public-dismiss', text: 'delete from projections.followers where name = $1' }
const knownSecrecy: Statement = {
  name: 'public-known-secrecy',
  text: `select podcast_id as podcast, fetched, private_reason as "privateReason" from projections.podcast_secrecy
    where podcast_id > $1 order by podcast_id limit $2`,
}

export function createPublicity(parts: PublicityParts): Publicity {
  const { stores, tables, journal, upcasts, clock } = parts
  const { pool } = stores.projections
  const live = publicWork(parts, 'projections')
  const listeners: (() => void)[] = []
  let changed = false
  const tell = () => {
    for (const listener of listeners) listener()
  }

  /** Runs between two steps of the follower. */
  async function inTurn(work: (client: pg.PoolClient) => Promise<boolean>): Promise<void> {
    await rows(pool, enroll, [name])
    const differs = await transaction(pool, async (client) => {
      await rows(client, takeTurn, [name])
      return work(client)
    })
    if (differs) tell()
  }

  const secrecyChanged = (podcast: PodcastId) => inTurn((client) => live.lookAgainAt(podcast, client))

  /** Podcasts that the catalog says something else of than what is decided by here. */
  async function findUntold(): Promise<void> {
    let last = '00000000-0000-0000-0000-000000000000'
    for (;;) {
      const known = await rows<SecrecyOf>(pool, knownSecrecy, [last, page])
      const now = await secrecyInCatalog(
        stores.system.pool,
        known.map((k) => k.podcast),
      )
      const said = new Map(now.map((s) => [s.podcast, s]))
      for (const { podcast, fetched, privateReason } of known) {
        const says = said.get(podcast)
        if (says && (says.fetched !== fetched || says.privateReason !== privateReason)) await secrecyChanged(podcast)
      }
      if (known.length < page) return
      last = known.at(-1)?.podcast ?? last
    }
  }

  async function refold(user: UserId): Promise<void> {
    await inTurn(async (client) => {
      await live.forget(user, client)
      for (let last = 0; ; ) {
        const events = await journal.read(user, last, page)
        // What the follower has not come to yet, it will say again, which changes nothing.
        await live.apply(
          events.map((event) => ({ position: 0, user, event })),
          client,
        )
        last = events.at(-1)?.number ?? last
        if (events.length < page) return true
      }
    })
  }

  async function putInPlace(client: pg.PoolClient): Promise<boolean> {
    for (const table of tables) {
      await client.query(`delete from projections.${table}`)
      await client.query(`insert into projections.${table} select * from ${beside}.${table}`)
    }
    await rows(client, takePlace, [name, besideName])
    await rows(client, dismiss, [besideName])
    await rescoreAll(client, 'projections', clock())
    return true
  }

  async function rebuildBeside(): Promise<void> {
    await pool.query(`drop schema if exists ${beside} cascade`)
    await pool.query(`create schema ${beside}`)
    for (const table of tables)
      await pool.query(`create table ${beside}.${table} (like projections.${table} including all)`)
    await rows(pool, dismiss, [besideName])
    const { apply } = publicWork(parts, beside)
    const follower: Follower = {
      name: besideName,
      store: 'projections',
      apply: async (events, client) => void (await apply(events, client)),
    }
    const following = createFollowing(stores, [follower], upcasts)
    await following.advance()
    await inTurn(async (client) => {
      // The one that is read stands still now: what came meanwhile is soon told.
      await following.advance()
      const [state] = await following.states()
      if (state?.stopped) throw new Error(`the rebuild stopped at ${state.stopped.at}: ${state.stopped.reason}`)
      return putInPlace(client)
    })
    await pool.query(`drop schema ${beside} cascade`)
  }

  return {
    follower: {
      name,
      store: 'projections',
      apply: async (events, client) => {
        if (await live.apply(events, client)) changed = true
      },
      committed: () => {
        if (changed) tell()
        changed = false
      },
    },
    secrecyChanged,
    refold,
    refresh: async () => {
      await findUntold()
      await inTurn(async (client) => {
        await rescoreAll(client, 'projections', clock())
        return true
      })
    },
    rebuild: async () => {
      const client = await pool.connect()
      try {
        await client.query('select pg_advisory_lock($1)', [rebuildLock])
        await rebuildBeside()
      } finally {
        await client.query('select pg_advisory_unlock($1)', [rebuildLock])
        client.release()
      }
      await findUntold()
    },
    onChange: (listener) => {
      listeners.push(listener)
    },
  }
}
