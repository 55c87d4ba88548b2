import { z } from 'zod'
import { successOut } from '../http/schemas.ts'
import { answer, type Endpoint, endpoint, success } from '../kernel/endpoint.ts'
import { refuse } from '../kernel/refusal.ts'
import type { AllowedApp, Apps } from './apps.ts'
import { isPlain } from './jwt.ts'
import { grants } from './scopes.ts'

const time = z.iso.datetime({ precision: 3 })

const app = z
  .object({
    id: z.string().describe('The same as `app_id`, which is unique for a user.'),
    app_id: z.string(),
    app_name: z.string(),
    app_url: z.string().nullable(),
    app_image: z.string().nullable(),
    scopes: z.array(z.string()),
    last_used_at: time.nullable().describe('To within a minute.'),
    inserted_at: time.describe('When the user last allowed the app.'),
    updated_at: time,
  })
  .meta({ id: 'App' })

const appId = z
  .string()
  .min(1)
  .max(255)
  .refine((text) => isPlain(text), 'control characters are not accepted')
  .meta({ description: '`iss` of the app’s tokens.', examples: ['org.example.app'] })

export function accountEndpoints(apps: Apps): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/apps',
      summary: 'The apps the user allows',
      tag: 'Apps',
      scope: 'any',
      limit: 10,
      answers: { 200: z.object({ apps: z.array(app) }) },
      handle: async ({ caller }) => answer(200, { apps: (await apps.list(caller.user)).map(shown) }),
    }),
    endpoint({
      method: 'delete',
      path: '/apps/{app_id}',
      summary: 'Revoke an app',
      description: 'An app may revoke itself; revoking another one needs the scope `user` or `*`.',
      tag: 'Apps',
      scope: 'any',
      limit: 10,
      params: z.object({ app_id: appId }),
      answers: { 200: successOut },
      refusals: ['not_found', 'forbidden'],
      handle: async ({ caller, params }) => {
        if (params.app_id !== caller.author.app && !grants(caller.scopes, 'user'))
          return refuse('forbidden', 'Revoking another app needs the scope user or *, which this app was not granted.')
        const revoked = await apps.revoke(caller.user, params.app_id)
        return revoked ? success : refuse('not_found', 'There is no such app, or it was revoked already.')
      },
    }),
  ]
}

function shown({ appId, name, url, image, scopes, authorizedAt, lastUsedAt }: AllowedApp): z.output<typeof app> {
  const allowed = authorizedAt.toISOString()
  return {
    id: appId,
    app_id: appId,
    app_name: name,
    app_url: url,
    app_image: image,
    scopes: [...scopes],
    last_used_at: lastUsedAt?.toISOString() ?? null,
    inserted_at: allowed,
    updated_at: allowed,
  }
}
