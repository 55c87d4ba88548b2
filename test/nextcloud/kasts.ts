import { feedIn, newestOf, type Player, type ToldRow, toTime } from './player.ts'

/** An action that waits to be sent. */
interface Logged {
  readonly episode: string
  readonly timestamp: string
  readonly [more: string]: unknown
}

/** Kasts reads unsigned numbers: what is below zero is beyond everything. */
const unsigned = (value: number): number => (value < 0 ? 2 ** 63 : value)

/**
 * Kasts with a Nextcloud: comes back with T+1, of an upload's answer too, and asks on while an answer's time is more
 * than ten seconds old. Names an empty device, sends 30 actions at a time and 1 for a length it does not know.
 */
export function kasts({ client, episodes, feeds, now, done }: Player) {
  let [subscriptionsAt, actionsAt] = [0, 0]
  let log: Logged[] = []
  let changes: { feed: string; added: boolean }[] = []

  async function syncSubscriptions(): Promise<void> {
    const of = (added: boolean) => changes.filter((one) => one.added === added).map(({ feed }) => feed)
    const [add, remove] = subscriptionsAt === 0 ? [[...feeds], []] : [of(true), of(false)]
    const { body } = await client.subscriptions(subscriptionsAt)
    for (const feed of body.add) feeds.add(feed)
    for (const feed of body.remove) feeds.delete(feed)
    subscriptionsAt = body.timestamp + 1
    changes = []
    if (add.length + remove.length === 0) return
    subscriptionsAt = (await client.follow(add, remove)).body.timestamp + 1
  }

  async function download(): Promise<readonly ToldRow[]> {
    const found: ToldRow[] = []
    for (let asked = 0; asked < 5; asked++) {
      const { body } = await client.actions(actionsAt)
      found.push(...body.actions)
      actionsAt = body.timestamp + 1
      if (body.timestamp > now() - 10 || body.actions.length === 0) return found
    }
    throw new Error('Kasts asks on and on')
  }

  function take(rows: readonly ToldRow[]): void {
    const own = newestOf(log)
    const plays = rows.filter((row) => row.action === 'PLAY' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(row.timestamp))
    for (const [url, row] of newestOf(plays)) {
      const mine = own.get(url)
      const known = episodes.get(url)
      if (!known || (mine && mine.timestamp > row.timestamp)) continue
      const [position, total] = [unsigned(row.position), unsigned(row.total)]
      if (total > 0 && (position >= total - 60 || position >= known.length - 60)) {
        known.played = true
        known.position = 0
      } else known.position = position
    }
  }

  async function upload(): Promise<void> {
    // Only the newest of each episode goes up.
    const newest = [...newestOf(log).values()]
    for (let from = 0; from < newest.length; from += 30) {
      const { status, body } = await client.upload(...newest.slice(from, from + 30))
      if (status !== 200) throw new Error(`the server said ${status}`)
      actionsAt = body.timestamp + 1
    }
    log = []
  }

  return {
    episodes,
    feeds,
    follow(feed: string): void {
      feeds.add(feed)
      changes.push({ feed, added: true })
    },
    leave(feed: string): void {
      feeds.delete(feed)
      changes.push({ feed, added: false })
    },
    /** @param total 1 where it does not know the length */
    listen(url: string, from: number, to: number, total = episodes.get(url)?.length): void {
      const known = episodes.get(url)
      if (!known) return
      const said = { podcast: feedIn(url), episode: url, guid: `guid ${url}`, device: '', action: 'play' }
      log.push({ ...said, timestamp: toTime(done()), started: from, position: to, total })
      known.position = to
      known.played = to >= known.length
    },
    async sync(): Promise<void> {
      await syncSubscriptions()
      take(await download())
      await upload()
    },
  }
}
