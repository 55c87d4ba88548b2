import {
  type Edit,
  type Episode,
  episodes,
  feeds,
  type Line,
  length,
  now,
  type Place,
  type PodcastApp,
  rhythm,
  seenOf,
} from './world.ts'

/** What an app says that a listener did, and when by its own clock. */
export interface Action {
  readonly episode: Episode
  readonly action: 'play' | 'download' | 'delete'
  /** Seconds since 1970. */
  readonly at: number
  readonly position?: number
}

/** A play as the server tells it. */
export interface ToldPlay {
  readonly enclosure: string
  readonly at: number
  readonly position: number
  readonly total: number
}

/** The calls of a door for actions. Each answers the app's next `since` besides. */
export interface ActionDoor {
  /** Once, before the first sync. */
  begin(): Promise<void>
  changes(since: number): Promise<{ add: string[]; remove: string[]; since: number }>
  change(add: string[], remove: string[]): Promise<number>
  actions(since: number): Promise<{ plays: ToldPlay[]; since: number }>
  act(actions: readonly Action[]): Promise<number>
}

/**
 * `phone`: as AntennaPod does, remote plays stand unless one that waits here is newer, and an upload's answer says from
 * when on to ask next. `desktop`: as gPodder does, a remote play stands when it is newer than what is shown, and what
 * to ask of episodes next is said by downloads alone.
 */
export type Manners = 'phone' | 'desktop'

export interface ActionAppParts {
  readonly name: string
  readonly author: string
  readonly door: ActionDoor
  readonly line: Line
  readonly manners: Manners
  readonly skew: number
  /** Apps of one household never do something in the same second: theirs is the one with this remainder. */
  readonly remainder: number
}

const batch = 3

export function actionApp({ name, author, door, line, manners, skew, remainder }: ActionAppParts): PodcastApp {
  const subscribed = new Set<string>()
  const added = new Set<string>()
  const removed = new Set<string>()
  const places = new Map<string, { place: Place; at: number }>()
  let queue: Action[] = []
  let begun = false
  let since = { subscriptions: 0, episodes: 0 }
  let clock = 0

  /** Whole seconds, and never the same twice. */
  function time(): number {
    const turn = rhythm / 1000
    const seconds = Math.floor((now() + skew) / rhythm) * turn + remainder
    clock = Math.max(seconds, clock + turn)
    return clock
  }

  function follow(feed: string): boolean {
    if (subscribed.has(feed)) return false
    subscribed.add(feed)
    removed.delete(feed)
    added.add(feed)
    return true
  }

  function leave(feed: string): boolean {
    if (!subscribed.delete(feed)) return false
    added.delete(feed)
    removed.add(feed)
    return true
  }

  function play(episode: Episode, position: number): boolean {
    const at = time()
    // As gPodder, which takes no play that its clock says is before the one it shows.
    if (manners === 'desktop' && at <= (places.get(episode.enclosure)?.at ?? 0)) return false
    places.set(episode.enclosure, { place: position >= length ? 'played' : position, at })
    queue.push({ episode, action: 'play', at, position })
    return true
  }

  function edit(edit: Edit): boolean {
    const episode = 'episode' in edit ? (episodes[edit.episode] as Episode) : null
    switch (edit.what) {
      case 'subscribe':
        return follow(feeds[edit.feed] as string)
      case 'unsubscribe':
        return leave(feeds[edit.feed] as string)
      case 'play':
        return play(episode as Episode, edit.position)
      case 'finish':
        return play(episode as Episode, length)
      case 'unplay':
      case 'restart':
        return play(episode as Episode, 0)
      case 'download':
      case 'delete':
        queue.push({ episode: episode as Episode, action: edit.what, at: time() })
        return true
      case 'save':
      case 'unsave':
        return false
      default:
        return edit satisfies never
    }
  }

  async function syncSubscriptions(): Promise<void> {
    const told = await door.changes(since.subscriptions)
    for (const feed of told.add) if (!removed.has(feed)) subscribed.add(feed)
    for (const feed of told.remove) if (!added.has(feed)) subscribed.delete(feed)
    if (manners === 'desktop') since = { ...since, subscriptions: told.since }
    for (const feed of told.add) added.delete(feed)
    for (const feed of told.remove) removed.delete(feed)
    await line.pause()
    const sent = { add: [...added], remove: [...removed] }
    let next = told.since
    if (sent.add.length + sent.remove.length > 0) {
      next = await line.upload(() => door.change(sent.add, sent.remove))
      for (const feed of sent.add) added.delete(feed)
      for (const feed of sent.remove) removed.delete(feed)
    }
    since = { ...since, subscriptions: next }
  }

  /** Whether a play that came stands against what this app knows itself. */
  function stands(told: ToldPlay): boolean {
    if (manners === 'desktop') return told.at > (places.get(told.enclosure)?.at ?? 0)
    const newest = queue.findLast(({ action, episode }) => action === 'play' && episode.enclosure === told.enclosure)
    return !newest || newest.at <= told.at
  }

  async function syncEpisodes(): Promise<void> {
    const told = await door.actions(since.episodes)
    for (const each of told.plays) {
      const { enclosure, position, total, at } = each
      if (stands(each)) places.set(enclosure, { place: total > 0 && position >= total ? 'played' : position, at })
    }
    if (manners === 'desktop') since = { ...since, episodes: told.since }
    await line.pause()
    const sent = queue
    let next = told.since
    for (let from = 0; from < sent.length; from += batch) {
      const some = sent.slice(from, from + batch)
      next = await line.upload(() => door.act(some))
      if (manners === 'desktop') queue = queue.filter((action) => !some.includes(action))
    }
    queue = queue.filter((action) => !sent.includes(action))
    if (manners === 'phone') since = { ...since, episodes: next }
  }

  return {
    name,
    author,
    line,
    edit: async (what) => edit(what),
    async sync() {
      if (!begun) await door.begin()
      begun = true
      await syncSubscriptions()
      await syncEpisodes()
    },
    seen: () =>
      seenOf(
        subscribed,
        [...places].map(([enclosure, { place }]) => [enclosure, place]),
      ),
    close: () => {},
  }
}
