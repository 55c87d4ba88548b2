import { expect } from 'vitest'
import type { Door } from '../openpodcast/door.ts'
import { feeds, newLine, type PodcastApp, seenOf } from './world.ts'

interface Known {
  readonly guid: string
  readonly subscribed: boolean
}

/** A client of the Open Podcast API: it tells what waits, and then asks what changed since the newest it was told of. */
export function openPodcastApp(door: Door, name = 'open podcast'): PodcastApp {
  const line = newLine()
  const known = new Map<string, Known>()
  const wanted = new Map<string, { subscribed: boolean; deletes: boolean }>()
  let since: string | null = null

  const isSubscribed = (feed: string) => wanted.get(feed)?.subscribed ?? known.get(feed)?.subscribed ?? false

  async function tell(feed: string, subscribed: boolean, deletes: boolean): Promise<void> {
    const guid = known.get(feed)?.guid
    if (subscribed) {
      const said = await door.call('POST', '/subscriptions', { subscriptions: [{ feed_url: feed }] })
      expect([said.status, said.body.failure]).toEqual([200, []])
      return
    }
    // Never told of it: there is nothing to leave.
    if (guid === undefined) return
    const said = deletes
      ? await door.call('DELETE', `/subscriptions/${guid}`)
      : await door.call('PATCH', `/subscriptions/${guid}`, { is_subscribed: false })
    // What another app deleted is left already.
    expect([deletes ? 202 : 200, 404, 410]).toContain(said.status)
  }

  async function ask(): Promise<void> {
    let newest = since
    for (let page = 1; ; page++) {
      const from = since === null ? '' : `since=${encodeURIComponent(since)}&`
      const { status, body } = await door.call('GET', `/subscriptions?${from}page=${page}&per_page=2`)
      expect(status).toBe(200)
      for (const { feed_url, guid, is_subscribed, subscription_changed, deleted } of body.subscriptions) {
        known.set(feed_url, { guid, subscribed: is_subscribed && deleted === undefined })
        // Further pages are of a later moment: what they tell may be newer than something on the first.
        for (const time of page === 1 ? [subscription_changed, deleted] : [])
          if (time !== undefined && (newest === null || time > newest)) newest = time
      }
      if (body.next === undefined) break
    }
    since = newest
  }

  return {
    name,
    author: 'openpodcast',
    line,
    async edit(edit) {
      if (edit.what !== 'subscribe' && edit.what !== 'unsubscribe') return false
      const feed = feeds[edit.feed] as string
      const subscribed = edit.what === 'subscribe'
      if (subscribed === isSubscribed(feed)) return false
      // Every other time it is deleted and not merely left.
      wanted.set(feed, { subscribed, deletes: edit.feed % 2 === 1 })
      return true
    },
    async sync() {
      for (const [feed, want] of wanted) {
        await line.upload(() => tell(feed, want.subscribed, want.deletes))
        if (wanted.get(feed) === want) wanted.delete(feed)
        await line.pause()
      }
      await ask()
    },
    seen: () => seenOf(feeds.filter(isSubscribed), null),
    close: () => {},
  }
}
