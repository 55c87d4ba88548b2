import { feedIn, newestOf, type Player, type ToldRow, toTime } from './player.ts'

/** An action that waits to be sent. */
interface Queued {
  readonly episode: string
  readonly timestamp: string
  readonly [more: string]: unknown
}

/**
 * AntennaPod with a Nextcloud: asks with its own clock once it has uploaded something, never names a device, sends 30
 * actions at a time, and takes a place only with a length. `ahead`: seconds its clock is ahead.
 */
export function antennaPod({ client, episodes, feeds, now, done }: Player, ahead = 0) {
  const clock = () => now() + ahead
  let [subscriptionsAt, actionsAt] = [0, 0]
  let queue: Queued[] = []
  const [added, removed] = [new Set<string>(), new Set<string>()]

  async function syncSubscriptions(): Promise<void> {
    const first = subscriptionsAt === 0
    const local = [...feeds]
    const { body } = await client.subscriptions(subscriptionsAt)
    for (const feed of body.add) if (!removed.has(feed)) feeds.add(feed)
    for (const feed of body.remove) if (!added.has(feed)) feeds.delete(feed)
    if (first) for (const feed of local) added.add(feed)
    for (const feed of body.add) added.delete(feed)
    for (const feed of body.remove) removed.delete(feed)
    subscriptionsAt = body.timestamp
    if (added.size + removed.size === 0) return
    const { status } = await client.follow([...added], [...removed])
    if (status !== 200) throw new Error(`the server said ${status}`)
    added.clear()
    removed.clear()
    subscriptionsAt = clock()
  }

  function take(rows: readonly ToldRow[]): void {
    const own = newestOf(queue)
    for (const [url, row] of newestOf(rows.filter(({ action }) => action === 'PLAY'))) {
      const mine = own.get(url)
      const known = episodes.get(url)
      if (!known || (mine && mine.timestamp > row.timestamp)) continue
      known.position = row.started >= 0 && row.position > 0 && row.total > 0 ? row.position : -1
      if (known.position < known.length - 30) continue
      known.played = true
      known.position = 0
    }
  }

  async function syncActions(): Promise<void> {
    const first = actionsAt === 0
    const { body } = await client.actions(actionsAt)
    take(body.actions)
    actionsAt = body.timestamp
    if (first) for (const [url, { played, length }] of episodes) if (played) enqueue(url, length, length)
    for (let from = 0; from < queue.length; from += 30) {
      const { status } = await client.upload(...queue.slice(from, from + 30))
      if (status !== 200) throw new Error(`the server said ${status}`)
    }
    if (queue.length > 0) actionsAt = clock()
    queue = []
  }

  function enqueue(url: string, started: number, position: number): void {
    const total = episodes.get(url)?.length
    const said = { podcast: feedIn(url), episode: url, guid: `guid ${url}`, action: 'play' }
    queue.push({ ...said, timestamp: toTime(done()), started, position, total })
  }

  return {
    client,
    episodes,
    feeds,
    queued: (): readonly Queued[] => queue,
    follow(feed: string): void {
      feeds.add(feed)
      removed.delete(feed)
      added.add(feed)
    },
    leave(feed: string): void {
      feeds.delete(feed)
      added.delete(feed)
      removed.add(feed)
    },
    listen(url: string, from: number, to: number): void {
      const known = episodes.get(url)
      if (!known) return
      enqueue(url, from, to)
      known.position = to
      known.played = to >= known.length
    },
    /** What a mark without a place becomes. */
    do: (url: string, action: string): void => {
      const said = { podcast: feedIn(url), episode: url, guid: `guid ${url}`, action }
      queue.push({ ...said, timestamp: toTime(done()) })
    },
    async sync(): Promise<void> {
      await syncSubscriptions()
      await syncActions()
    },
  }
}
