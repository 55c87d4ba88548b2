import { XMLBuilder } from 'fast-xml-parser'
import { inXml } from '../podcast/opml.ts'
import { type GatewayUrls, playUrl } from './addresses.ts'
import type { Gathered, Gathering } from './gather.ts'
import type { List } from './lists.ts'

/** What an aggregated feed is written from. */
export interface Aggregated extends Gathering {
  readonly list: List
  readonly username: string
  /** The play token: each enclosure holds it. */
  readonly secret: string
  readonly urls: GatewayUrls
  /** Where this feed was fetched. */
  readonly self: string
}

const namespaces = {
  '@xmlns:itunes': 'http://www.itunes.com/dtds/podcast-1.0.dtd',
  '@xmlns:atom': 'http://www.w3.org/2005/Atom',
  '@xmlns:content': 'http://purl.org/rss/1.0/modules/content/',
  '@xmlns:podcast': 'https://podcastindex.org/namespace/1.0',
}

/** What feeds write without measure, and readers fetch every few minutes. */
const longest = { title: 500, plain: 4_000, html: 8_000, url: 4_000 }
const mostOfEach = 20
const mostLeftOut = 100

const builder = new XMLBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  commentPropName: '#comment',
  format: true,
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
})

/** Characters that XML 1.0 has no way to write. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unwritable = /[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]/g

const text = (said: string, most: number = longest.title): string => {
  const whole = said.toWellFormed().replace(unwritable, '').trim()
  return whole.length <= most
    ? whole
    : `${whole
        .slice(0, most - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, '')}…`
}

/** A URL as XML can hold it; undefined where there is none, or one that is longer than any real one. */
const url = (said: string | null): string | undefined =>
  said === null || said.length > longest.url ? undefined : inXml(said)

/** An element that is written when it says something. */
const some = <T>(name: string, value: T | null | undefined | ''): Record<string, T> =>
  value === null || value === undefined || value === '' ? {} : { [name]: value }

const all = <T>(name: string, values: readonly T[], write: (value: T) => object | null) =>
  some(name, values.length === 0 ? null : values.slice(0, mostOfEach).flatMap((value) => write(value) ?? []))

/** An item of the podcast namespace that is worth nothing without its address. */
function remote(address: string | null, more: object): object | null {
  const at = url(address)
  return at === undefined ? null : { '@url': at, ...more }
}

const yes = (is: boolean | null): string => (is ? 'true' : 'false')

function podcastingOf({ details, season, number }: Gathered['episode']): object {
  const { chapters, transcripts, persons, soundbites, seasonName, numberName } = details
  return {
    ...some('podcast:season', season === null ? null : { ...some('@name', text(seasonName ?? '')), '#text': season }),
    ...some(
      'podcast:episode',
      number === null ? null : { ...some('@display', text(numberName ?? '')), '#text': number },
    ),
    ...some(
      'podcast:chapters',
      chapters && remote(chapters.url, { '@type': text(chapters.type ?? 'application/json+chapters') }),
    ),
    ...all('podcast:transcript', transcripts, ({ url: at, type, language, rel }) =>
      remote(at, {
        '@type': text(type ?? 'text/plain'),
        ...some('@language', text(language ?? '')),
        ...some('@rel', text(rel ?? '')),
      }),
    ),
    ...all('podcast:person', persons, ({ name, role, group, imageUrl, link }) => ({
      '@role': text(role),
      '@group': text(group),
      ...some('@img', url(imageUrl)),
      ...some('@href', url(link)),
      '#text': text(name),
    })),
    ...all('podcast:soundbite', soundbites, ({ start, duration, title }) => ({
      '@startTime': start,
      '@duration': duration,
      ...some('#text', text(title ?? '')),
    })),
  }
}

function itemOf({ episode, feed, name, podcast }: Gathered, { secret, urls }: Aggregated): object {
  const { details } = episode
  const file = details.enclosure ?? details.alternates[0]
  const show = text(feed.title ?? feed.host)
  const title = text(episode.title ?? '')
  const html = details.descriptionHtml ?? ''
  // Readers are services of somebody else's too; the enclosure has to name a private feed, this need not.
  const isOpen = podcast.fetched && podcast.privateReason === null
  return {
    title: title === '' ? show : `${show} - ${title}`,
    ...some('itunes:title', title),
    ...some('link', url(details.link)),
    guid: { '@isPermaLink': 'false', '#text': episode.episode },
    ...some('pubDate', episode.publishedAt?.toUTCString()),
    ...some('description', text(episode.description ?? '', longest.plain)),
    ...some('content:encoded', html.length > longest.html ? '' : text(html, longest.html)),
    enclosure: {
      '@url': playUrl(urls, secret, podcast.feedUrl, name),
      '@length': file?.length ?? 0,
      '@type': text(file?.type ?? 'audio/mpeg'),
    },
    ...some('itunes:author', text(details.author ?? feed.author ?? '')),
    ...some('itunes:duration', episode.duration),
    ...some('itunes:image', href(episode.imageUrl ?? feed.imageUrl)),
    'itunes:explicit': yes(details.explicit ?? feed.explicit),
    ...some('itunes:season', episode.season),
    ...some('itunes:episode', episode.number === null ? null : Math.floor(episode.number)),
    ...some('itunes:episodeType', details.type),
    ...podcastingOf(episode),
    ...(isOpen && some('source', remote(podcast.feedUrl, { '#text': show }))),
  }
}

function href(address: string | null): object | null {
  const at = url(address)
  return at === undefined ? null : { '@href': at }
}

/** Says which podcasts are missing; the builder keeps what titles hold from ending the comment. */
function missing(leftOut: readonly string[]): object {
  if (leftOut.length === 0) return {}
  const more = leftOut.length - mostLeftOut
  const told = leftOut.slice(0, mostLeftOut).map((words) => text(words).replace(/\s+/g, ' '))
  return { '#comment': ` Left out: ${told.join('; ')}${more > 0 ? `; and ${more} more` : ''} ` }
}

/**
 * An RSS 2.0 feed of a list, with the tags of iTunes and of the podcast namespace, its enclosures leading through the
 * gateway. The same list gives the same bytes.
 */
export function writeRss(aggregated: Aggregated): string {
  const { list, username, urls, self, items, leftOut } = aggregated
  return builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    rss: {
      '@version': '2.0',
      ...namespaces,
      channel: {
        ...missing(leftOut),
        title: text(list.title),
        link: urls.site,
        description: text(list.description, longest.plain),
        'atom:link': { '@href': self, '@rel': 'self', '@type': 'application/rss+xml' },
        generator: 'Balados Sync',
        'itunes:author': text(username),
        'itunes:type': 'episodic',
        'itunes:explicit': yes(items.some(({ episode, feed }) => episode.details.explicit ?? feed.explicit)),
        // One listener's own: it belongs in nobody's directory.
        'itunes:block': 'Yes',
        'podcast:block': 'yes',
        'podcast:locked': 'yes',
        'podcast:guid': list.guid,
        ...some('item', items.length === 0 ? null : items.map((item) => itemOf(item, aggregated))),
      },
    },
  })
}
