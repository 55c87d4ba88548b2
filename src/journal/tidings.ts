import { listen } from '../database/listen.ts'
import { rows, type Statement, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

const channel = 'balados_user'
/** Milliseconds for which tidings are bundled: a NOTIFY inside an append would make commits wait in line. */
const bundle = 10

interface Log {
  error(context: object, message: string): void
}

/** Tells every process of the instance whose journal has grown. */
export interface Tidings {
  tell(user: UserId): void
  stop(): Promise<void>
}

const notify: Statement = {
  name: 'tidings-tell',
  text: `select pg_notify('${channel}', u) from unnest($1::text[]) u`,
}

const readNumbers: Statement = {
  name: 'tidings-numbers',
  text: 'select user_id as "user", last_number as "number" from events.heads where user_id = any($1::uuid[])',
}

export function createTidings(events: Store, log: Log): Tidings {
  const users = new Set<UserId>()
  let pending: NodeJS.Timeout | null = null
  let telling: Promise<unknown> = Promise.resolve()
  const send = () => {
    pending = null
    const grown = [...users]
    users.clear()
    telling = rows(events.pool, notify, [grown]).catch((error: unknown) => {
      log.error({ err: error }, 'could not tell of changes; open channels learn of them a few seconds late')
    })
  }
  return {
    tell: (user) => {
      users.add(user)
      pending ??= setTimeout(send, bundle)
    },
    stop: async () => {
      if (pending) clearTimeout(pending)
      if (pending) send()
      await telling
    },
  }
}

/** Hears whose journals grow, in whatever process; null when any may have grown unheard. */
export const hearTidings = (
  events: Store,
  heard: (user: UserId | null) => void,
  log: Log,
): Promise<{ stop(): Promise<void> }> => listen(events.url, channel, (payload) => heard(payload as UserId | null), log)

/** How far the journals of these users are. */
export async function numbersOf(events: Store, users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
  const found = await rows<{ user: UserId; number: number }>(events.pool, readNumbers, [users])
  return new Map(found.map((row) => [row.user, row.number]))
}
