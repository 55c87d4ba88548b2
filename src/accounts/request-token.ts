import { rows, type Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import type { Caller } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal } from '../kernel/refusal.ts'
import type { Devices } from './devices.ts'
import {
  audienceRefusal,
  audiencesOf,
  badToken,
  isPlain,
  isSignedWith,
  readToken,
  timesRefusal,
  type UnverifiedToken,
} from './jwt.ts'
import type { LastUse } from './last-use.ts'
import { needsAdmin } from './scopes.ts'

/** A caller and what else the request's token says. */
export interface AppCaller extends Caller {
  /** What the device calls itself; null when it does not. */
  readonly deviceName: string | null
}

/** Turns the `Authorization` header of a request into who is calling (rest-v1, "App authorization", 4). */
export type Authenticate = (authorization: string | undefined) => Promise<AppCaller | Refusal>

export interface RequestTokens {
  readonly system: Store
  readonly publicUrl: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly lastUse: LastUse
  readonly devices: Pick<Devices, 'note'>
}

const longest = 24 * 60 * 60

const grantColumns = `u.id as user_id, u.username, u.is_admin, u.suspended_at is not null as suspended,
  t.public_key, t.scopes, t.revoked_at is not null as revoked`

const grantById = {
  name: 'accounts_grant_by_id',
  text: `select ${grantColumns} from system.users u join system.app_tokens t on t.user_id = u.id
    where u.id = $1 and t.app_id = $2`,
}

const grantByName = {
  name: 'accounts_grant_by_name',
  text: `select ${grantColumns} from system.users u join system.app_tokens t on t.user_id = u.id
    where u.username = $1 and t.app_id = $2`,
}

interface Grant {
  readonly user_id: UserId
  readonly username: string
  readonly is_admin: boolean
  readonly suspended: boolean
  readonly public_key: string
  readonly scopes: string[]
  readonly revoked: boolean
}

/**
 * The same answer for no such user, no such app, and a signature by another key: whoever does not hold the key learns
 * nothing about who has an account here or which apps they use.
 */
const notAllowed = badToken(
  'No app of this id ("iss") that signs with this key is allowed by a user of this name ("sub").',
)

/** Verifies request tokens. Grants are read afresh each time, so that a revocation holds at once. */
export function createAuthenticate({ system, publicUrl, clock, lastUse, devices }: RequestTokens): Authenticate {
  const audiences = audiencesOf(publicUrl)

  function noteDevice(user: UserId, { app, device, deviceName: name }: Claims, seenAt: number): void {
    if (device !== null) devices.note({ user, app, device, name, seenAt, syncedAt: null })
  }

  return async (authorization) => {
    const token = readBearer(authorization)
    if (isRefusal(token)) return token
    const now = clock()
    const flaw = timesRefusal(token.payload, now, longest) ?? audienceRefusal(token.payload, audiences)
    if (flaw) return flaw
    const claims = readClaims(token)
    if (isRefusal(claims)) return claims

    const statement = isUuid(claims.user) ? grantById : grantByName
    const [grant] = await rows<Grant>(system.pool, statement, [claims.user, claims.app])
    if (!grant || !(await isSignedWith(token, grant.public_key, now))) return notAllowed
    if (grant.revoked) return badToken('The user has revoked this app’s authorization.')
    if (grant.suspended) return badToken('This account is suspended.')

    lastUse.note(grant.user_id, claims.app, now)
    noteDevice(grant.user_id, claims, now)
    return {
      user: grant.user_id,
      username: grant.username,
      author: { app: claims.app, device: claims.device },
      deviceName: claims.deviceName,
      scopes: grant.is_admin ? grant.scopes : grant.scopes.filter((scope) => !needsAdmin(scope)),
    }
  }
}

function readBearer(authorization: string | undefined): UnverifiedToken | Refusal {
  const token = authorization?.match(/^Bearer +([^\s]+) *$/i)?.[1]
  return token === undefined ? badToken('Send a token signed by the app: "Authorization: Bearer …".') : readToken(token)
}

interface Claims {
  readonly app: string
  readonly user: string
  readonly device: string | null
  readonly deviceName: string | null
}

function readClaims({ payload }: UnverifiedToken): Claims | Refusal {
  const { iss, sub, device_id: device = null, device_name: deviceName = null, jti = null } = payload
  if (!isPlain(iss)) return badToken('The token needs "iss", the app’s id: 1 to 255 plain characters.')
  if (!isPlain(sub)) return badToken('The token needs "sub", the user’s id or name.')
  for (const [claim, value] of Object.entries({ device_id: device, device_name: deviceName, jti }))
    if (!isAbsent(value) && !isPlain(value)) return badToken(`"${claim}" must be 1 to 255 plain characters.`)
  return {
    app: iss,
    user: sub.toLowerCase(),
    device: isAbsent(device) ? null : (device as string),
    deviceName: isAbsent(deviceName) ? null : (deviceName as string),
  }
}

/** Apps that don't know a device's name send nothing, null or an empty string. */
function isAbsent(value: unknown): boolean {
  return value === null || value === ''
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}
