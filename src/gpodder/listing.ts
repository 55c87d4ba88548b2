import { type Answer, answer } from '../kernel/endpoint.ts'
import { inXml, writeXml } from '../podcast/opml.ts'
import type { DescribedPodcast } from './described.ts'
import { type Format, writeFeeds } from './formats.ts'

/** What is no URL: characters XML can't hold become blanks. */
const textInXml = (text: string): string => text.toWellFormed().replace(/[\p{Cc}\uFFFE\uFFFF]/gu, ' ')

/** Podcasts with what is known of them, in the formats of gpodder.net's directory. */
export function writeListing(format: Format, title: string, shown: readonly DescribedPodcast[]): Answer {
  switch (format) {
    case 'json':
      return answer(200, shown)
    case 'txt':
      return writeFeeds(
        'txt',
        shown.map(({ url }) => url),
      )
    case 'opml': {
      const outline = shown.map((podcast) => ({
        '@type': 'rss',
        '@text': textInXml(podcast.title),
        '@title': textInXml(podcast.title),
        '@description': textInXml(podcast.description),
        '@xmlUrl': inXml(podcast.url),
        ...(podcast.website !== '' && { '@htmlUrl': inXml(podcast.website) }),
      }))
      const opml = { '@version': '2.0', head: { title: textInXml(title) }, body: { outline } }
      return answer(200, writeXml({ opml }), { 'Content-Type': 'text/x-opml; charset=utf-8' })
    }
    case 'xml': {
      const podcast = shown.map((each) =>
        Object.fromEntries(Object.entries(each).map(([name, value]) => [name, textInXml(String(value))])),
      )
      return answer(200, writeXml({ podcasts: { podcast } }), { 'Content-Type': 'application/xml; charset=utf-8' })
    }
    default:
      return format satisfies never
  }
}
