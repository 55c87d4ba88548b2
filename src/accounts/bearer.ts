import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { BasicCaller } from './basic.ts'
import { appPasswordPattern, type Credentials } from './credentials.ts'
import type { Throttle } from './throttle.ts'

/**
 * Whom an `Authorization: Bearer` speaks for that carries an app password, which alone tells its owner. Null where the
 * header has not the form of one; refuses one that is not known, and with `rate_limited` where `address` sent too many.
 */
export type AppPasswordBearer = (
  authorization: string | undefined,
  address: string,
) => Promise<BasicCaller | Refusal | null>

const bearer = new RegExp(`^Bearer +(${appPasswordPattern}) *$`, 'i')

export function createAppPasswordBearer(parts: {
  readonly credentials: Pick<Credentials, 'find'>
  readonly throttle: Throttle
}): AppPasswordBearer {
  return async (authorization, address) => {
    const secret = authorization?.match(bearer)?.[1]
    if (secret === undefined) return null
    // Typed on a phone, it begins with a capital.
    const found = await parts.credentials.find(secret.toLowerCase(), 'app_password')
    if (found) return { user: found.user, username: found.username, appPassword: found.credential }
    const refusal = refuse('unauthorized', 'This app password was never made, or is revoked.')
    return (await parts.throttle.badSecret(address)) ?? refusal
  }
}
