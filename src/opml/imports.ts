import { randomUUID } from 'node:crypto'
import { rows, type Statement, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import type { Author } from '../kernel/decider.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { ImportState } from './entities.ts'
import type { FailedEntry, Work } from './file.ts'
import type { ReadFile } from './reading.ts'

/** How an import stands. */
export interface Import {
  readonly id: string
  readonly state: ImportState
  readonly total: number
  readonly done: number
  readonly subscribed: number
  readonly already: number
  readonly failed: readonly FailedEntry[]
  readonly askedAt: Date
  readonly endedAt: Date | null
}

/** An import that one worker, and no other, is at for a while. */
export interface ClaimedImport extends Author {
  readonly user: UserId
  readonly id: string
  readonly done: number
  readonly work: Work
  readonly claimedBy: string
}

/** What came of some of the entries. */
export interface Step {
  /** So many entries are dealt with now. */
  readonly done: number
  readonly subscribed: number
  readonly already: number
  readonly failed: readonly FailedEntry[]
}

/** Imports of one listener at a time. */
const mostOpen = 3
/** Seconds for which a worker has an import to itself; each step renews them. */
const lease = 60
/** In a row. */
const mostAttempts = 5
/** Milliseconds for which how it went is remembered. */
const importsLive = 30 * 86_400_000

const shown = `id, state, total, done, subscribed, already, failed, asked_at as "askedAt", ended_at as "endedAt"`

const add: Statement = {
  name: 'imports-add',
  text: `insert into system.imports
      (user_id, id, state, app, device, work, total, done, subscribed, already, failed, attempts, asked_at)
    select $1, $2, 'waiting', $3, $4, $5::jsonb, $6, 0, 0, 0, '[]', 0, to_timestamp($7::float8 / 1000)
    where (select count(*) from system.imports where user_id = $1 and state in ('waiting', 'running')) < ${mostOpen}
    returning ${shown}`,
}
const one: Statement = {
  name: 'imports-one',
  text: `select ${shown} from system.imports where user_id = $1 and id = $2`,
}
const all: Statement = {
  name: 'imports-all',
  text: `select ${shown} from system.imports where user_id = $1 order by asked_at desc, id limit $2`,
}
const claimNext: Statement = {
  name: 'imports-claim',
  text: `with next as (
      select user_id, id from system.imports
      where state in ('waiting', 'running') and (claimed_until is null or claimed_until < now())
        and attempts < ${mostAttempts}
      order by asked_at limit 1 for update skip locked)
    update system.imports i set state = 'running', attempts = attempts + 1, claimed_by = gen_random_uuid(),
      claimed_until = now() + make_interval(secs => ${lease})
    from next where i.user_id = next.user_id and i.id = next.id
    returning i.user_id as "user", i.id, i.app, i.device, i.done, i.work, i.claimed_by as "claimedBy"`,
}
const saveStep: Statement = {
  name: 'imports-step',
  text: `update system.imports set done = $4, subscribed = subscribed + $5, already = already + $6,
      failed = failed || $7::jsonb, attempts = 0, claimed_until = now() + make_interval(secs => ${lease})
    where user_id = $1 and id = $2 and claimed_by = $3 and done < $4 returning id`,
}
const end: Statement = {
  name: 'imports-end',
  text: `update system.imports set state = 'done', work = null, claimed_by = null, claimed_until = null, ended_at = now()
    where user_id = $1 and id = $2 and claimed_by = $3`,
}
const release: Statement = {
  name: 'imports-release',
  text: `update system.imports set claimed_by = null, claimed_until = now() + make_interval(secs => $4::float8),
      attempts = greatest(attempts - $5::int, 0)
    where user_id = $1 and id = $2 and claimed_by = $3`,
}
const giveUp: Statement = {
  name: 'imports-give-up',
  text: `update system.imports set state = 'failed', work = null, claimed_by = null, claimed_until = null, ended_at = now()
    where state in ('waiting', 'running') and attempts >= ${mostAttempts} and claimed_until < now()`,
}
const purge: Statement = {
  name: 'imports-purge',
  text: `with gone as (delete from system.imports where asked_at < to_timestamp($1::float8 / 1000) returning 1)
    select count(*) as imports from gone`,
}

/** The imports of all listeners; see `SubscriptionImport`. */
export type Imports = ReturnType<typeof createImports>

export function createImports({ pool }: Store) {
  return {
    /** Puts a file in line; refuses while too many of this listener's wait or run. */
    add: async (user: UserId, { app, device }: Author, file: ReadFile, now: number): Promise<Import | Refusal> => {
      const values = [user, randomUUID(), app, device, file.work, file.total, now]
      const [added] = await rows<Import>(pool, add, values)
      return added ?? refuse('conflict', `${mostOpen} imports wait or run already; bring this file when one has ended.`)
    },
    find: async (user: UserId, id: string): Promise<Import | null> =>
      (await rows<Import>(pool, one, [user, id]))[0] ?? null,
    /** The newest first. */
    list: (user: UserId, most: number): Promise<Import[]> => rows(pool, all, [user, most]),
    /** The one that waits longest; null when there is none. Gives up those that failed again and again. */
    claim: async (): Promise<ClaimedImport | null> => {
      await rows(pool, giveUp, [])
      return (await rows<ClaimedImport>(pool, claimNext, []))[0] ?? null
    },
    /** Notes a step; false where the import is somebody else's by now, or gone. */
    step: async (
      { user, id, claimedBy }: ClaimedImport,
      { done, subscribed, already, failed }: Step,
    ): Promise<boolean> =>
      (await rows(pool, saveStep, [user, id, claimedBy, done, subscribed, already, JSON.stringify(failed)])).length > 0,
    end: async ({ user, id, claimedBy }: ClaimedImport): Promise<void> =>
      void (await rows(pool, end, [user, id, claimedBy])),
    /** Gives an import back, for nobody to look at for so many seconds; whether that was for no fault of its own. */
    release: async ({ user, id, claimedBy }: ClaimedImport, seconds: number, faultless: boolean): Promise<void> =>
      void (await rows(pool, release, [user, id, claimedBy, seconds, faultless ? 1 : 0])),
    /** Forgets what is older than 30 days; answers how many. */
    purge: async (now: number): Promise<number> =>
      (await rows<{ imports: number }>(pool, purge, [now - importsLive]))[0]?.imports ?? 0,
  }
}
