import { createHash } from 'node:crypto'
import { UniqueConstraintViolationException } from '@mikro-orm/postgresql'
import { z } from 'zod'
import type { Store } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../kernel/refusal.ts'
import { Handle, Session, User } from './entities.ts'
import { readUsername } from './handles.ts'
import { hashPassword, passwordMatches, passwordRefusal } from './passwords.ts'

export interface Person {
  readonly id: UserId
  readonly username: string
  readonly email: string | null
  readonly isAdmin: boolean
  readonly createdAt: Date
  readonly suspendedAt: Date | null
}

export interface NewUser {
  readonly username: string
  readonly password: string
  readonly email?: string
  readonly admin?: boolean
}

export interface SessionsEnded {
  readonly id: UserId
  /** How many sessions ended. */
  readonly sessions: number
}

export interface People {
  /** Makes an account and takes its handle, which nobody else will ever get. Lower-cases the name. */
  addUser(user: NewUser): Promise<{ readonly id: UserId } | Refusal>
  /** Sets a new password and ends every session of that person, but for one that is named. */
  setPassword(nameOrId: string, password: string, keptSession?: string): Promise<SessionsEnded | Refusal>
  /** Shuts somebody out: ends their sessions, and refuses log-in and tokens until {@link unsuspend}. */
  suspend(nameOrId: string): Promise<SessionsEnded | Refusal>
  unsuspend(nameOrId: string): Promise<{ readonly id: UserId } | Refusal>
  findUser(nameOrId: string): Promise<Person | null>
  /** Everybody, by name. */
  listUsers(): Promise<Person[]>
  /** The person of that name and password, suspended or not; null for a wrong one of either, in the same time. */
  logIn(username: string, password: string): Promise<Person | null>
  /**
   * Changes whenever this person's password does; null for nobody. What hangs on the password carries it and is worth
   * nothing after the change.
   */
  passwordMark(nameOrId: string): Promise<string | null>
}

export function createPeople(system: Store, clock: () => number): People {
  const em = () => system.orm.em.fork()
  const find = (nameOrId: string) =>
    z.uuid().safeParse(nameOrId).success ? em().findOne(User, { id: nameOrId }) : findByName(nameOrId)
  const findByName = async (typed: string) => {
    const name = readUsername(typed)
    return isRefusal(name) ? null : em().findOne(User, name)
  }

  async function addUser({ username: wanted, password, email, admin = false }: NewUser) {
    const name = readUsername(wanted)
    if (isRefusal(name)) return name
    const weak = passwordRefusal(password)
    if (weak) return weak
    if (email !== undefined && !z.email().max(255).safeParse(email).success)
      return refuseValue('email', 'not an e-mail address')
    const { username } = name
    const id = crypto.randomUUID() as UserId
    const passwordHash = await hashPassword(password)
    try {
      await em().transactional(async (tx) => {
        const createdAt = new Date(clock())
        await tx.insert(User, { id, username, email: email ?? null, passwordHash, isAdmin: admin, createdAt })
        await tx.insert(Handle, { name: username, kind: 'user', userId: id })
      })
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException)
        return refuse('conflict', `The name ${username} is taken, or was once.`)
      throw error
    }
    return { id }
  }

  const nobody = (nameOrId: string) => refuse('not_found', `There is no user ${nameOrId}.`)

  async function setPassword(nameOrId: string, password: string, keptSession?: string) {
    const user = await find(nameOrId)
    if (!user) return nobody(nameOrId)
    const weak = passwordRefusal(password)
    if (weak) return weak
    const passwordHash = await hashPassword(password)
    return changeAndLogOut(user, { passwordHash }, keptSession)
  }

  async function changeAndLogOut(
    { id }: User,
    change: { readonly passwordHash: string } | { readonly suspendedAt: Date },
    keptSession?: string,
  ): Promise<SessionsEnded> {
    const sessions = await em().transactional(async (tx) => {
      await tx.nativeUpdate(User, { id }, change)
      return tx.nativeDelete(Session, keptSession ? { userId: id, id: { $ne: keptSession } } : { userId: id })
    })
    return { id: id as UserId, sessions }
  }

  return {
    addUser,
    setPassword,
    suspend: async (nameOrId) => {
      const user = await find(nameOrId)
      if (!user) return nobody(nameOrId)
      return changeAndLogOut(user, { suspendedAt: user.suspendedAt ?? new Date(clock()) })
    },
    unsuspend: async (nameOrId) => {
      const user = await find(nameOrId)
      if (!user) return nobody(nameOrId)
      await em().nativeUpdate(User, { id: user.id }, { suspendedAt: null })
      return { id: user.id as UserId }
    },
    findUser: async (nameOrId) => {
      const user = await find(nameOrId)
      return user && toPerson(user)
    },
    listUsers: async () => (await em().findAll(User, { orderBy: { username: 'asc' } })).map(toPerson),
    logIn: async (username, password) => {
      const user = await findByName(username)
      return (await passwordMatches(user?.passwordHash ?? null, password)) && user ? toPerson(user) : null
    },
    passwordMark: async (nameOrId) => {
      const user = await find(nameOrId)
      return user && createHash('sha256').update(user.passwordHash).digest('base64url')
    },
  }
}

function toPerson({ id, username, email, isAdmin, createdAt, suspendedAt }: User): Person {
  return {
    id: id as UserId,
    username,
    email: email ?? null,
    isAdmin,
    createdAt,
    suspendedAt: suspendedAt ?? null,
  }
}
