import { rows, type Store, transaction } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { type Refusal, refuse } from '../kernel/refusal.ts'
import type { Person } from './people.ts'

/** What an administrator may change of somebody; what is left out stays as it is. */
export interface PersonChange {
  readonly suspended?: boolean | undefined
  readonly isAdmin?: boolean | undefined
  readonly email?: string | null | undefined
}

/** Where a page of people ended. */
export interface Place {
  readonly createdAt: number
  readonly id: string
}

export interface Administration {
  /** People by the age of their accounts, the newest first; `q` is part of a name or of an address. */
  people(asked: { before: Place | undefined; q: string | undefined; limit: number }): Promise<Person[]>
  /**
   * Changes somebody. Suspending ends every session in the same moment; apps are refused from then on. Refuses what
   * would leave the instance without anybody to administer it.
   */
  change(id: string, change: PersonChange): Promise<Person | Refusal>
}

const columns = `id, username, email, is_admin as "isAdmin", created_at as "createdAt", suspended_at as "suspendedAt"`

const page = {
  name: 'accounts_people_page',
  text: `select ${columns} from system.users
    where ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
      and ($3::text is null or strpos(username, lower($3)) > 0 or strpos(lower(email), lower($3)) > 0)
    order by created_at desc, id desc limit $4`,
}

// Whoever takes an administrator away holds all of them, so that two can't take each other away at once.
const lockAdmins = {
  name: 'accounts_admins_lock',
  text: 'select id from system.users where is_admin and suspended_at is null order by id for update',
}
const lockPerson = {
  name: 'accounts_person_lock',
  text: `select ${columns} from system.users where id = $1 for update`,
}
const update = {
  name: 'accounts_person_change',
  text: `update system.users set is_admin = $2, suspended_at = $3, email = $4 where id = $1 returning ${columns}`,
}
const endSessions = {
  name: 'accounts_person_sessions_end',
  text: 'delete from system.sessions where user_id = $1',
}

export function createAdministration(system: Store, clock: () => number): Administration {
  return {
    people: ({ before, q, limit }) =>
      rows<Person>(system.pool, page, [
        before === undefined ? null : new Date(before.createdAt),
        before?.id ?? null,
        q ?? null,
        limit,
      ]),
    change: (id, { suspended, isAdmin, email }) =>
      transaction(system.pool, async (client) => {
        const admins = await rows<{ id: UserId }>(client, lockAdmins, [])
        const [person] = await rows<Person>(client, lockPerson, [id])
        if (!person) return refuse('not_found', `There is no user ${id}.`)
        const suspends = suspended ?? person.suspendedAt !== null
        const administers = (isAdmin ?? person.isAdmin) && !suspends
        if (!administers && admins.every((admin) => admin.id === person.id) && admins.length > 0)
          return refuse(
            'conflict',
            `${person.username} is the only administrator: make somebody else one first, or nobody could administer this server.`,
          )
        const suspendedAt = suspends ? (person.suspendedAt ?? new Date(clock())) : null
        const [changed] = await rows<Person>(client, update, [
          id,
          isAdmin ?? person.isAdmin,
          suspendedAt,
          email === undefined ? person.email : email,
        ])
        // Kept ones would come back to life with the account.
        if (suspends) await rows(client, endSessions, [id])
        return changed as Person
      }),
  }
}
