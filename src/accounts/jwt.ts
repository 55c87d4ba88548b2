import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import { type Algorithm, algorithms, verifyingKey } from './keys.ts'

/** A token that was read but not verified: good for finding the key, for nothing else. */
export interface UnverifiedToken {
  readonly text: string
  readonly algorithm: Algorithm
  readonly payload: JWTPayload
}

/** Seconds by which two honest clocks may differ. */
const skew = 60
const longestToken = 16_384

/** What is wrong with a token; every flaw of a token is the same kind of refusal. */
export function badToken(message: string): Refusal {
  return refuse('unauthorized', message)
}

/** Reads a compact JWS (RFC 7515) whose header names an accepted algorithm. */
export function readToken(text: string): UnverifiedToken | Refusal {
  if (text.length > longestToken) return badToken(`The token is longer than ${longestToken} characters.`)
  let algorithm: unknown
  let payload: JWTPayload
  try {
    algorithm = decodeProtectedHeader(text).alg
    payload = decodeJwt(text)
  } catch {
    return badToken('The token is not a signed JSON Web Token (three parts of base64url, separated by dots).')
  }
  if (!algorithms.includes(algorithm as Algorithm))
    return badToken('The token’s algorithm is not accepted: sign with RS256, PS256, ES256 or EdDSA.')
  return { text, algorithm: algorithm as Algorithm, payload }
}

/** Whether the token was signed with that key, by an algorithm that fits the key. */
export async function isSignedWith(token: UnverifiedToken, pem: string, now: number): Promise<boolean> {
  const key = await verifyingKey(pem, token.algorithm)
  if (key === null) return false
  try {
    await jwtVerify(token.text, key, {
      algorithms: [token.algorithm],
      clockTolerance: skew,
      currentDate: new Date(now),
    })
    return true
  } catch (error) {
    if (error instanceof errors.JOSEError) return false
    throw error
  }
}

/**
 * What is wrong with the token's times (RFC 7519 `exp`, `nbf`, `iat`), or null.
 * @param now milliseconds since 1970
 * @param longest seconds between `iat` and `exp`; `iat` is required where this is given
 */
export function timesRefusal(payload: JWTPayload, now: number, longest?: number): Refusal | null {
  const seconds = now / 1000
  const { exp, iat, nbf } = payload
  if (!isTime(exp)) return badToken('The token needs "exp", the time it expires, in seconds since 1970.')
  if (exp <= seconds - skew) return badToken('The token has expired.')
  if (iat === undefined ? longest !== undefined : !isTime(iat))
    return badToken('The token needs "iat", the time it was made, in seconds since 1970.')
  if (iat !== undefined && iat > seconds + skew)
    return badToken('The token is not valid yet: its "iat" is in the future by this server’s clock.')
  if (nbf !== undefined && !isTime(nbf)) return badToken('"nbf" must be a time in seconds since 1970.')
  if (nbf !== undefined && nbf > seconds + skew) return badToken('The token is not valid yet ("nbf").')
  if (longest !== undefined && iat !== undefined && exp - iat > longest)
    return badToken(`The token lives too long: "exp" may be at most ${longest / 3600} hours after "iat".`)
  return null
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

/** What an audience may call the instance: its base URL with or without the last slash, or its host. */
export function audiencesOf(publicUrl: string): ReadonlySet<string> {
  const base = publicUrl.replace(/\/+$/, '')
  return new Set([base, `${base}/`, new URL(publicUrl).host])
}

/** A token made for another instance is none for this one; a token without `aud` is for whoever holds the app's key. */
export function audienceRefusal(payload: JWTPayload, names: ReadonlySet<string>): Refusal | null {
  if (payload.aud === undefined) return null
  const listed: unknown[] = Array.isArray(payload.aud) ? payload.aud : [payload.aud]
  return listed.some((name) => typeof name === 'string' && names.has(name))
    ? null
    : badToken('The token was made for another server ("aud").')
}

/** A string of 1 to `longest` characters without control or bidirectional-override characters. */
export function isPlain(value: unknown, longest = 255): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= longest &&
    value.isWellFormed() &&
    !/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(value)
  )
}
