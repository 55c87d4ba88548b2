import { z } from 'zod'
import { answer, type Caller, type Endpoint, endpoint } from '../kernel/endpoint.ts'
import { refuse } from '../kernel/refusal.ts'
import type { Apps } from './apps.ts'
import { deviceOut, shownDevice } from './device-endpoints.ts'
import type { Devices } from './devices.ts'
import type { People } from './people.ts'
import { grants } from './scopes.ts'

const me = z
  .object({
    user_id: z.uuid().describe('Never changes.'),
    username: z.string(),
    email: z.string().nullable().optional().describe('Only with the scope `user.read`; null when none is known.'),
    is_admin: z.boolean(),
    created_at: z.iso.datetime({ precision: 3 }).describe('When the account was made.'),
    app: z
      .object({
        app_id: z.string().describe('`iss` of the request token.'),
        app_name: z.string(),
        scopes: z.array(z.string()).describe('What the user allows the app now.'),
      })
      .describe('The app that makes this request.'),
    device: deviceOut.nullable().describe('The device that the request token names; null when it names none.'),
  })
  .meta({ id: 'Me' })

export interface MeParts {
  readonly people: Pick<People, 'findUser'>
  readonly apps: Pick<Apps, 'find'>
  readonly devices: Devices
}

export function meEndpoints({ people, apps, devices }: MeParts): Endpoint[] {
  /** One that was just heard from for the first time is not written yet. */
  async function deviceOf({ user, author: { app, device } }: Caller) {
    if (device === null) return null
    const known = await devices.find(user, app, device)
    if (known) return known
    await devices.flush()
    return devices.find(user, app, device)
  }

  return [
    endpoint({
      method: 'get',
      path: '/me',
      summary: 'Who the token speaks for',
      description: 'The user, the app as the user allows it, and the device. Good for testing a fresh authorization.',
      tag: 'Me',
      scope: 'any',
      limit: 100,
      answers: { 200: me },
      handle: async ({ caller }) => {
        const { app } = caller.author
        const [person, allowed, device] = await Promise.all([
          people.findUser(caller.user),
          apps.find(caller.user, app),
          deviceOf(caller),
        ])
        if (!person || !allowed) return refuse('unauthorized', 'The user has revoked this app’s authorization.')
        return answer(200, {
          user_id: person.id,
          username: person.username,
          ...(grants(caller.scopes, 'user.read') ? { email: person.email } : {}),
          is_admin: person.isAdmin,
          created_at: person.createdAt.toISOString(),
          app: { app_id: app, app_name: allowed.name, scopes: [...caller.scopes] },
          device: device && shownDevice(device),
        })
      },
    }),
  ]
}
