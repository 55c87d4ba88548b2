import { rows, type Store } from '../database/store.ts'

const statement = {
  name: 'accounts_last_use',
  text: `update system.app_tokens t set last_used_at = u.at
    from unnest($1::uuid[], $2::text[], $3::timestamptz[]) as u (user_id, app_id, at)
    where t.user_id = u.user_id and t.app_id = u.app_id and (t.last_used_at is null or t.last_used_at < u.at)`,
}

interface Use {
  readonly user: string
  readonly app: string
  at: number
}

export interface LastUse {
  /** Notes that an app was just used; costs no I/O. */
  note(user: string, app: string, at: number): void
  /** Writes what was noted since the last time, one statement for all apps. */
  flush(): Promise<void>
}

/** Collects when each app was last used, so that `last_used_at` costs no write per request. */
export function createLastUse(system: Store): LastUse {
  let noted = new Map<string, Use>()

  function note(user: string, app: string, at: number): void {
    const key = `${user} ${app}`
    const use = noted.get(key)
    if (use === undefined) noted.set(key, { user, app, at })
    else if (use.at < at) use.at = at
  }

  async function flush(): Promise<void> {
    if (noted.size === 0) return
    // In one order everywhere, so that two processes that write at once don't wait for each other in a circle.
    const uses = [...noted].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, use]) => use)
    noted = new Map()
    try {
      await rows(system.pool, statement, [
        uses.map((use) => use.user),
        uses.map((use) => use.app),
        uses.map((use) => new Date(use.at)),
      ])
    } catch (error) {
      for (const use of uses) note(use.user, use.app, use.at)
      throw error
    }
  }

  return { note, flush }
}
