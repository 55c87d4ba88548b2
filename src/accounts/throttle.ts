import { createHmac, hkdfSync } from 'node:crypto'
import type { Allowance, Counters } from '../database/counters.ts'
import { type RateLimitRefusal, refuseForNow } from '../kernel/refusal.ts'
import { addressGroup } from './addresses.ts'

/** Somebody tries to prove who they are. */
export interface Attempt {
  /** What is tried: each kind has counts of its own. */
  readonly kind: 'password' | 'code'
  /** The account's name as it was typed, whether there is such an account or not. */
  readonly account: string
  /** Where the request comes from, as `TRUST_PROXY` tells it (`ctx.ip`). */
  readonly address: string
  /** A browser that was let in to this account before, by a name of its own that can't be made up; null for others. */
  readonly known: string | null
}

/**
 * Slows down guessing, over all processes of the instance, without shutting the owner out.
 *
 * Passwords and codes can be guessed, so each attempt is counted before anything is checked, and the count is taken
 * back when it was right: a thousand guesses at once are no way around. A browser that the account has let in before
 * has a count of its own (OWASP's device cookies). All others share one per account, beside one per address: guessing
 * from a thousand addresses closes the door to strangers alone.
 *
 * Tokens and app passwords of 128 bits and more can't be guessed. They are verified first, and only the bad ones are
 * counted: a valid one passes whatever its neighbours do.
 */
export interface Throttle {
  /** Counts an attempt; a refusal where too many failed, and then nothing may be checked. */
  refusal(attempt: Attempt): Promise<RateLimitRefusal | null>
  /** The attempt was right: it is not counted, and the failures before it from here are forgotten. */
  succeeded(attempt: Attempt): Promise<void>
  /** Counts a token or app password that turned out bad; a refusal to answer with where there were too many. */
  badSecret(address: string): Promise<RateLimitRefusal | null>
  /** Counts an app that asks for an app password; a refusal where too many ask. */
  appRequest(address: string): Promise<RateLimitRefusal | null>
  /** The name under which whatever comes from an address is counted; the address can't be read from it. */
  addressKey(address: string): string
}

const quarter = 15 * 60
const hour = 60 * 60

/** A person who mistypes is done after ten. */
const perBrowser: Allowance = { limit: 10, seconds: quarter }
/** Many people share an address: a household, a school, a provider's gateway. */
const perAddress: Allowance = { limit: 50, seconds: quarter }
/** From all browsers an account does not know, together. */
const perStrangers: Allowance = { limit: 50, seconds: hour }
/** Six digits of which three are right at any time are sooner guessed than a password. */
const perStrangersCodes: Allowance = { limit: 20, seconds: hour }
const perBadSecrets: Allowance = { limit: 30, seconds: 60 }
/** Anybody may ask, and each request is a row until it is too old. */
const perAppRequests: Allowance = { limit: 30, seconds: 10 * 60 }

interface Count {
  readonly key: string
  readonly allowance: Allowance
}

/** @param secret SECRET_KEY_BASE: keeps names and addresses unreadable in the table of counts */
export function createThrottle(counters: Counters, secret: string): Throttle {
  const hashKey = Buffer.from(hkdfSync('sha256', secret, '', 'balados throttle v1', 32))
  const count = (allowance: Allowance, ...names: readonly string[]): Count => ({
    key: createHmac('sha256', hashKey).update(JSON.stringify(names)).digest('base64url'),
    allowance,
  })

  /** From the narrowest on, so that whoever is stopped by their own count no longer adds to one they share. */
  function countsOf({ kind, account, address, known }: Attempt): readonly Count[] {
    const name = account.trim().toLowerCase()
    if (known !== null) return [count(perBrowser, kind, 'browser', name, known)]
    const from = addressGroup(address)
    return [
      count(perBrowser, kind, 'stranger', name, from),
      count(perAddress, kind, 'address', from),
      count(kind === 'code' ? perStrangersCodes : perStrangers, kind, 'strangers', name),
    ]
  }

  return {
    refusal: async (attempt) => {
      for (const { key, allowance } of countsOf(attempt)) {
        const { exceeded, resetIn } = await counters.take(key, allowance)
        if (exceeded) return refuseForNow(`Too many failed attempts; try again in ${resetIn} s.`, resetIn)
      }
      return null
    },
    succeeded: async (attempt) => {
      const [own, ...shared] = countsOf(attempt)
      if (own) await counters.forget(own.key, own.allowance)
      for (const { key, allowance } of shared) await counters.giveBack(key, allowance)
    },
    addressKey: (address) => count(perBadSecrets, 'asks', addressGroup(address)).key,
    badSecret: async (address) => {
      const { key, allowance } = count(perBadSecrets, 'secret', addressGroup(address))
      const { exceeded, resetIn } = await counters.take(key, allowance)
      return exceeded ? refuseForNow(`Too many bad credentials; try again in ${resetIn} s.`, resetIn) : null
    },
    appRequest: async (address) => {
      const { key, allowance } = count(perAppRequests, 'app request', addressGroup(address))
      const { exceeded, resetIn } = await counters.take(key, allowance)
      return exceeded ? refuseForNow(`Too many apps ask from this address; try again in ${resetIn} s.`, resetIn) : null
    },
  }
}

/** Lets everybody try as often as they like: `RATE_LIMITS=off`. */
export const noThrottle: Throttle = {
  refusal: async () => null,
  succeeded: async () => {},
  badSecret: async () => null,
  appRequest: async () => null,
  addressKey: addressGroup,
}
