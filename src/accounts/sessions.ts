import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { Session } from './entities.ts'

/** Who is looking at a page. */
export interface Visitor {
  readonly id: UserId
  readonly username: string
  readonly isAdmin: boolean
  /** The name of the session they look through. */
  readonly session: string
}

/** A browser somebody is logged in with, as its user may see it. */
export interface OpenSession {
  readonly id: string
  readonly userAgent: string | null
  readonly createdAt: Date
  /** To within an hour. */
  readonly lastSeenAt: Date
}

/** Seconds a session lives after it was last used. */
export const sessionLife = 30 * 24 * 60 * 60

/** Milliseconds between two writes of `last_seen_at`: a page costs no write as a rule. */
const refreshEvery = 60 * 60 * 1000

export interface Sessions {
  /** Begins a session; answers the secret that goes into the cookie and nowhere else. */
  open(userId: string, userAgent: string | undefined): Promise<string>
  /** Whose session it is; null when it has ended or its user is suspended. `renewed`: the cookie's life starts anew. */
  find(secret: string): Promise<{ readonly visitor: Visitor; readonly renewed: boolean } | null>
  close(secret: string): Promise<void>
  /** Those that go on, the last seen first. */
  list(userId: string): Promise<OpenSession[]>
  /** Ends one of this user's sessions; false when there is none of that name. */
  revoke(userId: string, id: string): Promise<boolean>
  /** Ends all of this user's sessions but one; answers how many. */
  revokeOthers(userId: string, kept: string): Promise<number>
  /** Removes sessions that have ended; answers how many. */
  purgeExpired(): Promise<number>
}

const insert = {
  name: 'accounts_session_open',
  text: `insert into system.sessions (token, id, user_id, created_at, last_seen_at, expires_at, user_agent)
    values ($1, $2, $3, $4, $4, $5, $6)`,
}

const select = {
  name: 'accounts_session_find',
  text: `select u.id, u.username, u.is_admin, s.id as session, s.last_seen_at
    from system.sessions s join system.users u on u.id = s.user_id
    where s.token = $1 and s.expires_at > $2 and u.suspended_at is null`,
}

const renew = {
  name: 'accounts_session_renew',
  text: 'update system.sessions set last_seen_at = $2, expires_at = $3 where token = $1',
}

const remove = { name: 'accounts_session_close', text: 'delete from system.sessions where token = $1' }

const purge = {
  name: 'accounts_session_purge',
  text: `with gone as (delete from system.sessions where expires_at <= $1 returning 1)
    select count(*) as sessions from gone`,
}

interface SessionRow {
  readonly id: UserId
  readonly session: string
  readonly username: string
  readonly is_admin: boolean
  readonly last_seen_at: Date
}

export function createSessions(system: Store, clock: () => number): Sessions {
  const em = () => system.orm.em.fork()
  const expiry = (now: number) => new Date(now + sessionLife * 1000)
  return {
    open: async (userId, userAgent) => {
      const secret = randomBytes(32).toString('base64url')
      const now = clock()
      const agent = userAgent?.slice(0, 255) ?? null
      await rows(system.pool, insert, [hashed(secret), randomUUID(), userId, new Date(now), expiry(now), agent])
      return secret
    },
    find: async (secret) => {
      const now = clock()
      const token = hashed(secret)
      const [row] = await rows<SessionRow>(system.pool, select, [token, new Date(now)])
      if (!row) return null
      const renewed = now - row.last_seen_at.getTime() >= refreshEvery
      if (renewed) await rows(system.pool, renew, [token, new Date(now), expiry(now)])
      return { visitor: { id: row.id, username: row.username, isAdmin: row.is_admin, session: row.session }, renewed }
    },
    close: async (secret) => {
      await rows(system.pool, remove, [hashed(secret)])
    },
    list: async (userId) => {
      const live = { userId, expiresAt: { $gt: new Date(clock()) } }
      const found = await em().find(Session, live, { orderBy: { lastSeenAt: 'desc', createdAt: 'desc', id: 'asc' } })
      return found.map(({ id, userAgent, createdAt, lastSeenAt }) => ({
        id,
        userAgent: userAgent ?? null,
        createdAt,
        lastSeenAt,
      }))
    },
    revoke: async (userId, id) => isUuid(id) && (await em().nativeDelete(Session, { userId, id })) > 0,
    revokeOthers: (userId, kept) => em().nativeDelete(Session, { userId, id: { $ne: kept } }),
    purgeExpired: async () => {
      const [row] = await rows<{ sessions: number }>(system.pool, purge, [new Date(clock())])
      return row?.sessions ?? 0
    },
  }
}

function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}
