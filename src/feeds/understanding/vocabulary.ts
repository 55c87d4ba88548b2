/**
 * How an element is read: `text` without markup, `html` with it, `empty` by its attributes alone, or by the elements
 * inside it.
 */
export type Reading = 'text' | 'html' | 'empty' | readonly string[]

const texts = [
  'rss:title rss:link rss:language rss:category rss:copyright rss:generator rss:pubdate rss:lastbuilddate rss:ttl',
  'rss:managingeditor rss:webmaster rss:author rss:guid',
  'atom:title atom:link atom:id atom:published atom:issued atom:updated atom:modified atom:rights atom:copyright',
  'atom:generator atom:icon atom:logo atom:category',
  'itunes:title itunes:author itunes:image itunes:explicit itunes:type itunes:new-feed-url itunes:complete',
  'itunes:block itunes:keywords itunes:duration itunes:season itunes:episode itunes:episodetype',
  'podcast:guid podcast:locked podcast:medium podcast:funding podcast:socialinteract podcast:person podcast:txt',
  'podcast:block podcast:image podcast:season podcast:episode podcast:chapters podcast:transcript podcast:soundbite',
  'dc:title dc:creator dc:date dc:language dc:subject dc:rights',
  'googleplay:author googleplay:owner googleplay:email googleplay:image googleplay:category googleplay:explicit',
  'googleplay:block',
  'media:keywords media:category',
  'sy:updateperiod sy:updatefrequency',
]

const htmls = [
  'rss:description content:encoded itunes:summary itunes:subtitle googleplay:description media:description',
  'dc:description atom:subtitle atom:tagline atom:summary atom:content',
]

const words = (lines: readonly string[]): string[] => lines.flatMap((line) => line.split(' '))

/**
 * The elements of a feed and of its items that are read here, by the names `namespaces.ts` gives them. The last two are
 * attributes of the channel or item itself.
 */
export const vocabulary: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ...words(texts).map((name) => [name, 'text'] as const),
  ...words(htmls).map((name) => [name, 'html'] as const),
  ['rss:enclosure', 'empty'],
  ['media:content', 'empty'],
  ['media:thumbnail', 'empty'],
  ['rss:image', ['rss:url']],
  ['rss:skiphours', ['rss:hour']],
  ['rss:skipdays', ['rss:day']],
  ['atom:author', ['atom:name', 'atom:email']],
  ['itunes:owner', ['itunes:name', 'itunes:email']],
  ['itunes:category', ['itunes:category']],
  ['media:group', ['media:content', 'media:thumbnail', 'media:description']],
  ['podcast:podroll', ['podcast:remoteitem']],
  ['podcast:alternateenclosure', ['podcast:source']],
  ['rdf:about', 'text'],
  ['xml:lang', 'text'],
])
