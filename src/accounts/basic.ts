import type { UserId } from '../kernel/brand.ts'
import { appPasswordPattern, type Bearer, type Credentials } from './credentials.ts'
import type { People, Person } from './people.ts'

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

/** Who these credentials speak for, or null; suspended people are nobody. */
export type Basic = (credentials: BasicCredentials) => Promise<BasicCaller | null>

const appPassword = new RegExp(`^${appPasswordPattern}$`, 'i')
/** Names may hold `__` themselves, so the tail is told by its length. */
const nameAndAppPassword = new RegExp(`^(.+)__(${appPasswordPattern})$`, 'i')

/**
 * The log-in of apps that exist: the account's name with an app password or the account's own password. Older gPodder
 * desktops send no password but `name__apppassword` as the name.
 */
export function createBasic(credentials: Credentials, people: People): Basic {
  const byAppPassword = async (username: string, secret: string) => {
    // Typed on a phone, a name or a password begins with a capital.
    const bearer = await credentials.find(secret.toLowerCase(), 'app_password', username.trim().toLowerCase())
    return bearer && toCaller(bearer)
  }

  return async ({ username, password }) => {
    if (`${username}${password}`.includes('\0')) return null
    if (password === '') {
      const [, name, tail] = username.match(nameAndAppPassword) ?? []
      return name === undefined || tail === undefined ? null : byAppPassword(name, tail)
    }
    // The cheap question first: an app asks at each request, and argon2 takes its time.
    const caller = appPassword.test(password) ? await byAppPassword(username, password) : null
    if (caller) return caller
    const person = await people.logIn(username, password)
    if (!person || isBarred(person)) return null
    return { user: person.id, username: person.username, appPassword: null }
  }
}

/** Whether somebody may not come in with nothing but the account's password. */
function isBarred(person: Person): boolean {
  return person.suspendedAt !== null
}

function toCaller({ user, username, credential }: Bearer): BasicCaller {
  return { user, username, appPassword: credential }
}
