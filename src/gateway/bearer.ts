import type { Accounts } from '../accounts/index.ts'
import type { CountRequest } from '../http/router.ts'
import type { UserId } from '../kernel/brand.ts'
import { isRefusal, type Refusal, refuse, refuseForNow } from '../kernel/refusal.ts'

/** Whose token a request brought. */
export interface Listener {
  readonly user: UserId
  readonly username: string
  /** Id of the play token: what stands for the device that plays. */
  readonly token: string
}

/** Who holds the play token in a path; `what` is counted apart, per token. */
export type WhoseToken = (secret: string, what: 'play' | 'rss', address: string) => Promise<Listener | Refusal>

export interface BearerParts {
  readonly accounts: Pick<Accounts, 'playToken' | 'authenticate'>
  /** Null where requests are not limited. */
  readonly countRequest: CountRequest | null
}

const perMinute = { limit: 60, seconds: 60 }

const unknown = refuse('unauthorized', 'This address holds no play token for RSS feeds, or one that has ended.')

export function createWhoseToken({ accounts, countRequest }: BearerParts): WhoseToken {
  return async (secret, what, address) => {
    const bearer = await accounts.playToken(secret, 'feeds')
    if (!bearer) {
      // A bad one counts like any other bad token from there; what a good one of another kind opens, it does not open here.
      const counted = await accounts.authenticate(`Bearer ${secret}`, address)
      return isRefusal(counted) && counted.refused === 'rate_limited' ? counted : unknown
    }
    const { id } = bearer.credential
    const standing = await countRequest?.(`${id} gateway ${what}`, perMinute)
    if (standing?.exceeded) {
      const { resetIn } = standing
      return refuseForNow(`At most ${perMinute.limit} such requests a minute; try again in ${resetIn} s.`, resetIn)
    }
    return { user: bearer.user, username: bearer.username, token: id }
  }
}
