import { rows, type Statement, type Store } from '../database/store.ts'
import { createNotes } from './notes.ts'

interface Use {
  readonly user: string
  readonly what: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface LastUse {
  /** Notes that a user's app or secret was just used; costs no I/O. */
  note(user: string, what: string, at: number): void
  /** Writes what was noted since the last time, one statement for all. */
  flush(): Promise<void>
}

/** For apps, by their id. */
export const ofApps: Statement = {
  name: 'accounts_last_use_of_apps',
  text: `update system.app_tokens t set last_used_at = u.at
    from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as u (user_id, app_id, at)
    where t.user_id = u.user_id and t.app_id = u.app_id and (t.last_used_at is null or t.last_used_at < u.at)`,
}

/** For app passwords and play tokens, by their id. */
export const ofCredentials: Statement = {
  name: 'accounts_last_use_of_credentials',
  text: `update system.credentials c set last_used_at = u.at
    from unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) as u (user_id, id, at)
    where c.user_id = u.user_id and c.id = u.id and (c.last_used_at is null or c.last_used_at < u.at)`,
}

/** Collects when each app or secret was last used, so that `last_used_at` costs no write per request. */
export function createLastUse(system: Store, statement: Statement): LastUse {
  const notes = createNotes<Use>({
    keyOf: ({ user, what }) => `${user} ${what}`,
    both: (one, other) => (one.at < other.at ? other : one),
    write: async (uses) => {
      await rows(system.pool, statement, [
        uses.map((use) => use.user),
        uses.map((use) => use.what),
        uses.map((use) => new Date(use.at)),
      ])
    },
  })
  return { note: (user, what, at) => notes.note({ user, what, at }), flush: notes.flush }
}
