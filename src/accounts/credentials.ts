import { createHash, randomBytes, randomInt } from 'node:crypto'
import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { type Refusal, refuseValue } from '../kernel/refusal.ts'
import { Credential } from './credential-entities.ts'
import { isPlain } from './jwt.ts'
import type { LastUse } from './last-use.ts'

/** What a play token is for: reading the RSS feeds made of a listener's lists and recording plays, or the live channel. */
export const playTokenKinds = ['feeds', 'live'] as const

export type PlayTokenKind = (typeof playTokenKinds)[number]
export type CredentialKind = 'app_password' | PlayTokenKind

/** A credential as its owner sees it: everything but the secret, which is nowhere. */
export interface KnownCredential {
  readonly id: string
  readonly kind: CredentialKind
  readonly name: string
  readonly createdAt: Date
  /** Null for app passwords, which live until they are revoked. */
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
}

/** Whom a secret speaks for. */
export interface Bearer {
  readonly user: UserId
  readonly username: string
  readonly credential: { readonly id: string; readonly name: string }
}

export interface Credentials {
  /** Makes one and answers its secret, this once; refuses a name that is none. */
  make(user: UserId, kind: CredentialKind, name: string): Promise<{ readonly secret: string } | Refusal>
  /** What the user has and has not revoked, the newest first, expired ones included until they are purged. */
  list(user: UserId): Promise<KnownCredential[]>
  /** False when there was nothing to revoke. */
  revoke(user: UserId, id: string): Promise<boolean>
  /**
   * Whom a secret speaks for; null when it was never made, is revoked or expired, is of another kind or of another
   * user than `username`, or when its user is suspended. Notes its use.
   */
  find(secret: string, kind: CredentialKind, username?: string): Promise<Bearer | null>
  /** Whose app password this is; null when it is revoked or its user suspended. Notes its use. */
  holder(user: string, id: string): Promise<{ readonly user: UserId; readonly username: string } | null>
  /** Removes what expired or was revoked 30 days ago; answers how many. */
  purge(): Promise<number>
}

const day = 24 * 60 * 60 * 1000
const playTokenLife = 365 * day
const keptAfterwards = 30 * day

/**
 * Easily typed, nothing that looks like something else, and valid at the end of a gPodder user name (`[\w.+-]+`). Five
 * bits each.
 */
const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
const appPasswordLength = 24

/** A text of the form of app passwords, in any case: what follows `name__` where gPodder sends no password. */
export const appPasswordPattern = `[${letters}]{${appPasswordLength}}`

const findStatement = {
  name: 'accounts_credential_find',
  text: `select c.id, c.name, c.user_id, u.username
    from system.credentials c join system.users u on u.id = c.user_id
    where c.hash = $1 and c.kind = $2 and (c.expires_at is null or c.expires_at > $3) and c.revoked_at is null
      and u.suspended_at is null and ($4::text is null or u.username = $4)`,
}

interface FoundRow {
  readonly id: string
  readonly name: string
  readonly user_id: UserId
  readonly username: string
}

const holderStatement = {
  name: 'accounts_credential_holder',
  text: `select c.id, c.name, c.user_id, u.username
    from system.credentials c join system.users u on u.id = c.user_id
    where c.user_id = $1 and c.id = $2 and c.kind = 'app_password' and c.revoked_at is null
      and (c.expires_at is null or c.expires_at > $3) and u.suspended_at is null`,
}

const purgeStatement = {
  name: 'accounts_credential_purge',
  text: `with gone as (delete from system.credentials where least(expires_at, revoked_at) <= $1 returning 1)
    select count(*) as credentials from gone`,
}

export function createCredentials(system: Store, clock: () => number, lastUse: LastUse): Credentials {
  const em = () => system.orm.em.fork()
  return {
    make: async (userId, kind, text) => {
      const name = text.trim()
      if (!isPlain(name, 100)) return refuseValue('name', '1 to 100 plain characters')
      const secret = kind === 'app_password' ? newAppPassword() : newPlayToken()
      const now = clock()
      await em().insert(Credential, {
        userId,
        id: crypto.randomUUID(),
        kind,
        name,
        hash: hashed(secret),
        createdAt: new Date(now),
        expiresAt: kind === 'app_password' ? null : new Date(now + playTokenLife),
      })
      return { secret }
    },
    list: async (userId) => {
      const orderBy = { createdAt: 'desc', id: 'asc' } as const
      return (await em().find(Credential, { userId, revokedAt: null }, { orderBy })).map(toKnown)
    },
    revoke: async (userId, id) => {
      const revokedAt = new Date(clock())
      return (await em().nativeUpdate(Credential, { userId, id, revokedAt: null }, { revokedAt })) > 0
    },
    find: async (secret, kind, username) => {
      const now = clock()
      const values = [hashed(secret), kind, new Date(now), username ?? null]
      const [row] = await rows<FoundRow>(system.pool, findStatement, values)
      if (!row) return null
      lastUse.note(row.user_id, row.id, now)
      return { user: row.user_id, username: row.username, credential: { id: row.id, name: row.name } }
    },
    holder: async (user, id) => {
      const now = clock()
      const [row] = await rows<FoundRow>(system.pool, holderStatement, [user, id, new Date(now)])
      if (!row) return null
      lastUse.note(row.user_id, row.id, now)
      return { user: row.user_id, username: row.username }
    },
    purge: async () => {
      const [row] = await rows<{ credentials: number }>(system.pool, purgeStatement, [
        new Date(clock() - keptAfterwards),
      ])
      return row?.credentials ?? 0
    },
  }
}

function newPlayToken(): string {
  return randomBytes(32).toString('base64url')
}

function newAppPassword(): string {
  return Array.from({ length: appPasswordLength }, () => letters[randomInt(letters.length)]).join('')
}

function hashed(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

function toKnown({ id, kind, name, createdAt, expiresAt, lastUsedAt }: Credential): KnownCredential {
  return { id, kind, name, createdAt, expiresAt: expiresAt ?? null, lastUsedAt: lastUsedAt ?? null }
}
