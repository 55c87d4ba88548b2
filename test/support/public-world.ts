import { randomUUID } from 'node:crypto'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { EpisodeId, PodcastId, UserId } from '../../src/kernel/brand.ts'
import { success } from '../../src/kernel/endpoint.ts'
import { play } from '../../src/plays/decider.ts'
import { everything } from '../../src/podcast/seen.ts'
import { type FreshStores, freshStores } from './database.ts'
import { feedId, itemId } from './instance.ts'
import { type Doors, openDoors, type Said } from './journal-doors.ts'

export interface Listener {
  readonly id: UserId
  readonly handle: string
}

export interface Heard {
  readonly position: number
  readonly played?: boolean
  readonly duration?: number | null
  /** Where this stretch of listening began. */
  readonly started?: number | null
}

/** Some podcasts with their episodes, listeners with accounts, and what everybody may see of them. */
export interface PublicWorld {
  readonly fresh: FreshStores
  readonly doors: Doors
  readonly feeds: readonly string[]
  readonly podcasts: readonly PodcastId[]
  /** Of each podcast. */
  readonly items: readonly (readonly string[])[]
  readonly episodes: readonly (readonly EpisodeId[])[]
  listener(): Promise<Listener>
  subscribe(who: Listener, podcast: number, now?: number): Promise<void>
  unsubscribe(who: Listener, podcast: number, now?: number): Promise<void>
  hear(who: Listener, podcast: number, episode: number, heard: Heard, now?: number): Promise<void>
  /** `save`, `share`: done, or taken back. */
  mark(
    who: Listener,
    what: 'save' | 'share',
    podcast: number,
    episode: number,
    on: boolean,
    said?: Marked,
  ): Promise<void>
  choose(who: Listener, level: string, podcast?: number, episode?: number, now?: number): Promise<void>
  /** Sets what the catalog knows of a podcast, and tells of it unless `quietly`. */
  secrecy(podcast: number, fetched: boolean, reason?: string | null, quietly?: boolean): Promise<void>
  /** Lets the followers catch up. */
  follow(): Promise<void>
  /** As if the process had been started anew. */
  restart(): void
  get(path: string, query?: Record<string, string>, params?: Record<string, string>): Promise<Said>
  close(): Promise<void>
}

interface Marked {
  readonly comment?: string
  readonly now?: number
}

const perPodcast = 3

export async function publicWorld(
  layout: 'one' | 'three' = 'one',
  { podcasts: count = 3, clock = Date.now }: { podcasts?: number; clock?: () => number } = {},
): Promise<PublicWorld> {
  const fresh = await freshStores(layout)
  const world = randomUUID().slice(0, 8)
  let doors = openDoors(fresh.stores, [], clock)
  const urls = Array.from({ length: count }, (_, n) => `https://feeds.example/${world}/${n}.xml`)
  const names = urls.map((_, p) =>
    Array.from({ length: perPodcast }, (_, e) => ({
      guid: `${world}-${p}-${e}`,
      enclosure: `https://media.example/${world}/${p}/${e}.mp3`,
    })),
  )
  const { catalog } = doors.instance
  const ids = await catalog.podcasts(urls)
  const podcasts = urls.map((url) => ids.get(url) as PodcastId)
  const episodes: (readonly EpisodeId[])[] = []
  for (const [p, podcast] of podcasts.entries())
    episodes.push(await catalog.episodes((names[p] ?? []).map((name) => ({ ...name, podcast }))))
  await fresh.stores.system.pool.query('update system.podcasts set fetched_at = now()')

  const feeds = urls.map(feedId)
  const items = names.map((each) => each.map(({ guid, enclosure }) => itemId(guid, enclosure)))
  const item = (p: number, e: number) => items[p]?.[e] ?? ''
  const feed = (p: number) => feeds[p] ?? ''
  const done = async (said: Promise<Said>) => {
    const { status, body } = await said
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`)
  }

  return {
    fresh,
    get doors() {
      return doors
    },
    feeds,
    podcasts,
    items,
    episodes,
    async listener() {
      const id = randomUUID() as UserId
      const handle = `l_${id.slice(0, 8)}`
      await fresh.stores.system.pool.query(
        `insert into system.users (id, username, password_hash, created_at) values ($1, $2, 'none', now())`,
        [id, handle],
      )
      return { id, handle }
    },
    subscribe: ({ id: user }, p, now = clock()) =>
      done(doors.call('post', '/subscriptions', { user, now, body: { rss_source_feed: feed(p) } })),
    unsubscribe: ({ id: user }, p, now = clock()) =>
      done(doors.call('delete', '/subscriptions/{feed}', { user, now, params: { feed: feed(p) } })),
    async hear({ id: user }, p, e, { position, played = false, duration = null, started = null }, now = clock()) {
      const { journal } = doors.instance
      const podcast = podcasts[p] as PodcastId
      const episode = episodes[p]?.[e] as EpisodeId
      const origin = { user, author: { app: 'test.app', device: null }, now, request: null }
      await journal.commit(origin, async (unit) => {
        await unit.load(play, [episode])
        const said = { position, played, duration, started, reset: false, at: now, sentAt: now, seen: everything }
        unit.decide(play, episode, { podcast, ...said })
        return success
      })
    },
    mark: ({ id: user }, what, p, e, on, { comment, now = clock() } = {}) =>
      done(
        doors.call(on ? 'post' : 'delete', `/episodes/{item}/${what}`, {
          ...{ user, now, params: { item: item(p, e) }, query: { feed: feed(p) } },
          ...(comment === undefined ? {} : { body: { comment } }),
        }),
      ),
    choose: ({ id: user }, privacy, p, e, now = clock()) =>
      done(
        doors.call('put', '/privacy', {
          user,
          now,
          body: {
            privacy,
            ...(p === undefined ? {} : { feed: feed(p) }),
            ...(p === undefined || e === undefined ? {} : { item: item(p, e) }),
          },
        }),
      ),
    async secrecy(p, fetched, reason = null, quietly = false) {
      const podcast = podcasts[p] as PodcastId
      await fresh.stores.system.pool.query(
        'update system.podcasts set fetched_at = case when $2 then now() end, private_reason = $3 where id = $1',
        [podcast, fetched, reason],
      )
      if (!quietly) await doors.instance.publicity.secrecyChanged(podcast)
    },
    async follow() {
      await sequenceArrivals(fresh.stores.events)
      await doors.instance.following.advance()
      for (const { name, stopped } of await doors.instance.following.states())
        if (stopped) throw new Error(`${name} stopped: ${stopped.reason}`)
    },
    restart() {
      doors = openDoors(fresh.stores, [], clock)
    },
    get: (path, query = {}, params = {}) => doors.call('get', `/public${path}`, { user: '' as UserId, query, params }),
    close: () => fresh.close(),
  }
}
