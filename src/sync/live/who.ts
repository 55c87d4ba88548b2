import type { Accounts } from '../../accounts/index.ts'
import type { UserId } from '../../kernel/brand.ts'
import type { Author } from '../../kernel/decider.ts'
import { isRefusal, type Refusal, refuse } from '../../kernel/refusal.ts'

/** Whom a channel speaks for. */
export interface Member {
  readonly user: UserId
  readonly author: Author
  readonly scopes: readonly string[]
}

/**
 * Who holds a token, a play token of the kind `live` or an app's request token. Bad ones that come from an `address`
 * are counted there; without one, as when a token is looked at again, nothing is.
 */
export type Identify = (token: string, address?: string) => Promise<Member | Refusal>

/** What a play token of the kind `live` opens. */
const liveScopes = ['user.sync', 'user.plays.write', 'user.privacy.write']

/** A compact JWS has two dots (RFC 7515, 7.1), a play token none. */
export function createIdentify({ authenticate, playToken }: Pick<Accounts, 'authenticate' | 'playToken'>): Identify {
  return async (token, address) => {
    if (!token.includes('.')) {
      const bearer = await playToken(token, 'live')
      if (bearer)
        return { user: bearer.user, author: { app: `live/${bearer.credential.id}`, device: null }, scopes: liveScopes }
    }
    const caller = await authenticate(`Bearer ${token}`, address)
    if (!isRefusal(caller)) return { user: caller.user, author: caller.author, scopes: caller.scopes }
    if (caller.refused !== 'unauthorized' || token.includes('.')) return caller
    return refuse('unauthorized', 'The token is no play token for the live channel, is revoked or has expired.')
  }
}
