import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createAccounts } from '../../src/accounts/index.ts'
import { createCounters } from '../../src/database/counters.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { freshStores } from '../support/database.ts'

export const password = 'correct horse battery'
export const publicUrl = 'https://balados.example'
export const secret = 'a secret of the tests, long enough'

export type World = Awaited<ReturnType<typeof createWorld>>

export interface WorldOptions {
  readonly throttled?: boolean
}

/** Accounts on a database of their own, with a clock that stands still until it is told to move. */
export async function createWorld(url = publicUrl, { throttled = false }: WorldOptions = {}) {
  const { stores, close } = await freshStores()
  let now = Date.parse('2026-11-22T12:00:00.000Z')
  const log = { info: () => {}, warn: () => {} }
  const counters = throttled ? createCounters(stores.system) : null
  const accounts = createAccounts({ system: stores.system, publicUrl: url, secret, counters, clock: () => now, log })
  return {
    accounts,
    system: stores.system,
    now: () => now,
    seconds: () => Math.floor(now / 1000),
    pass: (seconds: number) => {
      now += seconds * 1000
    },
    addUser: async (username: string, options: { admin?: boolean } = {}): Promise<UserId> => {
      const added = await accounts.addUser({ username, password, ...options })
      if (isRefusal(added)) throw new Error(added.message)
      return added.id
    },
    close: async () => {
      await accounts.stop()
      await close()
    },
  }
}

export type Kind = 'rsa' | 'p256' | 'ed25519'

export interface Keys {
  readonly privateKey: KeyObject
  readonly pem: string
}

export function makeKeys(kind: Kind = 'rsa'): Keys {
  const { privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : kind === 'p256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519')
  return { privateKey, pem: pemOf(privateKey) }
}

export function pemOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
}

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')

/** A compact JWS of any payload and header, by node:crypto and not by the library under test. */
export function jws(payload: unknown, key: KeyObject | string, alg = 'RS256', header: object = {}): string {
  const input = `${encoded({ alg, typ: 'JWT', ...header })}.${encoded(payload)}`
  return `${input}.${signature(input, key, alg)}`
}

function signature(input: string, key: KeyObject | string, alg: string): string {
  const bytes = Buffer.from(input)
  if (typeof key === 'string') return alg === 'none' ? '' : createHmac('sha256', key).update(bytes).digest('base64url')
  switch (alg) {
    case 'ES256':
      return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    case 'EdDSA':
      return sign(null, bytes, key).toString('base64url')
    case 'PS256':
      return sign('sha256', bytes, { key, padding: 6, saltLength: 32 }).toString('base64url')
    default:
      return sign('sha256', bytes, key).toString('base64url')
  }
}
