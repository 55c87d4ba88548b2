import type Koa from 'koa'
import { appNameOf, type BasicCaller } from '../accounts/index.ts'
import { problemOf } from '../http/problems.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { callerOf, type Door, type DoorParts, places } from './door.ts'
import { type OcsData, sendOcs } from './ocs.ts'

/** The Nextcloud whose interfaces are spoken here: clients compare it with what they need. */
const version = { major: 31, minor: 0, micro: 0, string: '31.0.0', edition: '', extendedSupport: false }

const status = {
  installed: true,
  maintenance: false,
  needsDbUpgrade: false,
  version: `${version.string}.0`,
  versionstring: version.string,
  edition: '',
  productname: 'Balados Sync',
  extendedSupport: false,
}

/** Seconds between two questions of a client that asks again and again. */
const capabilities = { core: { pollinterval: 60 } }

/** What Nextcloud calls it when nobody is logged in. */
const notLoggedIn = 997

/** What clients ask before they trust that this is a Nextcloud, and what they do with their app password besides. */
export function probeRoutes({ router, open }: Door, { accounts }: Pick<DoorParts, 'accounts'>): void {
  const { credentials } = accounts

  open('get', '/status.php', async () => answer(200, status))

  const ocs = (path: string): string[] => ['/ocs/v1.php', '/ocs/v2.php'].flatMap((base) => places(`${base}${path}`))

  router.get(ocs('/cloud/capabilities'), (ctx) => sendOcs(ctx, { version, capabilities }))

  /** Answers whoever logs in by Basic, in Nextcloud's envelope. */
  const member =
    (tell: (ctx: Koa.Context, caller: BasicCaller) => Promise<OcsData | Refusal>) => async (ctx: Koa.Context) => {
      const caller = await callerOf(ctx, accounts)
      const said = isRefusal(caller) ? caller : await tell(ctx, caller)
      if (!isRefusal(said)) return sendOcs(ctx, said)
      const { status: http, headers } = problemOf(said)
      ctx.set(headers)
      if (http === 401) ctx.set('WWW-Authenticate', 'Basic realm="Balados Sync", charset="UTF-8"')
      sendOcs(ctx, [], { http, message: said.message, ...(http === 401 && { code: notLoggedIn }) })
    }

  router.get(
    ocs('/cloud/user'),
    member(async (_, { username }) => ({
      enabled: true,
      id: username,
      'display-name': username,
      displayname: username,
      email: null,
      groups: [],
    })),
  )

  router.get(
    ocs('/core/getapppassword'),
    member(async (ctx, { user, appPassword }) => {
      if (appPassword !== null) return refuse('forbidden', 'This is an app password already.')
      const made = await credentials.make(user, 'app_password', appNameOf(ctx.get('User-Agent')))
      return isRefusal(made) ? made : { apppassword: made.secret }
    }),
  )

  router.delete(
    ocs('/core/apppassword'),
    member(async (_, { user, appPassword }) => {
      if (appPassword === null) return refuse('forbidden', 'This is not an app password.')
      await credentials.revoke(user, appPassword.id)
      return []
    }),
  )
}
