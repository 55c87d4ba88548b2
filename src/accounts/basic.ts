import type { UserId } from '../kernel/brand.ts'
import type { RateLimitRefusal } from '../kernel/refusal.ts'
import { appPasswordPattern, type Bearer, type Credentials } from './credentials.ts'
import type { People } from './people.ts'
import type { SecondFactors } from './second-factors.ts'
import type { Throttle } from './throttle.ts'

/** What HTTP Basic carries (RFC 7617). */
export interface BasicCredentials {
  readonly username: string
  readonly password: string
}

/** Who logged in by HTTP Basic. */
export interface BasicCaller {
  readonly user: UserId
  readonly username: string
  /** Null for the password of the account itself. */
  readonly appPassword: { readonly id: string; readonly name: string } | null
}

/**
 * Who these credentials speak for, or null; suspended people are nobody, and whoever logs in in two steps needs an app
 * password. Refuses where too many attempts failed from `address` or at this account; an app password always passes.
 */
export type Basic = (credentials: BasicCredentials, address: string) => Promise<BasicCaller | RateLimitRefusal | null>

export interface BasicParts {
  readonly credentials: Pick<Credentials, 'find'>
  readonly people: Pick<People, 'logIn'>
  readonly secondFactors: Pick<SecondFactors, 'isOn'>
  readonly throttle: Throttle
}

const appPassword = new RegExp(`^${appPasswordPattern}$`, 'i')
/** Names may hold `__` themselves, so the tail is told by its length. */
const nameAndAppPassword = new RegExp(`^(.+)__(${appPasswordPattern})$`, 'i')

/**
 * The log-in of apps that exist: the account's name with an app password or the account's own password. Older gPodder
 * desktops send no password but `name__apppassword` as the name.
 */
export function createBasic({ credentials, people, secondFactors, throttle }: BasicParts): Basic {
  async function byAppPassword(username: string, secret: string): Promise<BasicCaller | null> {
    // Typed on a phone, a name or a password begins with a capital.
    const bearer = await credentials.find(secret.toLowerCase(), 'app_password', username.trim().toLowerCase())
    return bearer && toCaller(bearer)
  }

  async function byPassword({ username, password }: BasicCredentials, address: string) {
    const attempt = { kind: 'password', account: username, address, known: null } as const
    const refusal = await throttle.refusal(attempt)
    if (refusal) return refusal
    const person = await people.logIn(username, password)
    if (!person) return null
    await throttle.succeeded(attempt)
    if (person.suspendedAt !== null || (await secondFactors.isOn(person.id))) return null
    return { user: person.id, username: person.username, appPassword: null }
  }

  return async ({ username, password }, address) => {
    if (`${username}${password}`.includes('\0')) return null
    if (password === '') {
      const [, name, tail] = username.match(nameAndAppPassword) ?? []
      const caller = name === undefined || tail === undefined ? null : await byAppPassword(name, tail)
      return caller ?? (await throttle.badSecret(address))
    }
    // The cheap question first: an app asks at each request, and argon2 takes its time.
    const caller = appPassword.test(password) ? await byAppPassword(username, password) : null
    return caller ?? byPassword({ username, password }, address)
  }
}

function toCaller({ user, username, credential }: Bearer): BasicCaller {
  return { user, username, appPassword: credential }
}
