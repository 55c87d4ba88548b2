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

export interface People {
  /** Makes an account and takes its handle, which nobody else will ever get. Lower-cases the name. */
  addUser(user: NewUser): Promise<{ readonly id: UserId } | Refusal>
  /** Sets a new password and ends every session of that person. */
  setPassword(nameOrId: string, password: string): Promise<{ readonly id: UserId } | Refusal>
  findUser(nameOrId: string): Promise<Person | null>
  /** Everybody, by name. */
  listUsers(): Promise<Person[]>
  /** The person of that name and password, suspended or not; null for a wrong one of either, in the same time. */
  logIn(username: string, password: string): Promise<Person | null>
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

  async function setPassword(nameOrId: string, password: string) {
    const user = await find(nameOrId)
    if (!user) return refuse('not_found', `There is no user ${nameOrId}.`)
    const weak = passwordRefusal(password)
    if (weak) return weak
    const passwordHash = await hashPassword(password)
    await em().transactional(async (tx) => {
      await tx.nativeUpdate(User, { id: user.id }, { passwordHash })
      await tx.nativeDelete(Session, { userId: user.id })
    })
    return { id: user.id as UserId }
  }

  return {
    addUser,
    setPassword,
    findUser: async (nameOrId) => {
      const user = await find(nameOrId)
      return user && toPerson(user)
    },
    listUsers: async () => (await em().findAll(User, { orderBy: { username: 'asc' } })).map(toPerson),
    logIn: async (username, password) => {
      const user = await findByName(username)
      return (await passwordMatches(user?.passwordHash ?? null, password)) && user ? toPerson(user) : null
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
