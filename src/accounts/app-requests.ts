import { createHash, randomBytes } from 'node:crypto'
import { rows, type Statement, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { isRefusal, type RateLimitRefusal } from '../kernel/refusal.ts'
import type { Credentials } from './credentials.ts'
import type { Throttle } from './throttle.ts'

/** A request that waits for a decision, as the person who decides may see it. */
export interface OpenRequest {
  /** What the app calls itself. */
  readonly name: string
  readonly askedAt: Date
}

/** What an app gets that asks. */
export interface Asked {
  /** Names the request in the browser of whoever decides. */
  readonly page: string
  /** With this the app alone fetches what came of it. */
  readonly poll: string
}

/** An app password that its person allowed, handed out this once. */
export interface Fetched {
  readonly username: string
  readonly appPassword: string
}

/**
 * How an app gets an app password without seeing the account's: it asks, a person says yes in the browser, the app
 * fetches. The password is made when it is fetched, so that it rests nowhere.
 */
export interface AppRequests {
  /** @param name what the app calls itself, however odd */
  ask(name: string, address: string): Promise<Asked | RateLimitRefusal>
  /** Null when it is decided, too old or was never made. */
  find(page: string): Promise<OpenRequest | null>
  /** Answers what was decided; null as `find` does. */
  decide(page: string, user: UserId, outcome: 'allowed' | 'denied'): Promise<OpenRequest | null>
  /** Null until it is allowed and after it was fetched; refuses where too many bad ones came from `address`. */
  fetch(poll: string, address: string): Promise<Fetched | RateLimitRefusal | null>
  /** Removes those that are too old; answers how many. */
  purge(): Promise<number>
}

/** Milliseconds within which a person decides and the app fetches. */
const life = 20 * 60 * 1000

const askStatement: Statement = {
  name: 'accounts_app_request_ask',
  text: `insert into system.app_requests (poll_hash, page_hash, name, asked_at, expires_at)
    values ($1, $2, $3, $4, $5)`,
}
const findStatement: Statement = {
  name: 'accounts_app_request_find',
  text: `select name, asked_at as "askedAt" from system.app_requests
    where page_hash = $1 and outcome is null and expires_at > $2`,
}
const decideStatement: Statement = {
  name: 'accounts_app_request_decide',
  text: `update system.app_requests set user_id = $3, outcome = $4
    where page_hash = $1 and outcome is null and expires_at > $2 returning name, asked_at as "askedAt"`,
}
const pollStatement: Statement = {
  name: 'accounts_app_request_poll',
  text: 'select outcome from system.app_requests where poll_hash = $1 and expires_at > $2',
}
const fetchStatement: Statement = {
  name: 'accounts_app_request_fetch',
  text: `delete from system.app_requests r using system.users u
    where r.poll_hash = $1 and r.expires_at > $2 and r.outcome = 'allowed' and u.id = r.user_id
      and u.suspended_at is null
    returning r.user_id as user, r.name, u.username`,
}
const purgeStatement: Statement = {
  name: 'accounts_app_request_purge',
  text: `with gone as (delete from system.app_requests where expires_at <= $1 returning 1)
    select count(*) as requests from gone`,
}

export interface AppRequestParts {
  readonly system: Store
  readonly credentials: Pick<Credentials, 'make'>
  readonly throttle: Throttle
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export function createAppRequests({ system, credentials, throttle, clock }: AppRequestParts): AppRequests {
  const { pool } = system

  async function hand(pollHash: string): Promise<Fetched | null> {
    const found = await rows<{ user: UserId; name: string; username: string }>(pool, fetchStatement, [
      pollHash,
      new Date(clock()),
    ])
    const [allowed] = found
    if (!allowed) return null
    const made = await credentials.make(allowed.user, 'app_password', allowed.name)
    if (isRefusal(made)) throw new Error(`an app request was kept under a name that is none: ${made.message}`)
    return { username: allowed.username, appPassword: made.secret }
  }

  return {
    ask: async (name, address) => {
      const refusal = await throttle.appRequest(address)
      if (refusal) return refusal
      const asked = { page: newSecret(), poll: newSecret() }
      const now = clock()
      await rows(pool, askStatement, [
        hashed(asked.poll),
        hashed(asked.page),
        appNameOf(name),
        new Date(now),
        new Date(now + life),
      ])
      return asked
    },
    find: async (page) => {
      const [found] = await rows<OpenRequest>(pool, findStatement, [hashed(page), new Date(clock())])
      return found ?? null
    },
    decide: async (page, user, outcome) => {
      const values = [hashed(page), new Date(clock()), user, outcome]
      const [decided] = await rows<OpenRequest>(pool, decideStatement, values)
      return decided ?? null
    },
    fetch: async (poll, address) => {
      const pollHash = hashed(poll)
      // Apps ask every second, so what is asked first costs no write.
      const [known] = await rows<{ outcome: string | null }>(pool, pollStatement, [pollHash, new Date(clock())])
      if (!known) return throttle.badSecret(address)
      return known.outcome === 'allowed' ? hand(pollHash) : null
    },
    purge: async () => {
      const [row] = await rows<{ requests: number }>(pool, purgeStatement, [new Date(clock())])
      return row?.requests ?? 0
    },
  }
}

const newSecret = (): string => randomBytes(32).toString('base64url')

const hashed = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** Whatever an app calls itself, as a name that an app password may have. */
export function appNameOf(sent: string): string {
  const plain = sent
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .trim()
  return plain.slice(0, 100).toWellFormed().trim() || 'App'
}
