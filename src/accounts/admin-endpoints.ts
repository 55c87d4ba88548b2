import { z } from 'zod'
import { limit, successOut, uuid } from '../http/schemas.ts'
import { answer, type Caller, type Endpoint, endpoint, success } from '../kernel/endpoint.ts'
import { isRefusal, refuse } from '../kernel/refusal.ts'
import type { Administration, Place } from './administration.ts'
import type { People, Person } from './people.ts'

const time = z.iso.datetime({ precision: 3 })

const user = z
  .object({
    id: z.uuid(),
    username: z.string(),
    email: z.string().nullable(),
    is_admin: z.boolean(),
    created_at: time,
    suspended_at: time.nullable().describe('Since when the account is suspended; null while it is not.'),
  })
  .meta({ id: 'User' })

const email = z
  .email()
  .max(255)
  .meta({ description: 'Where the instance may write to this person.', examples: ['alice@pods.example'] })
const password = z
  .string()
  .min(8)
  .max(1024)
  .meta({ description: 'Never shown again.', examples: ['correct horse battery'] })

/** Where a page ended, opaque to apps: the age and id of its last user. */
const formatPlace = ({ createdAt, id }: Place): string => `u${createdAt.toString(36)}-${id.replaceAll('-', '')}`

const place = z
  .string()
  .regex(/^u[0-9a-z]{1,9}-[0-9a-f]{32}$/, 'is not a cursor that this server gave')
  .describe('`next` of the page before.')
  .transform((text): Place => {
    const [createdAt = '', id = ''] = text.slice(1).split('-')
    return { createdAt: Number.parseInt(createdAt, 36), id }
  })

const read = { tag: 'Administration', scope: 'admin.read', limit: 100 } as const
const write = { tag: 'Administration', scope: 'admin.write', limit: 30 } as const
const byId = z.object({ id: uuid })
const one = z.object({ user })

export interface UserAdministration {
  readonly people: Pick<People, 'addUser' | 'setPassword' | 'findUser'>
  readonly administration: Administration
  readonly log: { info(context: object, message: string): void }
}

/** What `balados user …` does, for administrators' apps. Only an administrator can grant these scopes. */
export function userAdminEndpoints({ people, administration, log }: UserAdministration): Endpoint[] {
  /** Who did what to whom; never a password or an address. */
  const note = ({ user: admin, author }: Caller, message: string, what: object) =>
    log.info({ admin, app: author.app, ...what }, message)

  return [
    endpoint({
      ...read,
      method: 'get',
      path: '/admin/users',
      summary: 'The people of this instance, the newest account first',
      query: z.object({
        before: place.optional(),
        q: z.string().min(1).max(255).optional().describe('Part of a user name or of an e-mail address.'),
        limit: limit(100, 50),
      }),
      answers: {
        200: z.object({
          users: z.array(user),
          next: z.string().nullable().describe('Give this as `before` for older accounts; null at the end.'),
        }),
      },
      async handle({ query: { before, q, limit: wanted } }) {
        // One more than wanted tells whether there is a next page.
        const found = await administration.people({ before, q, limit: wanted + 1 })
        const shownOnes = found.slice(0, wanted)
        const last = shownOnes.at(-1)
        const next =
          last && found.length > wanted ? formatPlace({ createdAt: last.createdAt.getTime(), id: last.id }) : null
        return answer(200, { users: shownOnes.map(shown), next })
      },
    }),
    endpoint({
      ...read,
      method: 'get',
      path: '/admin/users/{id}',
      summary: 'One person of this instance',
      params: byId,
      answers: { 200: one },
      async handle({ params }) {
        const person = await people.findUser(params.id)
        return person ? answer(200, { user: shown(person) }) : refuse('not_found', `There is no user ${params.id}.`)
      },
    }),
    endpoint({
      ...write,
      method: 'post',
      path: '/admin/users',
      summary: 'Make an account',
      description: 'A name that is taken, or was once, is a conflict: no name ever gets a second owner.',
      body: z.object({
        username: z
          .string()
          .regex(/^[A-Za-z0-9_]{2,30}$/, '2 to 30 of a-z, 0-9 and _')
          .meta({
            description: '2 to 30 of a-z, 0-9 and _; upper case is lowered. Some names are reserved.',
            examples: ['alice'],
          }),
        password,
        email: email.nullish(),
        admin: z.boolean().default(false).describe('May administer the instance.'),
      }),
      answers: { 201: one },
      async handle({ body, caller }) {
        const { username, admin } = body
        const address = typeof body.email === 'string' ? { email: body.email } : {}
        const added = await people.addUser({ username, password: body.password, admin, ...address })
        if (isRefusal(added)) return added
        note(caller, 'an administrator added a user', { user: added.id, isAdmin: admin })
        return answer(201, { user: shown((await people.findUser(added.id)) as Person) })
      },
    }),
    endpoint({
      ...write,
      method: 'patch',
      path: '/admin/users/{id}',
      summary: 'Suspend somebody, make or unmake an administrator, or change an e-mail address',
      description:
        'Suspending ends every session at once and refuses every app; nothing is lost, and lifting it lets apps in ' +
        'again. What would leave the instance without an administrator is a conflict.',
      params: byId,
      body: z.object({
        suspended: z.boolean().optional(),
        is_admin: z.boolean().optional().describe('Grants that a former administrator gave are void at once.'),
        email: email.nullable().optional(),
      }),
      answers: { 200: one },
      refusals: ['conflict'],
      async handle({ params: { id }, body, caller }) {
        const { suspended, is_admin: isAdmin } = body
        const changed = await administration.change(id, { suspended, isAdmin, email: body.email })
        if (isRefusal(changed)) return changed
        note(caller, 'an administrator changed a user', {
          user: id,
          suspended,
          isAdmin,
          email: body.email !== undefined,
        })
        return answer(200, { user: shown(changed) })
      },
    }),
    endpoint({
      ...write,
      method: 'post',
      path: '/admin/users/{id}/password',
      summary: 'Set a new password for somebody',
      description: 'Ends every session of that person. Apps stay allowed.',
      params: byId,
      body: z.object({ password }),
      answers: { 200: successOut },
      async handle({ params: { id }, body, caller }) {
        const set = await people.setPassword(id, body.password)
        if (isRefusal(set)) return set
        note(caller, 'an administrator set a password', { user: id })
        return success
      },
    }),
  ]
}

function shown({ id, username, email: address, isAdmin, createdAt, suspendedAt }: Person): z.output<typeof user> {
  return {
    id,
    username,
    email: address,
    is_admin: isAdmin,
    created_at: createdAt.toISOString(),
    suspended_at: suspendedAt?.toISOString() ?? null,
  }
}
