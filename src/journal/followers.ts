import type pg from 'pg'
import { rows, type Statement, type Stores, transaction } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import type { Recorded, Upcasts } from '../kernel/decider.ts'
import type { EventRow } from './statements.ts'
import { toRecorded } from './unit.ts'

/** An event with its place among those of all users. */
export interface Followed {
  readonly position: number
  readonly user: UserId
  readonly event: Recorded
}

/**
 * Something that follows the journal of all users. Effects and checkpoint are one transaction in the follower's store,
 * so each event counts exactly once, whatever is killed when.
 */
export interface Follower {
  readonly name: string
  /** Where its effects and its checkpoint live: what can be rebuilt in `projections`, what acts outside in `system`. */
  readonly store: 'projections' | 'system'
  apply(events: readonly Followed[], client: pg.PoolClient): Promise<void>
  /** Called when what was applied is there for everybody. */
  committed?(): void
}

/** How a follower stands. `lag` counts events it has not seen. */
export interface FollowerState {
  readonly name: string
  readonly position: number
  readonly lag: number
  /** The position of the event it can't apply, and why; it waits there. */
  readonly stopped: { readonly at: number; readonly reason: string } | null
}

const readPositions: Statement = {
  name: 'follow-read',
  text: `select p.position, p.user_id as "user", e.number, e.id, e.stream, e.type, e.version, e.data, e.app, e.device,
      e.stamp, (extract(epoch from e.recorded_at) * 1000)::bigint as "recordedAt"
    from events.positions p left join events.events e on e.user_id = p.user_id and e.number = p.number
    where p.position > $1 order by p.position limit $2`,
}
const readNext: Statement = {
  name: 'follow-next',
  text: 'select position from events.positions where position > $1 order by position limit 1',
}
const readLast: Statement = { name: 'follow-last', text: 'select position from events.store where id = 1' }

const statements = (schema: 'projections' | 'system') => ({
  enroll: {
    name: `follower-enroll-${schema}`,
    text: `insert into ${schema}.followers (name, position, updated_at) values ($1, 0, now()) on conflict do nothing`,
  },
  // Two processes that run the same follower take turns; the second finds nothing to do. What can be worked out again
  // does not wait for the disk: after a crash of the database effects and checkpoint are both of a moment before.
  claim: {
    name: `follower-claim-${schema}`,
    text: `select position, stopped_at as "stoppedAt"
        ${schema === 'projections' ? ", set_config('synchronous_commit', 'off', true)" : ''}
      from ${schema}.followers where name = $1 for update skip locked`,
  },
  advance: {
    name: `follower-advance-${schema}`,
    text: `update ${schema}.followers set position = $2, stopped_at = null, reason = null, updated_at = now() where name = $1`,
  },
  stop: {
    name: `follower-stop-${schema}`,
    text: `update ${schema}.followers set stopped_at = $2, reason = $3, updated_at = now() where name = $1 and position < $2`,
  },
  read: {
    name: `follower-read-${schema}`,
    text: `select name, position, stopped_at as "stoppedAt", reason from ${schema}.followers where name = $1`,
  },
  retry: {
    name: `follower-retry-${schema}`,
    text: `update ${schema}.followers set stopped_at = null, reason = null where name = $1`,
  },
})

const forStore = { projections: statements('projections'), system: statements('system') }
const batch = 500

interface Batch {
  readonly events: readonly Followed[]
  readonly last: number
  /** Whether there was nothing more when it was read. */
  readonly toTheEnd: boolean
}

export interface Following {
  /** Lets every follower catch up; answers how many events were applied. A stopped follower stays where it is. */
  advance(): Promise<number>
  states(): Promise<readonly FollowerState[]>
  /** Lets a stopped follower try again. */
  retry(name: string): Promise<void>
}

export function createFollowing(stores: Stores, followers: readonly Follower[], upcasts: Upcasts): Following {
  async function read(after: number, limit: number): Promise<Batch> {
    const found = await rows<EventRow & { position: number; user: UserId }>(stores.events.pool, readPositions, [
      after,
      limit,
    ])
    return {
      // Checkpoints and erasures leave positions without events.
      events: found
        .filter((row) => row.id !== null)
        .map((row) => ({ position: row.position, user: row.user, event: toRecorded(row, upcasts) })),
      last: found.at(-1)?.position ?? after,
      toTheEnd: found.length < limit,
    }
  }

  /** The follower's place, held until the end of the transaction; undefined where another process holds it. */
  async function claim({ name, store }: Follower, client: pg.PoolClient) {
    const sql = forStore[store]
    const find = () => rows<{ position: number; stoppedAt: number | null }>(client, sql.claim, [name])
    const [mine] = await find()
    if (mine) return mine
    // For good, whatever becomes of this step: where it stops must be told.
    await rows(stores[store].pool, sql.enroll, [name])
    return (await find())[0]
  }

  /** One step of one follower: up to `limit` events, or null when it is stopped, busy elsewhere, or done. */
  async function step(follower: Follower, limit: number): Promise<Batch | null> {
    const sql = forStore[follower.store]
    const done = await transaction(stores[follower.store].pool, async (client) => {
      const mine = await claim(follower, client)
      if (!mine || mine.stoppedAt !== null) return null
      const found = await read(mine.position, limit)
      if (found.last === mine.position) return null
      if (found.events.length > 0) await follower.apply(found.events, client)
      await rows(client, sql.advance, [follower.name, found.last])
      return found
    })
    if (done) follower.committed?.()
    return done
  }

  /** Goes on one event at a time up to the one that can't be applied, and says so there. */
  async function stopAtCulprit(follower: Follower): Promise<void> {
    const sql = forStore[follower.store]
    for (let left = batch; left > 0; left--) {
      try {
        if ((await step(follower, 1)) === null) return
      } catch (error) {
        const [here] = await rows<{ position: number }>(stores[follower.store].pool, sql.read, [follower.name])
        // Only where it stands: what can't even be understood must be told too.
        const [next] = await rows<{ position: number }>(stores.events.pool, readNext, [here?.position ?? 0])
        const reason = error instanceof Error ? error.message : String(error)
        await rows(stores[follower.store].pool, sql.stop, [follower.name, next?.position, reason])
        return
      }
    }
  }

  async function advanceOne(follower: Follower): Promise<number> {
    let applied = 0
    for (;;) {
      try {
        const done = await step(follower, batch)
        if (!done) return applied
        applied += done.events.length
        if (done.toTheEnd) return applied
      } catch {
        await stopAtCulprit(follower)
        return applied
      }
    }
  }

  return {
    async advance() {
      let applied = 0
      for (const follower of followers) applied += await advanceOne(follower)
      return applied
    },
    async states() {
      const [end] = await rows<{ position: number }>(stores.events.pool, readLast, [])
      return Promise.all(
        followers.map(async ({ name, store }): Promise<FollowerState> => {
          const [row] = await rows<{ position: number; stoppedAt: number | null; reason: string | null }>(
            stores[store].pool,
            forStore[store].read,
            [name],
          )
          const position = row?.position ?? 0
          const stopped = row && row.stoppedAt !== null ? { at: row.stoppedAt, reason: row.reason ?? '' } : null
          return { name, position, lag: (end?.position ?? 0) - position, stopped }
        }),
      )
    },
    async retry(name) {
      const follower = followers.find((f) => f.name === name)
      if (follower) await rows(stores[follower.store].pool, forStore[follower.store].retry, [name])
    },
  }
}
