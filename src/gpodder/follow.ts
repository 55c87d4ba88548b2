import { rows, type Statement } from '../database/store.ts'
import { movedFeedsSince } from '../feeds/queries.ts'
import type { Listening } from '../journal/listening.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, type Refusal, refuseValue } from '../kernel/refusal.ts'
import { canonicalFeed } from '../podcast/names.ts'
import { everything } from '../podcast/seen.ts'
import { type SubscriptionRow, subscription } from '../subscriptions/index.ts'
import { subscriptionsTo } from '../subscriptions/queries.ts'
import { feedUrls, type Named, nameFeeds } from './feeds.ts'
import type { Written } from './receive.ts'
import { originOf, type Sender } from './sender.ts'

/** Feed URLs as clients send them. */
export interface SentChanges {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

export interface Changed {
  /** What the server calls the feeds that were named otherwise: `""` for what it does not take. */
  readonly updates: Named['updates']
  readonly written: Written
}

/** Subscribes to and leaves podcasts, all in one write; refuses a feed that is in both lists. */
export async function changeSubscriptions(
  listening: Pick<Listening, 'journal' | 'catalog'>,
  sender: Sender,
  { add, remove }: SentChanges,
): Promise<Changed | Refusal> {
  const named = await nameFeeds(listening.catalog, [...add, ...remove])
  const ids = (sent: readonly string[]) => [...new Set(sent.map(named.podcast).filter((id) => id !== null))]
  const left = new Set(remove.map(canonicalFeed))
  if (add.some((url) => left.has(canonicalFeed(url)))) return refuseValue('remove', 'holds a feed that `add` holds too')
  const added = ids(add)
  // Who follows a feed to where it moved leaves one name of the podcast for another.
  const removed = ids(remove).filter((id) => !added.includes(id))
  const written = await turnSubscriptions(listening, sender, added, removed)
  return isRefusal(written) ? written : { updates: named.updates, written }
}

/** The same by podcast: what is so already stays as it is, so that a repeated upload adds nothing. */
export async function turnSubscriptions(
  { journal }: Pick<Listening, 'journal'>,
  sender: Sender,
  add: readonly PodcastId[],
  remove: readonly PodcastId[],
): Promise<Written | Refusal> {
  let written: Written = { before: 0, after: 0 }
  const said = await journal.commit(originOf(sender), async (unit) => {
    await unit.load(subscription, [...add, ...remove])
    const before = unit.head.lastStamp
    written = { before, after: before }
    const at = sender.now
    for (const [active, podcasts] of [[false, remove] as const, [true, add] as const]) {
      for (const podcast of podcasts) {
        const known = unit.state(subscription, podcast).active
        const edit = { active, sourceId: null, at, sentAt: at, seen: everything, known }
        const decided = unit.decide(subscription, podcast, edit)
        if (isRefusal(decided)) return decided
        written = { before, after: decided[0]?.stamp ?? written.after }
      }
    }
    return answer(200, null)
  })
  return isRefusal(said) ? said : written
}

const changedSince: Statement = {
  name: 'gpodder-subscriptions-since',
  text: `select * from projections.subscriptions where user_id = $1 and stamp >= $2 order by number, podcast_id`,
}

/** The feeds that were subscribed to and left since a stamp; take the stamp of an answer before asking. */
export async function subscriptionsSince(
  { catalog, reading }: Pick<Listening, 'catalog' | 'reading'>,
  user: UserId,
  since: number,
): Promise<SentChanges> {
  const db = await reading(user)
  const changed = await rows<SubscriptionRow>(db, changedSince, [user, since])
  // Who begins is told what there is: what once went is none of the client's, and might be what it brings itself.
  const moved = since === 0 ? [] : (await movedFeedsSince(db, user, since)).map((row) => row.podcast_id)
  const again = moved.length === 0 ? [] : await subscriptionsTo(db, user, moved)
  const found = [...new Map([...changed, ...again].map((row) => [row.podcast_id, row])).values()]
  const names = await feedUrls(
    catalog,
    found.map((row) => row.podcast_id),
  )
  const former = await catalog.formerFeeds(moved)
  const shown = (active: boolean) =>
    found.filter((row) => row.active === active).flatMap((row) => names.get(row.podcast_id) ?? [])
  const add = shown(true)
  const left = since === 0 ? [] : [...shown(false), ...[...former.values()].flat()]
  return { add, remove: left.filter((url) => !add.includes(url)) }
}
