import type { Logger } from 'pino'
import type { Accounts } from '../../accounts/index.ts'
import type { Listening } from '../../journal/listening.ts'
import type { UserId } from '../../kernel/brand.ts'
import type { Places } from './places.ts'

/** Milliseconds, but for `mostBuffered`. */
export interface LiveTimes {
  /** Between two pings, or comments of an event stream. */
  readonly beat: number
  /** Without a sign of life, after which a channel is dead. */
  readonly idle: number
  /** For which a socket may stay open that has not said who it is. */
  readonly entry: number
  /** For which a token is trusted before it is looked at again. */
  readonly trust: number
  /** For which a reader may leave full what it is sent. */
  readonly patience: number
  /** Between two looks at whether it has read. */
  readonly look: number
  /** Between telling a client that its channel is closed and cutting it off. */
  readonly farewell: number
  /** Between two looks for changes that nobody told of. */
  readonly sweep: number
  /** Bytes that may wait for a reader before it has to catch up on its own. */
  readonly mostBuffered: number
}

export const usualTimes: LiveTimes = {
  beat: 20_000,
  idle: 60_000,
  entry: 30_000,
  trust: 30_000,
  patience: 10_000,
  look: 50,
  farewell: 5_000,
  sweep: 5_000,
  mostBuffered: 256 * 1024,
}

/** What may be open at once in this process. */
export interface LiveLimits {
  /** Channels of one user, of both kinds together. */
  readonly channels: number
  /** WebSockets from one address that have not yet said who they are. */
  readonly strangers: number
}

/** Nobody has a hundred devices; a gateway that many share opens its channels one after another. */
export const usualLimits: LiveLimits = { channels: 100, strangers: 100 }
export const noLimits: LiveLimits = { channels: Number.POSITIVE_INFINITY, strangers: Number.POSITIVE_INFINITY }

/** What happened on the channels of this process since it began. */
export interface LiveTally {
  /** Frames that told of changes, each channel's its own. */
  pushed: number
  /** Readers cut off because they did not read. */
  slow: number
  /** Subscriptions that went on from a token. */
  resumed: number
}

/** What channels of both kinds need of the instance. */
export interface LiveParts {
  readonly listening: Listening
  readonly grants: (scopes: readonly string[], wanted: string) => boolean
  /** Counts a play as `POST /play` does; null where nothing is limited. */
  readonly countPlay: ((user: UserId) => Promise<{ readonly exceeded: boolean; readonly resetIn: number }>) | null
  readonly noteDevice: Accounts['noteDevice']
  /** What each user's channels share. */
  readonly places: Places<UserId>
  readonly tally: LiveTally
  readonly times: LiveTimes
  readonly clock: () => number
  readonly log: Logger
}
