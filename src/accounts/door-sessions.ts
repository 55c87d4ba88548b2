import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { UserId } from '../kernel/brand.ts'
import type { BasicCaller } from './basic.ts'
import type { Credentials } from './credentials.ts'
import type { People } from './people.ts'
import type { Seals } from './seals.ts'
import type { SecondFactors } from './second-factors.ts'

/** Somebody who logged in by HTTP Basic some time ago and brings the cookie of it. */
export interface DoorVisitor {
  readonly user: UserId
  readonly username: string
  /** Tells one cookie jar, and so one client, from another. */
  readonly client: string
}

/**
 * Log-ins of apps that send their password once and a cookie afterwards. Nothing is stored: the cookie is sealed, and
 * worth nothing once the app password it came from is revoked, the account's password changed, or its user suspended.
 */
export interface DoorSessions {
  /** What goes into the cookie; `client` where this client was known before. */
  open(caller: BasicCaller, client?: string): Promise<string>
  /** Null when it is none, or worth nothing any more. */
  read(sealed: string): Promise<DoorVisitor | null>
}

/** Seconds a cookie lives. */
export const doorSessionLife = 365 * 24 * 60 * 60

const purpose = 'session of an app that logged in by HTTP Basic'
const contents = z.object({
  user: z.string(),
  client: z.string(),
  /** The app password it came from, or null for the account's own. */
  credential: z.string().nullable(),
  passwordMark: z.string().nullable(),
  /** Milliseconds since 1970. */
  until: z.number(),
})

export interface DoorSessionParts {
  readonly people: Pick<People, 'findUser' | 'passwordMark'>
  readonly credentials: Pick<Credentials, 'holder'>
  readonly secondFactors: Pick<SecondFactors, 'isOn'>
  readonly seals: Seals
  readonly clock: () => number
}

export function createDoorSessions(parts: DoorSessionParts): DoorSessions {
  const { people, credentials, secondFactors, seals, clock } = parts

  async function byPassword(user: string, mark: string | null) {
    if ((await people.passwordMark(user)) !== mark) return null
    const person = await people.findUser(user)
    if (!person || person.suspendedAt !== null || (await secondFactors.isOn(person.id))) return null
    return { user: person.id, username: person.username }
  }

  return {
    open: async ({ user, appPassword }, client = randomUUID()) => {
      const passwordMark = appPassword === null ? await people.passwordMark(user) : null
      const until = clock() + doorSessionLife * 1000
      const said: z.input<typeof contents> = { user, client, credential: appPassword?.id ?? null, passwordMark, until }
      return seals.seal(JSON.stringify(said), purpose)
    },
    read: async (sealed) => {
      const text = seals.open(sealed, purpose)
      const said = text === null ? null : contents.parse(JSON.parse(text))
      if (!said || said.until <= clock()) return null
      const { user, credential, passwordMark, client } = said
      const holder =
        credential === null ? await byPassword(user, passwordMark) : await credentials.holder(user, credential)
      return holder && { ...holder, client }
    },
  }
}
