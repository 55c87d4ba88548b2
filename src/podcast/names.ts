import { z } from 'zod'

/**
 * The names podcasts and episodes go by on the wire (contract: identifiers). A feed is base64url of its URL, an
 * episode base64url of `guid,enclosure URL`. Any base64 is accepted, the url-safe unpadded form is answered.
 */
export interface EpisodeName {
  readonly guid: string
  readonly enclosure: string
}

const longestName = 8192
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text behind any alphabet of base64, or null when it is not base64 of text. */
function decode(encoded: string): string | null {
  if (encoded.length > longestName || !base64.test(encoded)) return null
  // A group of four digits is three bytes; one digit left over is less than a byte, and Node would skip it.
  if (encoded.replace(/=+$/, '').length % 4 === 1) return null
  try {
    const text = utf8.decode(Buffer.from(encoded, 'base64'))
    return text.includes('\0') ? null : text
  } catch {
    return null
  }
}

const encode = (text: string): string => Buffer.from(text, 'utf8').toString('base64url')

/**
 * The feed URL as the app wrote it, without surrounding blanks and with a readable scheme; null when it is no web
 * address.
 */
export function decodeFeed(encoded: string): string | null {
  const text = decode(encoded)
  return text === null ? null : readFeedUrl(text)
}

/** The same for a feed URL that was sent as it is; null also where its name would be too long for a path. */
export function readFeedUrl(text: string): string | null {
  const url = unescapeScheme(text.trim())
  return isFeedUrl(url) && encode(url).length <= longestName ? url : null
}

export const encodeFeed = (feedUrl: string): string => encode(feedUrl)

/** Schemes under which podcast apps pass feed URLs around. */
const feedScheme = /^(?:https?|feed|itpc|pcast|podcast):/i

function isFeedUrl(url: string): boolean {
  return feedScheme.test(url) && URL.canParse(url) && (parse(url)?.hostname ?? '') !== ''
}

/**
 * Splits at the last comma that is followed by `http://` or `https://`, else at the first: guids contain commas
 * (`tag:host,2005:…`), and so do URLs. Null when there is no comma or neither half says anything.
 */
export function decodeItem(encoded: string): EpisodeName | null {
  const text = decode(encoded)
  if (text === null) return null
  const at = Math.max(text.lastIndexOf(',http://'), text.lastIndexOf(',https://'))
  const comma = at >= 0 ? at : text.indexOf(',')
  if (comma < 0) return null
  const name = { guid: text.slice(0, comma).trim(), enclosure: text.slice(comma + 1).trim() }
  return name.guid === '' && name.enclosure === '' ? null : name
}

export const encodeItem = (name: EpisodeName): string => encode(`${name.guid},${name.enclosure}`)

const parse = (url: string): URL | null =>
  URL.parse(
    url
      .replace(/^(?:feed|itpc|pcast|podcast):(?:\/\/)?(?=https?:)/i, '')
      .replace(/^(?:feed|itpc|pcast|podcast):/i, 'http:'),
  )

/** Where a feed is fetched: its URL with a scheme of the web, `http` for those that podcast apps made up. */
export const webAddress = (feedUrl: string): URL | null => parse(unescapeScheme(feedUrl))

/** The host a feed is at: what a person is told of a podcast while its title is not known. */
export const hostOf = (feedUrl: string): string => parse(unescapeUrl(feedUrl))?.host ?? ''

/** Undoes `%3A` in the scheme and double percent-encoding, which some clients send. */
function unescapeUrl(url: string): string {
  return unescapeScheme(url).replace(/%25([0-9a-f]{2})/gi, '%$1')
}

function unescapeScheme(url: string): string {
  return url.replace(/^(https?)%3a/i, '$1:').replace(/^(https?:)%2f%2f/i, '$1//')
}

/**
 * What two spellings of one feed URL share: no scheme, host in lower case, no default port, no fragment, no trailing
 * slash. User info and query stay, since they tell private feeds apart.
 */
export function canonicalFeed(feedUrl: string): string {
  const url = parse(unescapeUrl(feedUrl))
  if (!url) return feedUrl
  const user = url.username || url.password ? `${url.username}:${url.password}@` : ''
  return `${user}${url.host.replace(/:(?:80|443)$/, '')}${url.pathname.replace(/\/+$/, '')}${url.search}`
}

const mediaFile = /\.(?:mp3|m4a|m4b|mp4|m4v|aac|ogg|oga|opus|flac|wav|webm|mov|mpg|mpeg)$/i

/** The forms in which enclosure URLs are compared. */
export interface EnclosureForms {
  /** What two spellings of one share: no scheme, no fragment, host in lower case. The query stays. */
  readonly full: string
  /**
   * The same without the query of a media file, which is mostly tracking and changes. Behind any other path
   * (`get.php?id=7`) the query tells episodes apart, and so it does where it holds the address of the file itself
   * (`redirect.mp3?http://host/7.mp3`): there it stays.
   */
  readonly bare: string
}

export function enclosureForms(enclosure: string): EnclosureForms {
  const url = URL.parse(unescapeUrl(enclosure))
  if (!url?.hostname) return { full: enclosure, bare: enclosure }
  const path = `${url.host}${url.pathname}`
  const full = `${path}${url.search}`
  const holdsAddress = /:\/\/|%3a%2f%2f|\.(?:mp3|m4a|m4b|mp4|aac|ogg|opus)\b/i.test(url.search)
  return { full, bare: mediaFile.test(url.pathname) && !holdsAddress ? path : full }
}

const feedExample = { examples: ['aHR0cHM6Ly9mZWVkcy5leGFtcGxlL2EucnNz'] }
const itemExample = { examples: ['Z3VpZC0xLGh0dHBzOi8vbWVkaWEuZXhhbXBsZS8xLm1wMw'] }

/** The same names as answers have them. */
export const feedOut = z.string().meta(feedExample)
export const itemOut = z.string().meta(itemExample)

const base64Text = z.string().max(longestName).regex(base64, 'is not base64')

/** base64url(feed URL), as it stands in paths, queries and bodies. */
export const feedName = base64Text
  .meta({
    description: 'base64url of the feed URL, unpadded; other base64 alphabets are understood too.',
    ...feedExample,
  })
  .transform((encoded, ctx) => {
    const url = decodeFeed(encoded)
    if (url !== null) return url
    ctx.addIssue({ code: 'custom', message: 'is not base64url of a feed URL' })
    return z.NEVER
  })

/** base64url(`guid,enclosure URL`). */
export const itemName = base64Text
  .meta({
    description: 'base64url of `guid,enclosure URL`, unpadded.',
    ...itemExample,
  })
  .transform((encoded, ctx) => {
    const name = decodeItem(encoded)
    if (name !== null) return name
    ctx.addIssue({ code: 'custom', message: 'is not base64url of "guid,enclosure URL"' })
    return z.NEVER
  })
