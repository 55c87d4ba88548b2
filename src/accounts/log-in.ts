import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { RateLimitRefusal } from '../kernel/refusal.ts'
import type { People, Person } from './people.ts'
import type { Seals } from './seals.ts'
import type { SecondFactors } from './second-factors.ts'
import type { Throttle } from './throttle.ts'

/** Where a log-in comes from. */
export interface Whence {
  /** The client's address. */
  readonly address: string
  /** The mark that an earlier log-in to this account left in the browser, as the browser sent it. */
  readonly mark: string | undefined
}

export interface FirstStep {
  readonly username: string
  readonly password: string
  /** Kept for the end of the second step. */
  readonly returnTo: string
}

/** How an attempt ended; `code`: the second step is due, and `pending` is what the browser hands back with the code. */
export type LogInResult =
  | { readonly outcome: 'in'; readonly person: Person; readonly mark: string; readonly returnTo: string }
  | { readonly outcome: 'code'; readonly pending: string }
  | { readonly outcome: 'wrong' | 'suspended' | 'stale' }
  | { readonly outcome: 'slowed'; readonly refusal: RateLimitRefusal }

export interface LogIn {
  /** Name and password. */
  first(step: FirstStep, whence: Whence): Promise<LogInResult>
  /** The code, for what `first` gave as `pending`; `stale` when that is too old or the password was changed. */
  second(pending: string | undefined, code: string, whence: Whence): Promise<LogInResult>
  /** Whose second step this is; null when it is over. */
  pendingOf(pending: string | undefined): Pending | null
  /** What makes a browser known to this person's account until the password changes. */
  newMark(person: Pick<Person, 'id' | 'username'>, known?: string | null): Promise<string>
}

const pendingSchema = z.object({
  user: z.string(),
  username: z.string(),
  returnTo: z.string(),
  passwordMark: z.string(),
  /** Milliseconds since 1970. */
  until: z.number(),
})

export type Pending = z.output<typeof pendingSchema>

/** Seconds between the password and the code. */
export const pendingLife = 5 * 60

/** Seconds a browser stays known to an account. */
export const markLife = 365 * 24 * 60 * 60

export interface LogInParts {
  readonly people: People
  readonly secondFactors: SecondFactors
  readonly throttle: Throttle
  readonly seals: Seals
  readonly clock: () => number
}

const pendingPurpose = 'second step of a log-in'
const markPurpose = (username: string, passwordMark: string) => `known browser of ${username} ${passwordMark}`

/** Log-in in one step or two, throttled. What a browser must keep meanwhile is sealed, so that it can't be made up. */
export function createLogIn({ people, secondFactors, throttle, seals, clock }: LogInParts): LogIn {
  /** Which known browser this is, or null. Only a browser with a mark costs the look at the account. */
  async function knownBrowser(username: string, mark: string | undefined): Promise<string | null> {
    if (!mark) return null
    const passwordMark = await people.passwordMark(username)
    return passwordMark === null ? null : seals.open(mark, markPurpose(username, passwordMark))
  }

  async function newMark({ id, username }: Pick<Person, 'id' | 'username'>, known: string | null = null) {
    const passwordMark = (await people.passwordMark(id)) ?? ''
    return seals.seal(known ?? randomUUID(), markPurpose(username, passwordMark))
  }

  async function letIn(person: Person, known: string | null, returnTo: string): Promise<LogInResult> {
    return { outcome: 'in', person, mark: await newMark(person, known), returnTo }
  }

  function pendingOf(sealed: string | undefined): Pending | null {
    const text = sealed ? seals.open(sealed, pendingPurpose) : null
    const pending = text === null ? null : pendingSchema.parse(JSON.parse(text))
    return pending && pending.until > clock() ? pending : null
  }

  return {
    first: async ({ username: typed, password, returnTo }, { address, mark }) => {
      const account = typed.trim().toLowerCase()
      const known = await knownBrowser(account, mark)
      const attempt = { kind: 'password', account, address, known } as const
      const refusal = await throttle.refusal(attempt)
      if (refusal) return { outcome: 'slowed', refusal }
      const person = await people.logIn(account, password)
      if (!person) return { outcome: 'wrong' }
      await throttle.succeeded(attempt)
      if (person.suspendedAt) return { outcome: 'suspended' }
      if (!(await secondFactors.isOn(person.id))) return letIn(person, known, returnTo)
      const passwordMark = (await people.passwordMark(person.id)) ?? ''
      const until = clock() + pendingLife * 1000
      const pending: Pending = { user: person.id, username: person.username, returnTo, passwordMark, until }
      return { outcome: 'code', pending: seals.seal(JSON.stringify(pending), pendingPurpose) }
    },
    second: async (sealed, code, { address, mark }) => {
      const pending = pendingOf(sealed)
      const person = pending && (await people.findUser(pending.user))
      if (!pending || !person || (await people.passwordMark(person.id)) !== pending.passwordMark)
        return { outcome: 'stale' }
      const known = await knownBrowser(person.username, mark)
      const attempt = { kind: 'code', account: person.username, address, known } as const
      const refusal = await throttle.refusal(attempt)
      if (refusal) return { outcome: 'slowed', refusal }
      if (!(await secondFactors.accept(person.id, code))) return { outcome: 'wrong' }
      await throttle.succeeded(attempt)
      return person.suspendedAt ? { outcome: 'suspended' } : letIn(person, known, pending.returnTo)
    },
    pendingOf,
    newMark,
  }
}
