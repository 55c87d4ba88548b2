import { setTimeout as sleep } from 'node:timers/promises'
import { parseRssFeed, type RssFeed } from 'feedsmith'
import { isRefusal } from '../../src/kernel/refusal.ts'
import { type App, feedId, type ServerOptions, startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

/** An episode as a test's feed lists it. */
export interface Written {
  readonly guid: string
  /** Days before the newest. */
  readonly age?: number
  readonly title?: string
  readonly enclosure?: string
  /** Within the item. */
  readonly extra?: string
}

export const newest = Date.UTC(2026, 9, 1, 6)

/** A feed as its publisher writes it. */
export function written(title: string, episodes: readonly Written[], extra = ''): string {
  const items = episodes.map((episode) => {
    const { guid, age = 0, title: called = `Episode ${guid}`, extra: more = '' } = episode
    const { enclosure = `https://media.example/${guid}.mp3` } = episode
    return `<item><title>${called}</title><guid isPermaLink="false">${guid}</guid>
<pubDate>${new Date(newest - age * 86_400_000).toUTCString()}</pubDate>
<enclosure url="${enclosure}" type="audio/mpeg" length="12345"/>${more}</item>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>${title}</title><link>https://show.example/</link><description>About</description>${extra}
${items.join('\n')}
</channel></rss>`
}

/** A listener with an app and a play token for RSS. */
export interface Reader {
  readonly app: App
  readonly username: string
  readonly secret: string
}

export interface GatewayWorld {
  readonly server: TestServer
  readonly origin: Origin
  /** Where a feed of this name is. */
  feedUrl(name: string): string
  reader(): Promise<Reader>
  /** Publishes a feed; what is no text is the status it is answered with. */
  publish(name: string, feed: string | number): void
  /** Lets a listener follow a feed, and waits until it was looked at. */
  follow(reader: Reader, url: string): Promise<void>
  get(path: string, init?: RequestInit): Promise<Response>
  /** One of a reader's feeds, as a parser that is not ours reads it. */
  read(reader: Reader, list: string): Promise<RssFeed.Feed<string>>
  play(reader: Reader, feed: string, item: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

export async function gatewayWorld(options: ServerOptions = {}): Promise<GatewayWorld> {
  const server = await startServer(options)
  const feeds = new Map<string, string | number>()
  const origin = await startOrigin((request, response) => {
    const feed = feeds.get(request.url?.slice(1) ?? '') ?? 404
    if (typeof feed === 'number') response.writeHead(feed).end()
    else response.setHeader('content-type', 'application/rss+xml').end(feed)
  })
  const get = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, server.url), { redirect: 'manual', ...init })

  async function checked(url: string): Promise<void> {
    const podcast = await server.instance.catalog.knownPodcast(url)
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20)) {
      const { rows } = await server.fresh.stores.cache.pool.query(
        'select from cache.feeds where podcast_id = $1 and checked_at is not null',
        [podcast],
      )
      if (rows.length > 0) return
    }
    throw new Error('nobody looks at that feed')
  }

  return {
    server,
    origin,
    get,
    feedUrl: (name) => `${origin.url}/${name}`,
    publish: (name, feed) => void feeds.set(name, feed),
    async reader() {
      const user = await server.addUser()
      const made = await server.instance.accounts.credentials.make(user.id, 'feeds', 'Reader')
      if (isRefusal(made)) throw new Error(made.message)
      return { app: await server.allow(user), username: user.username, secret: made.secret }
    },
    async follow({ app }, url) {
      const { status } = await app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
      if (status !== 200) throw new Error(`not followed: ${status}`)
      await checked(url)
    },
    async read({ secret }, list) {
      const answer = await get(`/rss/${secret}/${list}`)
      const text = await answer.text()
      if (answer.status !== 200) throw new Error(`${answer.status} ${text}`)
      return parseRssFeed(text)
    },
    play: ({ secret }, feed, item, init) => get(`/play/${secret}/${feed}/${item}`, init),
    async close() {
      await server.close()
      await origin.close()
    },
  }
}
