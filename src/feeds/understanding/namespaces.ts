/** Namespaces by their names without scheme and trailing signs, in lower case, and what they are called here. */
const known = new Map<string, string>([
  ['purl.org/rss/1.0', 'rss'],
  ['my.netscape.com/rdf/simple/0.9', 'rss'],
  ['channel.netscape.com/rdf/simple/0.9', 'rss'],
  ['backend.userland.com/rss', 'rss'],
  ['backend.userland.com/rss2', 'rss'],
  ['blogs.law.harvard.edu/tech/rss', 'rss'],
  ['cyber.law.harvard.edu/rss/rss.html', 'rss'],
  ['www.rssboard.org/rss-specification', 'rss'],
  ['www.w3.org/2005/atom', 'atom'],
  ['purl.org/atom/ns', 'atom'],
  ['www.w3.org/1999/02/22-rdf-syntax-ns', 'rdf'],
  ['www.itunes.com/dtds/podcast-1.0.dtd', 'itunes'],
  ['itunes.com/dtds/podcast-1.0.dtd', 'itunes'],
  ['podcastindex.org/namespace/1.0', 'podcast'],
  ['github.com/podcastindex-org/podcast-namespace/blob/main/docs/1.0.md', 'podcast'],
  ['purl.org/rss/1.0/modules/content', 'content'],
  ['purl.org/dc/elements/1.1', 'dc'],
  ['purl.org/dc/elements/1.0', 'dc'],
  ['search.yahoo.com/mrss', 'media'],
  ['tools.search.yahoo.com/mrss', 'media'],
  ['www.rssboard.org/media-rss', 'media'],
  ['www.google.com/schemas/play-podcasts/1.0', 'googleplay'],
  ['www.google.com/schemas/play-podcasts/1.0/play-podcasts.xsd', 'googleplay'],
  ['purl.org/rss/1.0/modules/syndication', 'sy'],
  ['www.w3.org/1999/xhtml', 'xhtml'],
])

/** What a prefix means where nothing, or nothing known, was said about it. */
const usual = new Map<string, string>([
  ['rss', 'rss'],
  ['atom', 'atom'],
  ['atom10', 'atom'],
  ['a10', 'atom'],
  ['rdf', 'rdf'],
  ['itunes', 'itunes'],
  ['podcast', 'podcast'],
  ['content', 'content'],
  ['dc', 'dc'],
  ['media', 'media'],
  ['googleplay', 'googleplay'],
  ['sy', 'sy'],
  ['xhtml', 'xhtml'],
])

/** What was looked up before, in whatever writing; emptied when a document makes up more than any real one has. */
const lookedUp = new Map<string, string | undefined>()

function called(uri: string): string | undefined {
  if (lookedUp.has(uri)) return lookedUp.get(uri)
  const plain = uri
    .slice(0, 200)
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/[/#]+$/, '')
  if (lookedUp.size >= 200) lookedUp.clear()
  lookedUp.set(uri, known.get(plain))
  return known.get(plain)
}

/** The declarations in force: prefix (empty for the default one) to URI. */
export type Scope = ReadonlyMap<string, string>

/** The scope inside an element with these attributes. */
export function scopeInside(scope: Scope, attributes: Readonly<Record<string, string>>): Scope {
  let inside: Map<string, string> | undefined
  for (const name in attributes) {
    if (!name.startsWith('xmlns')) continue
    if (name !== 'xmlns' && name[5] !== ':') continue
    inside ??= new Map(scope)
    inside.set(name.slice(6).toLowerCase(), attributes[name] ?? '')
  }
  return inside ?? scope
}

/** The scope without a default namespace that is none of RSS: some write `<rss xmlns="http://www.w3.org/2005/Atom">`. */
export function scopeOfRss(scope: Scope): Scope {
  const uri = scope.get('')
  if (uri === undefined || called(uri) === 'rss') return scope
  const inside = new Map(scope)
  inside.delete('')
  return inside
}

/**
 * An element's name with the prefix this server gives its namespace, in lower case: `itunes:duration` for
 * `<i:Duration xmlns:i="http://www.itunes.com/DTDs/Podcast-1.0.dtd">`. Null for a namespace nobody knows here.
 *
 * @param family what a name without a prefix belongs to where no namespace was declared
 * @param odd hears of a prefix that is understood although it was declared wrongly or not at all
 */
export function nameIn(scope: Scope, name: string, family: string, odd: (prefix: string) => void): string | null {
  const colon = name.indexOf(':')
  const prefix = colon < 0 ? '' : name.slice(0, colon).toLowerCase()
  const local = name.slice(colon + 1).toLowerCase()
  const uri = scope.get(prefix)
  if (prefix === '') return `${(uri ? called(uri) : undefined) ?? family}:${local}`
  const byUri = uri === undefined ? undefined : called(uri)
  if (byUri !== undefined) return `${byUri}:${local}`
  const byPrefix = usual.get(prefix)
  if (byPrefix === undefined) return null
  odd(prefix)
  return `${byPrefix}:${local}`
}
