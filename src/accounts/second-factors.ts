import { createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { rows, type Store } from '../database/store.ts'
import { RecoveryCode, SecondFactor } from './entities.ts'
import type { Seals } from './seals.ts'

/** What an authenticator app needs to know. */
export interface Enrolment {
  /** Base32, 160 bits. */
  readonly secret: string
  /** `otpauth://totp/…` (Key URI Format), for a QR code or a link. */
  readonly uri: string
}

export interface SecondFactors {
  isOn(userId: string): Promise<boolean>
  newSecret(): string
  enrolment(username: string, secret: string): Enrolment
  /**
   * Switches it on when `code` is one of this secret; answers ten recovery codes, which are shown now or never, and null
   * for a wrong code.
   */
  switchOn(userId: string, secret: string, code: string): Promise<readonly string[] | null>
  /** False when it was off. */
  switchOff(userId: string): Promise<boolean>
  /** Uses up a code of the authenticator or a recovery code; false for a wrong one and for one that was used. */
  accept(userId: string, code: string): Promise<boolean>
  recoveryCodesLeft(userId: string): Promise<number>
}

/** RFC 6238 as every authenticator app knows it. */
const algorithm = { algorithm: 'SHA1', digits: 6, period: 30 } as const
/** Steps before and after the present one that count too: clocks differ, and people type slowly. */
const drift = 1

const recoveryCodes = 10
/** 50 bits in the letters and digits that are not mistaken for each other. */
const recoveryAlphabet = 'abcdefghijkmnpqrstuvwxyz23456789'
const recoveryLength = 10

const useStep = {
  name: 'accounts_second_factor_use',
  text: 'update system.second_factors set last_step = $2 where user_id = $1 and last_step < $2 returning 1 as used',
}

export function createSecondFactors(
  system: Store,
  parts: { readonly publicUrl: string; readonly secret: string; readonly seals: Seals; readonly clock: () => number },
): SecondFactors {
  const { publicUrl, seals, clock } = parts
  const em = () => system.orm.em.fork()
  const issuer = new URL(publicUrl).hostname
  const hashKey = Buffer.from(hkdfSync('sha256', parts.secret, '', 'balados recovery codes v1', 32))
  const hashed = (userId: string, code: string) =>
    createHmac('sha256', hashKey).update(`${userId}\n${code}`).digest('base64url')
  const purpose = (userId: string) => `second factor of ${userId}`

  /** The time step this code belongs to, or null. */
  function stepOf(secret: string, code: string): number | null {
    const timestamp = clock()
    const key = Secret.fromBase32(secret)
    const delta = TOTP.validate({ ...algorithm, token: code, secret: key, timestamp, window: drift })
    return delta === null ? null : TOTP.counter({ period: algorithm.period, timestamp }) + delta
  }

  async function acceptStep(userId: string, code: string): Promise<boolean> {
    const factor = await em().findOne(SecondFactor, { userId })
    const secret = factor && seals.open(factor.secret, purpose(userId))
    if (!secret) return false
    const step = stepOf(secret, code)
    if (step === null) return false
    // One statement decides, so that a code that comes twice at once is used once.
    return (await rows(system.pool, useStep, [userId, step])).length > 0
  }

  return {
    isOn: async (userId) => (await em().count(SecondFactor, { userId })) > 0,
    newSecret: () => new Secret({ size: 20 }).base32,
    enrolment: (username, secret) => ({
      secret,
      uri: new TOTP({ ...algorithm, issuer, label: username, secret: Secret.fromBase32(secret) }).toString(),
    }),
    switchOn: async (userId, secret, typed) => {
      const step = stepOf(secret, plain(typed))
      if (step === null) return null
      const codes = Array.from({ length: recoveryCodes }, newRecoveryCode)
      await em().transactional(async (tx) => {
        await tx.upsert(SecondFactor, {
          userId,
          secret: seals.seal(secret, purpose(userId)),
          lastStep: step,
          createdAt: new Date(clock()),
        })
        await tx.nativeDelete(RecoveryCode, { userId })
        await tx.insertMany(
          RecoveryCode,
          codes.map((code) => ({ userId, code: hashed(userId, code) })),
        )
      })
      return codes.map((code) => `${code.slice(0, 5)}-${code.slice(5)}`)
    },
    switchOff: (userId) =>
      em().transactional(async (tx) => {
        await tx.nativeDelete(RecoveryCode, { userId })
        return (await tx.nativeDelete(SecondFactor, { userId })) > 0
      }),
    accept: async (userId, typed) => {
      const code = plain(typed)
      if (/^\d{6}$/.test(code)) return acceptStep(userId, code)
      if (code.length !== recoveryLength) return false
      return (await em().nativeDelete(RecoveryCode, { userId, code: hashed(userId, code) })) > 0
    },
    recoveryCodesLeft: (userId) => em().count(RecoveryCode, { userId }),
  }
}

/** A code as it is compared: people type blanks, hyphens and capitals. */
function plain(typed: string): string {
  return typed.slice(0, 100).replaceAll(/[\s-]/g, '').toLowerCase()
}

function newRecoveryCode(): string {
  // 32 letters: five bits of a byte choose one without favouring any.
  return [...randomBytes(recoveryLength)].map((byte) => recoveryAlphabet[byte % recoveryAlphabet.length]).join('')
}
