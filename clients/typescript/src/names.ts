/** `rss_source_feed`: what the API calls a podcast, base64url of its feed URL. */
export const feedName = (feedUrl: string): string => base64url(feedUrl)

/** `rss_source_item`: what the API calls an episode; without a guid its enclosure alone. */
export const itemName = (guid: string | null | undefined, enclosureUrl: string): string =>
  base64url(`${guid ?? ''},${enclosureUrl}`)

/** What a device calls an episode: `feed/item`, both as they stand on the wire. */
export const episodeKey = (feed: string, item: string): string => `${feed}/${item}`

/** The two names in an episode's key. */
export function episodeNames(key: string): { rss_source_feed: string; rss_source_item: string } {
  const slash = key.indexOf('/')
  return { rss_source_feed: key.slice(0, slash), rss_source_item: key.slice(slash + 1) }
}

/** The feed URL behind a name. */
export const feedUrl = (name: string): string => decoded(name)

/** Guid and enclosure behind a name: a guid may hold commas, an enclosure begins with `http`. */
export function itemParts(name: string): { guid: string; enclosureUrl: string } {
  const said = decoded(name)
  const at = Math.max(said.lastIndexOf(',http://'), said.lastIndexOf(',https://'))
  const comma = at >= 0 ? at : said.indexOf(',')
  return { guid: said.slice(0, Math.max(comma, 0)), enclosureUrl: said.slice(comma + 1) }
}

function base64url(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

function decoded(name: string): string {
  const binary = atob(name.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder().decode(Uint8Array.from(binary, (letter) => letter.charCodeAt(0)))
}
