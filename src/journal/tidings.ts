import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from '../database/listen.ts'
import { rows, type Statement, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'

const channel = 'balados_user'
/** Milliseconds between two bundles: appends that come thick and fast do not pay for as many commits more. */
const rest = 10

interface Log {
  error(context: object, message: string): void
}

/** Tells every process of the instance whose journal has grown, and how far it is. */
export interface Tidings {
  tell(user: UserId, number: number): void
  stop(): Promise<void>
}

/** A NOTIFY is a commit, and would keep appends waiting for the disk; of a hint that is lost the sweep makes up. */
const notify: Statement = {
  name: 'tidings-tell',
  text: `with quick as materialized (select set_config('synchronous_commit', 'off', true))
    select pg_notify('${channel}', said) from quick, unnest($1::text[]) said`,
}

const readNumbers: Statement = {
  name: 'tidings-numbers',
  text: 'select user_id as "user", last_number as "number" from events.heads where user_id = any($1::uuid[])',
}

/**
 * A NOTIFY inside an append would make commits wait in line: it is sent afterwards, at once, and what comes soon after
 * one goes together with the next.
 */
export function createTidings(events: Store, log: Log): Tidings {
  const grown = new Map<UserId, number>()
  let telling: Promise<void> | null = null
  const send = async () => {
    while (grown.size > 0) {
      const said = [...grown].map(([user, number]) => `${user} ${number}`)
      grown.clear()
      await rows(events.pool, notify, [said]).catch((error: unknown) => {
        log.error({ err: error }, 'could not tell of changes; open channels learn of them a few seconds late')
      })
      await sleep(rest)
    }
    telling = null
  }
  return {
    tell: (user, number) => {
      grown.set(user, Math.max(number, grown.get(user) ?? 0))
      telling ??= send()
    },
    stop: async () => {
      await telling
    },
  }
}

/** A journal that has grown, up to this number at least. */
export interface Grown {
  readonly user: UserId
  readonly number: number
}

/** Hears whose journals grow, in whatever process; null when any may have grown unheard. */
export const hearTidings = (
  events: Store,
  heard: (grown: Grown | null) => void,
  log: Log,
): Promise<{ stop(): Promise<void> }> =>
  listen(events.url, channel, (payload) => heard(payload === null ? null : readGrown(payload)), log)

function readGrown(payload: string): Grown {
  const [user, number] = payload.split(' ')
  return { user: user as UserId, number: Number(number ?? 0) }
}

/** How far the journals of these users are. */
export async function numbersOf(events: Store, users: readonly UserId[]): Promise<ReadonlyMap<UserId, number>> {
  const found = await rows<{ user: UserId; number: number }>(events.pool, readNumbers, [users])
  return new Map(found.map((row) => [row.user, row.number]))
}
