import { feedId, itemId } from '../support/instance.ts'

/**
 * Podcasts and episodes that requests speak of. No two episodes share a guid or an enclosure, except where they are
 * meant to be the same name, so that what a request says tells which episode it means.
 */
export interface Episode {
  readonly feed: string
  readonly item: string
}

const feedUrls = [
  'https://feeds.example/a.xml',
  'http://feeds.example/b.rss?lang=fr&x=1',
  'https://feeds.example/ünïcode/🎧.xml',
  'https://listener:secret@paid.example/feed',
  'feed://feeds.example/c.xml',
  'https://feeds.example:8443/d/?token=abcdef123456',
  'HTTPS://Feeds.Example/E.xml',
]

/** Names that come under two feeds: without `?feed=` nobody knows which is meant. */
const shared = [itemId('shared-guid', 'https://media.example/shared.mp3')]

const ownItems = (n: number): string[] => [
  itemId(`guid-${n}`, `https://media.example/${n}/1.mp3`),
  itemId(`tag:feeds.example,2005:${n},x`, `https://media.example/${n}/2.mp3?sig=a,b`),
  itemId(`no-enclosure-${n}`, ''),
  itemId('', `https://media.example/${n}/guidless.php?id=7`),
  itemId(`🎙️ ${n}`, `not a url ${n}`),
]

export const feeds: readonly string[] = feedUrls.map(feedId)

export const episodes: readonly Episode[] = feedUrls.flatMap((url, n) =>
  [...ownItems(n), ...(n < 2 ? shared : [])].map((item) => ({ feed: feedId(url), item })),
)

/** Feeds and episodes nobody has named before. */
export const unknownFeeds: readonly string[] = [1, 2, 3].map((n) => feedId(`https://nobody.example/${n}.xml`))
export const unknownItems: readonly string[] = [1, 2, 3].map((n) =>
  itemId(`nobody-${n}`, `https://nobody.example/${n}.mp3`),
)

/** The other ways to write the same base64. */
export const spellings = (name: string): readonly string[] => {
  const standard = name.replaceAll('-', '+').replaceAll('_', '/')
  const padding = '='.repeat((4 - (name.length % 4)) % 4)
  return [name, standard, name + padding, standard + padding]
}

/** One spelling for all of them. */
export const plain = (name: string): string => name.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
