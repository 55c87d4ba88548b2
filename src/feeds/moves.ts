import { rows, type Statement, type Store } from '../database/store.ts'
import type { PodcastId } from '../kernel/brand.ts'
import type { Identity } from '../podcast/identity.ts'
import { nameKey } from '../podcast/keys.ts'
import { canonicalFeed } from '../podcast/names.ts'

/** A move that a feed announces, while it is not believed yet. Times are milliseconds. */
export interface Moving {
  readonly to: string
  readonly why: MoveReason
  /** How often in a row it was announced. */
  readonly times: number
  readonly since: number
  /** It was, and what follows from it has been done. */
  readonly believed: boolean
}

export type MoveReason = 'permanent redirect' | 'itunes:new-feed-url'

/** So often in a row, and for so long, a feed must say that it has moved: a hotel's or a bad day's redirect does not. */
const timesToBelieve = 3
const timeToBelieve = 48 * 3_600_000

export interface Announced {
  readonly to: string
  readonly why: MoveReason
}

/**
 * What becomes of a move that a successful fetch announced, or did not.
 * @returns the move as it stands now; `believed` is true once, when it has been said often and long enough
 */
export function noticeMove(
  before: Moving | null,
  announced: Announced | null,
  now: number,
): { readonly moving: Moving | null; readonly believed: boolean } {
  if (announced === null) return { moving: null, believed: false }
  const again = before !== null && canonicalFeed(before.to) === canonicalFeed(announced.to)
  const since = again ? before.since : now
  const times = again ? before.times + 1 : 1
  const isEnough = times >= timesToBelieve && now - since >= timeToBelieve
  const moving = { ...announced, times, since, believed: isEnough }
  return { moving, believed: isEnough && !(again && before.believed) }
}

/** What is to be done when a feed has moved: see `createMoves`. */
export type OnMoved = (podcast: PodcastId, from: string, to: string, why: MoveReason) => Promise<void>

const record: Statement = {
  name: 'feed-moves-record',
  text: `insert into system.feed_moves (podcast_id, to_key, from_url, to_url, why, noticed_at)
    values ($1, $2, $3, $4, $5, now())
    on conflict (podcast_id, to_key) do update
      set from_url = excluded.from_url, why = excluded.why, noticed_at = excluded.noticed_at, applied_at = null`,
}

const apply: Statement = {
  name: 'feed-moves-apply',
  text: 'update system.feed_moves set applied_at = now() where podcast_id = $1 and to_key = $2',
}

/**
 * Keeps believed moves as facts, and lets the podcast be where its feed says: what that comes to, and what its
 * listeners' devices are told, is decided where names are.
 */
export const createMoves =
  (system: Store, identity: Pick<Identity, 'move'>): OnMoved =>
  async (podcast, from, to, why) => {
    const key = nameKey('url', canonicalFeed(to))
    await rows(system.pool, record, [podcast, key, from, to, why])
    const { outcome } = await identity.move(podcast, to, why)
    if (outcome !== 'private') await rows(system.pool, apply, [podcast, key])
  }
