import { SignJWT } from 'jose'
import type { App, Grant } from './authorization.ts'

/** What a device calls itself in its request tokens. */
export interface DeviceName {
  /** Stays the same, one per device. */
  readonly id: string
  /** For the person: "Kitchen tablet". */
  readonly name?: string
}

export interface Tokens {
  /** The value of `Authorization`: a token signed before, while it holds. */
  bearer(): Promise<string>
  /** The server's clock, as an answer told it (`Date`). Tokens go by it; times of edits stay the device's own. */
  heard(date: string | null): void
  /** The next token is a new one. */
  renew(): void
}

interface TokenParts {
  readonly app: Pick<App, 'id' | 'keys'>
  readonly grant: Grant
  readonly device?: DeviceName
  /** The device's own clock, right or wrong, in milliseconds since 1970. */
  readonly clock: () => number
  /** Seconds a token holds, at most 24 hours. */
  readonly lifetime?: number
}

/** Less than the minute a server tolerates; more than an answer takes. */
const tolerated = 30_000

export function createTokens({ app, grant, device, clock, lifetime = 300 }: TokenParts): Tokens {
  /** What to add to the device's clock to get the server's, in milliseconds. */
  let correction = 0
  let kept: { readonly text: Promise<string>; readonly from: number; readonly until: number } | null = null

  const sign = (now: number): Promise<string> =>
    new SignJWT(device ? { device_id: device.id, ...(device.name ? { device_name: device.name } : {}) } : {})
      .setProtectedHeader({ alg: app.keys.algorithm, typ: 'JWT' })
      .setIssuer(app.id)
      .setSubject(grant.userId)
      .setAudience(grant.instance)
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)
      .sign(app.keys.privateKey)

  return {
    async bearer() {
      const now = clock() + correction
      // Also when the clock was put back: to the server the token would have come from the future.
      if (kept === null || now > kept.until - tolerated || now < kept.from - tolerated) {
        kept = { text: sign(Math.floor(now / 1000)), from: now, until: now + lifetime * 1000 }
      }
      return `Bearer ${await kept.text}`
    },
    heard(date) {
      const off = Date.parse(date ?? '') - clock()
      if (Number.isNaN(off) || Math.abs(off - correction) <= tolerated) return
      correction = off
      kept = null
    },
    renew() {
      kept = null
    },
  }
}
