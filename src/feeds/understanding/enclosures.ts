import type { AlternateEnclosure, Enclosure } from '../shapes.ts'
import type { Addresses } from './addresses.ts'
import { all, type Element, type Elements } from './elements.ts'
import { oneLine } from './html.ts'
import { readLanguage } from './languages.ts'
import { readCount, yesOrNo } from './words.ts'

const most = 50

const byExtension: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  m4b: 'audio/mp4',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  flac: 'audio/flac',
  wav: 'audio/wav',
  wma: 'audio/x-ms-wma',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mpg: 'video/mpeg',
  mpeg: 'video/mpeg',
  avi: 'video/x-msvideo',
  mkv: 'video/x-matroska',
  pdf: 'application/pdf',
  epub: 'application/epub+zip',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
}

/** The type a file's name tells, null where it tells none. */
function guessed(url: string): string | null {
  const extension = /\.([a-z0-9]{2,5})$/i.exec(URL.parse(url)?.pathname ?? '')?.[1]?.toLowerCase()
  return byExtension[extension ?? ''] ?? null
}

/** Types that say nothing, or say wrongly that a file is text. */
const meaningless =
  /^(?:application\/(?:octet-stream|force-download|x-download|unknown|binary)|binary\/|text\/|unknown)/

function typeOf(said: string | null, url: string): string | null {
  const type = said?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(type) && !meaningless.test(type)) return type
  return byExtension[type] ?? guessed(url) ?? (type.includes('/') ? type : null)
}

/** What a file is: by its type, else by its name. `application/ogg` is sound more often than not. */
export function mediaOf({ type, url }: Pick<Enclosure, 'type' | 'url'>): 'audio' | 'video' | null {
  for (const said of [type, guessed(url)]) {
    if (said !== null && /^(?:x-)?audio\/|^application\/ogg$/.test(said)) return 'audio'
    if (said !== null && /^(?:x-)?video\//.test(said)) return 'video'
  }
  return null
}

const enclosure = (url: string, type: string | null, length: string | null): Enclosure => ({
  url,
  type: typeOf(type, url),
  length: readCount(length),
})

interface Files {
  readonly enclosure: Enclosure | null
  readonly alternates: readonly AlternateEnclosure[]
}

/**
 * The files an item offers. The one to play is the first enclosure that is sound or film, else the first enclosure of
 * any kind, else the best of what only Media RSS or the podcast namespace names.
 */
export function filesOf(item: Elements, addresses: Addresses): Files {
  const enclosures = enclosuresOf(item, addresses)
  const others = [...alternatesOf(item, addresses), ...mediaContents(item, addresses)]
  const main =
    enclosures.find((file) => mediaOf(file) !== null) ??
    enclosures[0] ??
    others.find((other) => other.isDefault && mediaOf(other) !== null) ??
    others.find((file) => mediaOf(file) !== null)
  if (!main) return { enclosure: null, alternates: others.slice(0, most) }
  const seen = new Set([main.url])
  const alternates = [...enclosures, ...others].filter(({ url }) => !seen.has(url) && seen.add(url))
  return { enclosure: { url: main.url, type: main.type, length: main.length }, alternates: alternates.slice(0, most) }
}

const alone = { title: null, language: null, bitrate: null, height: null, isDefault: false }

function enclosuresOf(item: Elements, addresses: Addresses): readonly AlternateEnclosure[] {
  const inRss = all(item, 'rss:enclosure')
  const inAtom = all(item, 'atom:link', 'rss:link').filter(
    (link) => link.attribute('rel')?.toLowerCase() === 'enclosure',
  )
  return [...inRss, ...inAtom].flatMap((found) => {
    const url = addresses.of(found.attribute('url') ?? found.attribute('href'), found)
    if (url === null) return []
    const title = found.attribute('title')
    return {
      ...alone,
      ...enclosure(url, found.attribute('type'), found.attribute('length')),
      title: title === null ? null : oneLine(title),
    }
  })
}

/** `podcast:alternateEnclosure`: one for each of its sources on the web. */
function alternatesOf(item: Elements, addresses: Addresses): readonly AlternateEnclosure[] {
  return all(item, 'podcast:alternateenclosure').flatMap((alternate) =>
    all(alternate.inside, 'podcast:source').flatMap((source) => {
      // Sources in other networks (ipfs, BitTorrent) are nothing odd.
      const uri = source.attribute('uri')
      const url = /^[a-z][a-z0-9+.-]*:(?!\/\/)|^(?!https?:)[a-z]+:/i.test(uri ?? '') ? null : addresses.of(uri, source)
      if (url === null) return []
      const type = source.attribute('contenttype') ?? alternate.attribute('type')
      return { ...enclosure(url, type, alternate.attribute('length')), ...described(alternate, 1) }
    }),
  )
}

/** Media RSS, alone or in groups; pictures are no files to play. */
function mediaContents(item: Elements, addresses: Addresses): readonly AlternateEnclosure[] {
  const grouped = all(item, 'media:group').flatMap((group) => all(group.inside, 'media:content'))
  return [...all(item, 'media:content'), ...grouped].flatMap((content) => {
    const url = addresses.of(content.attribute('url'), content)
    if (url === null || isPicture(content)) return []
    const medium = content.attribute('medium')?.toLowerCase()
    const type = content.attribute('type') ?? (medium === 'audio' || medium === 'video' ? `${medium}/*` : null)
    const found = enclosure(url, type, content.attribute('filesize'))
    return mediaOf(found) === null ? [] : { ...found, ...described(content, 1000) }
  })
}

export const isPicture = (content: Element): boolean =>
  content.attribute('medium')?.toLowerCase() === 'image' || /^image\//i.test(content.attribute('type') ?? '')

/** @param bits how many bits per second the element's `bitrate` counts as one */
function described(element: Element, bits: number): Omit<AlternateEnclosure, keyof Enclosure> {
  const title = element.attribute('title')
  const bitrate = Number(element.attribute('bitrate') ?? 0)
  return {
    title: title === null ? null : oneLine(title),
    language: readLanguage(element.attribute('lang')),
    bitrate: bitrate > 0 && Number.isFinite(bitrate) ? Math.round(bitrate * bits) : null,
    height: readCount(element.attribute('height')),
    isDefault: yesOrNo(element.attribute('default') ?? element.attribute('isdefault')) === true,
  }
}
