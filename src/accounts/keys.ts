import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { type CryptoKey, importSPKI } from 'jose'
import { LRUCache } from 'lru-cache'
import { isRefusal, type Refusal, refuseValue } from '../kernel/refusal.ts'

/** JWS algorithms (RFC 7518, RFC 8037) an app may sign with. Never `none`, never HMAC. */
export type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA'

export const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA']

/** An app's public key, as it is stored. */
export interface AppKey {
  /** PEM, SPKI: the one form that is kept, whatever form was sent. */
  readonly pem: string
  readonly algorithms: readonly Algorithm[]
}

const where = 'app.public_key'

/** Reads the key of an authorization token: PEM SPKI or a JWK object, public, strong, of a supported type. */
export function readAppKey(value: unknown): AppKey | Refusal {
  const key = typeof value === 'string' ? readPem(value) : readJwk(value)
  if (isRefusal(key)) return key
  const fitting = fittingAlgorithms(key)
  return isRefusal(fitting)
    ? fitting
    : { pem: key.export({ type: 'spki', format: 'pem' }).toString().trim(), algorithms: fitting }
}

function readPem(pem: string): KeyObject | Refusal {
  if (pem.includes('PRIVATE KEY')) return refuseValue(where, 'this is a private key; keep it, send the public one')
  if (!/^\s*-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----\s*$/.test(pem))
    return refuseValue(where, 'expected one PEM block that begins with -----BEGIN PUBLIC KEY----- (SPKI), or a JWK')
  return parsed(() => createPublicKey({ key: pem, format: 'pem' }))
}

function readJwk(jwk: unknown): KeyObject | Refusal {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk))
    return refuseValue(where, 'expected a PEM string (SPKI) or a JWK object')
  const { kty, use } = jwk as Record<string, unknown>
  if (['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'].some((member) => member in jwk))
    return refuseValue(where, 'this is a private key; keep it, send the public one')
  if (kty === 'oct' || 'k' in jwk) return refuseValue(where, 'a shared secret is no public key')
  if (use !== undefined && use !== 'sig') return refuseValue(where, 'this key is not for signatures ("use")')
  return parsed(() => createPublicKey({ key: jwk as never, format: 'jwk' }))
}

function parsed(read: () => KeyObject): KeyObject | Refusal {
  try {
    return read()
  } catch {
    return refuseValue(where, 'this key can’t be read')
  }
}

function fittingAlgorithms(key: KeyObject): readonly Algorithm[] | Refusal {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {}
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength < 2048) return refuseValue(where, `an RSA key needs 2048 bits, this one has ${modulusLength}`)
      // Verifying costs time that grows with the key, on every request.
      if (modulusLength > 8192)
        return refuseValue(where, `an RSA key may have 8192 bits, this one has ${modulusLength}`)
      // With exponent 1 anybody can sign.
      if (publicExponent < 3n || publicExponent > 0xffff_ffffn)
        return refuseValue(where, 'an RSA key needs a public exponent from 3 to 2^32, 65537 as a rule')
      return ['RS256', 'PS256']
    case 'ec':
      if (namedCurve !== 'prime256v1') return refuseValue(where, `use the curve P-256 (ES256), not ${namedCurve}`)
      return ['ES256']
    case 'ed25519':
      return ['EdDSA']
    default:
      return refuseValue(where, 'use an RSA key (RS256, PS256), P-256 (ES256) or Ed25519 (EdDSA)')
  }
}

/** SHA-256 of the key's DER form: what a developer can compare with `openssl pkey -pubin -outform der | sha256sum`. */
export function fingerprint(pem: string): string {
  const der = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  const hex = createHash('sha256').update(der).digest('hex')
  return hex.match(/.{4}/g)?.join(' ') ?? hex
}

/** Imported keys by algorithm and text: importing costs more than verifying. Says nothing about who may do what. */
const imported = new LRUCache<string, CryptoKey>({ max: 5_000 })

/** The stored key, ready to verify signatures of `algorithm`; null when it is of another type. */
export async function verifyingKey(pem: string, algorithm: Algorithm): Promise<CryptoKey | null> {
  const name = `${algorithm}\n${pem}`
  const known = imported.get(name)
  if (known) return known
  const key = readAppKey(pem)
  if (isRefusal(key) || !key.algorithms.includes(algorithm)) return null
  const fresh = await importSPKI(pem, algorithm)
  imported.set(name, fresh)
  return fresh
}
