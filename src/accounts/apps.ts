import type { Store } from '../database/store.ts'
import type { AuthorizationRequest } from './authorization.ts'
import { AppToken } from './entities.ts'

/** An app a user has allowed. */
export interface AllowedApp {
  readonly appId: string
  readonly name: string
  readonly url: string | null
  readonly image: string | null
  readonly publicKey: string
  readonly scopes: readonly string[]
  readonly authorizedAt: Date
  readonly lastUsedAt: Date | null
}

export interface Apps {
  /** Stores the grant; one for the same user and app is replaced, key and scopes included, and no longer revoked. */
  allow(userId: string, request: AuthorizationRequest): Promise<void>
  /** What the user allows now, the newest grant first. */
  list(userId: string): Promise<AllowedApp[]>
  find(userId: string, appId: string): Promise<AllowedApp | null>
  /** False when there was nothing to revoke. */
  revoke(userId: string, appId: string): Promise<boolean>
}

export function createApps(system: Store, clock: () => number): Apps {
  const em = () => system.orm.em.fork()
  return {
    allow: async (userId, { appId, name, url, image, key, scopes }) => {
      await em().upsert(AppToken, {
        userId,
        appId,
        name,
        url,
        image,
        publicKey: key.pem,
        scopes: [...scopes],
        authorizedAt: new Date(clock()),
        revokedAt: null,
      })
    },
    list: async (userId) => {
      const orderBy = { authorizedAt: 'desc', appId: 'asc' } as const
      return (await em().find(AppToken, { userId, revokedAt: null }, { orderBy })).map(toAllowedApp)
    },
    find: async (userId, appId) => {
      const app = await em().findOne(AppToken, { userId, appId, revokedAt: null })
      return app && toAllowedApp(app)
    },
    revoke: async (userId, appId) => {
      const revokedAt = new Date(clock())
      return (await em().nativeUpdate(AppToken, { userId, appId, revokedAt: null }, { revokedAt })) > 0
    },
  }
}

function toAllowedApp({ appId, name, url, image, publicKey, scopes, authorizedAt, lastUsedAt }: AppToken): AllowedApp {
  return {
    appId,
    name,
    url: url ?? null,
    image: image ?? null,
    publicKey,
    scopes,
    authorizedAt,
    lastUsedAt: lastUsedAt ?? null,
  }
}
