import type { UserId } from '../../src/kernel/brand.ts'
import { feedId, itemId } from './instance.ts'
import type { Doors, Said } from './journal-doors.ts'

export const sharedList = '00000000-0000-4000-8000-00000000abcd'

const feed = feedId('https://feeds.example/orders.xml')

/** An episode as requests name it. */
export const numbered = (name: number | string) => ({
  rss_source_feed: feed,
  rss_source_item: itemId(`guid-${name}`, `https://media.example/${name}.mp3`),
})

export const makeList = (doors: Doors, user: UserId): Promise<Said> =>
  doors.call('post', '/playlists', { user, body: { id: sharedList, name: 'Everybody’s' } })

/** Puts one more episode on the list that everybody writes to. */
export const addToList = (doors: Doors, user: UserId, item: string): Promise<Said> =>
  doors.call('post', '/playlists/{id}/items', { user, params: { id: sharedList }, body: numbered(item) })

/** One sync that subscribes, and moves in some episodes: several events in one append. */
export function follow(doors: Doors, user: UserId, name: string, plays: readonly number[]): Promise<Said> {
  const at = new Date().toISOString()
  const subscriptions = [{ rss_source_feed: feedId(`https://feeds.example/${name}.xml`), subscribed_at: at }]
  const moved = plays.map((n) => ({ ...numbered(`${name}-${n}`), position: n, played: false, updated_at: at }))
  return doors.call('post', '/sync', { user, device: name, body: { changes: { subscriptions, plays: moved } } })
}
