import type { ParsedEpisode } from '../shapes.ts'
import { type Addresses, addressesIn } from './addresses.ts'
import { categoriesOf } from './categories.ts'
import { readDate } from './dates.ts'
import { readDuration } from './durations.ts'
import { all, type Elements, firstText } from './elements.ts'
import { filesOf, isPicture, mediaOf } from './enclosures.ts'
import { oneLine } from './html.ts'
import type { NoteTaker } from './notes.ts'
import { coverOf, personsOf, socialOf, soundbitesOf, transcriptsOf } from './podcasting.ts'
import { textOf, titleOf } from './texts.ts'
import { keywordsOf, mailbox, readNumber, saysYes, yesOrNo } from './words.ts'

const longestGuid = 4096

/**
 * What an item says. Null for one that can't be told from another: without a guid, a file, a link and a title.
 *
 * @param base the feed's address
 * @param where `item 3`, for the notes
 */
export function readEpisode(item: Elements, base: string, notes: NoteTaker, where: string): ParsedEpisode | null {
  const addresses = addressesIn(base, notes, where)
  const guid = guidOf(item, notes, where)
  const { enclosure, alternates } = filesOf(item, addresses)
  const link = linkOf(item, addresses)
  const title = titleOf(item, 'rss:title', 'atom:title', 'dc:title', 'itunes:title')
  if (guid === null && enclosure === null && link === null) {
    notes.note(title === null ? 'an item says nothing and is left out' : 'an item has only a title', where)
    if (title === null) return null
  }
  if (guid === null) notes.note('an item has no guid', where)
  if (enclosure === null) notes.note('an item has no file to play', where)

  const season = all(item, 'podcast:season')[0]
  const number = all(item, 'podcast:episode')[0]
  const chapters = all(item, 'podcast:chapters')[0]
  const chaptersUrl = chapters ? addresses.of(chapters.attribute('url'), chapters) : null
  return {
    guid,
    link,
    title,
    description: textOf(item, base, ...descriptions),
    author: authorOf(item),
    publishedAt: publishedAt(item, notes, where),
    enclosure,
    alternates,
    media: enclosure === null ? null : mediaOf(enclosure),
    duration: durationOf(item, notes, where),
    season: readNumber(season?.text || firstText(item, 'itunes:season')),
    seasonName: word(season?.attribute('name')),
    number: readNumber(number?.text || firstText(item, 'itunes:episode')),
    numberName: word(number?.attribute('display')),
    type: typeOf(firstText(item, 'itunes:episodetype')),
    explicit: yesOrNo(firstText(item, 'itunes:explicit', 'googleplay:explicit')),
    blocked: saysYes(item, 'itunes:block', 'googleplay:block'),
    imageUrl: imageOf(item, addresses),
    categories: categoriesOf(item),
    keywords: keywordsOf(all(item, 'itunes:keywords', 'media:keywords').map(({ text }) => text)),
    chapters:
      chaptersUrl === null ? null : { url: chaptersUrl, type: chapters?.attribute('type')?.toLowerCase() ?? null },
    transcripts: transcriptsOf(item, addresses),
    persons: personsOf(item, addresses),
    soundbites: soundbitesOf(item),
    social: socialOf(item, addresses),
  }
}

const descriptions = [
  'content:encoded',
  'atom:content',
  'rss:description',
  'itunes:summary',
  'atom:summary',
  'googleplay:description',
  'media:description',
  'dc:description',
  'itunes:subtitle',
]

const word = (text: string | null | undefined): string | null => (text ? oneLine(text) : '') || null

function guidOf(item: Elements, notes: NoteTaker, where: string): string | null {
  const guid = firstText(item, 'rss:guid', 'atom:id', 'rdf:about')
  if (guid === null || guid.length <= longestGuid) return guid
  notes.note(`a guid is longer than ${longestGuid} characters and left out`, where)
  return null
}

/** RSS has the address as text, Atom in an attribute, beside links to other things. */
export function linkOf(elements: Elements, addresses: Addresses): string | null {
  for (const link of all(elements, 'rss:link')) {
    const url = link.text === '' ? null : addresses.of(link.text, link)
    if (url !== null) return url
  }
  const links = all(elements, 'atom:link').filter((link) => /^(?:alternate)?$/i.test(link.attribute('rel') ?? ''))
  const page = links.find((link) => /^(?:text\/html|application\/xhtml\+xml)/i.test(link.attribute('type') ?? ''))
  const chosen = page ?? links[0]
  return chosen ? addresses.of(chosen.attribute('href') ?? chosen.text, chosen) : null
}

/** A name, never an e-mail address: what stands here is shown. */
export function authorOf(elements: Elements): string | null {
  const inAtom = all(elements, 'atom:author').map((author) => firstText(author.inside, 'atom:name') ?? author.text)
  const said = ['itunes:author', 'googleplay:author', 'dc:creator', 'rss:author', 'rss:managingeditor']
  const written = said.flatMap((name) => all(elements, name)).map(({ text }) => text)
  for (const text of [...written, ...inAtom]) {
    const { name } = mailbox(text)
    if (name !== null) return name
  }
  return null
}

const dates = ['rss:pubdate', 'atom:published', 'atom:issued', 'dc:date', 'atom:updated', 'atom:modified']

function publishedAt(item: Elements, notes: NoteTaker, where: string): number | null {
  const written = dates.flatMap((name) => all(item, name)).map(({ text }) => text)
  for (const text of written) {
    const date = readDate(text)
    if (date !== null) return date
  }
  notes.note(written.some((text) => text !== '') ? 'a date can’t be read' : 'an item has no date', where)
  return null
}

function durationOf(item: Elements, notes: NoteTaker, where: string): number | null {
  const written = firstText(item, 'itunes:duration')
  const duration = readDuration(written)
  if (duration !== null) return duration
  if (written !== null) notes.note('a duration can’t be read or is none', where)
  const grouped = all(item, 'media:group').flatMap((group) => all(group.inside, 'media:content'))
  for (const content of [...all(item, 'media:content'), ...grouped]) {
    const said = isPicture(content) ? null : readDuration(content.attribute('duration'))
    if (said !== null) return said
  }
  return null
}

function typeOf(text: string | null): ParsedEpisode['type'] {
  const type = text?.toLowerCase()
  return type === 'full' || type === 'trailer' || type === 'bonus' ? type : null
}

/** The picture of an item or of a feed. */
export function imageOf(elements: Elements, addresses: Addresses): string | null {
  for (const image of all(elements, 'itunes:image', 'googleplay:image')) {
    // Some write it as text, and some of those no address.
    const text = /^https?:/i.test(image.text) ? image.text : null
    const url = addresses.of(image.attribute('href') ?? image.attribute('url') ?? text, image)
    if (url !== null) return url
  }
  const cover = coverOf(elements, addresses)
  if (cover !== null) return cover
  const within = all(elements, 'rss:image').flatMap((image) => all(image.inside, 'rss:url'))
  for (const image of [...within, ...all(elements, 'atom:logo', 'atom:icon')]) {
    const url = addresses.of(image.text, image)
    if (url !== null) return url
  }
  return pictureOf(elements, addresses)
}

function pictureOf(elements: Elements, addresses: Addresses): string | null {
  const groups = [elements, ...all(elements, 'media:group').map(({ inside }) => inside)]
  const pictures = groups.flatMap((group) => [
    ...all(group, 'media:thumbnail'),
    ...all(group, 'media:content').filter(isPicture),
  ])
  for (const picture of pictures) {
    const url = addresses.of(picture.attribute('url'), picture)
    if (url !== null) return url
  }
  return null
}
