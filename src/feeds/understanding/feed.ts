import type { FeedKind, Owner, ParsedFeed, Rhythm } from '../shapes.ts'
import { type Addresses, addressesIn } from './addresses.ts'
import { categoriesOf } from './categories.ts'
import { readDate } from './dates.ts'
import { all, type Elements, firstText } from './elements.ts'
import { authorOf, imageOf, linkOf } from './episode.ts'
import { readLanguage } from './languages.ts'
import type { NoteTaker } from './notes.ts'
import * as podcasting from './podcasting.ts'
import { textOf, titleOf } from './texts.ts'
import { keywordsOf, mailbox, readCount, readNumber, saysYes, yesOrNo } from './words.ts'

/** What the feed says of itself. */
export type Channel = Omit<ParsedFeed, 'episodes' | 'notes' | 'cut'>

export function readChannel(kind: FeedKind, feed: Elements, base: string, notes: NoteTaker): Channel {
  const addresses = addressesIn(base, notes)
  const guid = firstText(feed, 'podcast:guid')
  if (guid !== null && podcasting.readGuid(guid) === null) notes.note('the podcast:guid is no UUID and left out')
  const title = titleOf(feed, 'rss:title', 'atom:title', 'dc:title', 'itunes:title')
  if (title === null) notes.note('the feed has no title')
  return {
    kind,
    title,
    description: textOf(feed, base, ...descriptions),
    author: authorOf(feed),
    owner: ownerOf(feed),
    imageUrl: imageOf(feed, addresses),
    language: readLanguage(firstText(feed, 'rss:language', 'dc:language', 'xml:lang')),
    categories: categoriesOf(feed),
    keywords: keywordsOf(all(feed, 'itunes:keywords', 'media:keywords').map(({ text }) => text)),
    link: linkOf(feed, addresses),
    copyright: titleOf(feed, 'rss:copyright', 'atom:rights', 'atom:copyright', 'dc:rights'),
    generator: titleOf(feed, 'rss:generator', 'atom:generator'),
    guid: podcasting.readGuid(guid),
    locked: podcasting.lockedOf(feed),
    medium: podcasting.readMedium(firstText(feed, 'podcast:medium')),
    funding: podcasting.fundingOf(feed, addresses),
    podroll: podcasting.podrollOf(feed, addresses),
    social: podcasting.socialOf(feed, addresses),
    persons: podcasting.personsOf(feed, addresses),
    txts: podcasting.txtsOf(feed),
    blocked: saysYes(feed, 'itunes:block', 'googleplay:block') || podcasting.blockedOf(feed),
    explicit: yesOrNo(firstText(feed, 'itunes:explicit', 'googleplay:explicit')),
    type: typeOf(firstText(feed, 'itunes:type')),
    newFeedUrl: addresses.of(firstText(feed, 'itunes:new-feed-url')),
    complete: saysYes(feed, 'itunes:complete'),
    hubs: linked(feed, 'hub', addresses),
    self: linked(feed, 'self', addresses)[0] ?? null,
    nextPage: linked(feed, 'next', addresses)[0] ?? null,
    rhythm: rhythmOf(feed),
    builtAt: firstDate(feed, 'rss:lastbuilddate', 'atom:updated', 'atom:modified'),
    publishedAt: firstDate(feed, 'rss:pubdate', 'atom:published', 'dc:date'),
  }
}

const descriptions = [
  'rss:description',
  'atom:subtitle',
  'atom:tagline',
  'itunes:summary',
  'content:encoded',
  'googleplay:description',
  'dc:description',
  'itunes:subtitle',
]

function ownerOf(feed: Elements): Owner | null {
  const stated = all(feed, 'itunes:owner').map((owner) => ({
    name: mailbox(firstText(owner.inside, 'itunes:name')).name,
    email: mailbox(firstText(owner.inside, 'itunes:email')).email,
  }))
  const inAtom = all(feed, 'atom:author').map((author) => ({
    name: mailbox(firstText(author.inside, 'atom:name')).name,
    email: mailbox(firstText(author.inside, 'atom:email')).email,
  }))
  const said = ['googleplay:owner', 'googleplay:email', 'rss:managingeditor', 'itunes:author', 'rss:webmaster']
  const written = said.map((name) => mailbox(firstText(feed, name)))
  const owners = [...stated, ...inAtom, ...written]
  const named = stated.find(({ name }) => name !== null)
  const owner = owners.find(({ email }) => email !== null)
  return owner ? { name: owner.name ?? named?.name ?? null, email: owner.email } : (named ?? null)
}

/** The addresses of links with this relation, in RSS with and without the prefix of Atom. */
function linked(feed: Elements, relation: string, addresses: Addresses): readonly string[] {
  const urls = all(feed, 'atom:link', 'rss:link')
    .filter((link) => link.attribute('rel')?.toLowerCase().split(/\s+/).includes(relation))
    .map((link) => addresses.of(link.attribute('href'), link))
  return [...new Set(urls)].filter((url) => url !== null).slice(0, 10)
}

function typeOf(text: string | null): ParsedFeed['type'] {
  const type = text?.toLowerCase()
  return type === 'serial' || type === 'episodic' ? type : null
}

function firstDate(feed: Elements, ...names: readonly string[]): number | null {
  for (const name of names)
    for (const { text } of all(feed, name)) {
      const date = readDate(text)
      if (date !== null) return date
    }
  return null
}

const minutesIn: Readonly<Record<string, number>> = {
  hourly: 60,
  daily: 1440,
  weekly: 10080,
  monthly: 43200,
  yearly: 525600,
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

function rhythmOf(feed: Elements): Rhythm {
  const period = minutesIn[firstText(feed, 'sy:updateperiod')?.toLowerCase() ?? '']
  const times = readCount(firstText(feed, 'sy:updatefrequency')) ?? 1
  const hours = all(feed, 'rss:skiphours').flatMap(({ inside }) => all(inside, 'rss:hour'))
  const skipped = all(feed, 'rss:skipdays').flatMap(({ inside }) => all(inside, 'rss:day'))
  const hourNumbers = hours.map(({ text }) => readNumber(text)).filter((hour) => hour !== null && hour <= 24)
  const dayNumbers = skipped.map(({ text }) => days.indexOf(text.slice(0, 3).toLowerCase())).filter((day) => day >= 0)
  return {
    ttlMinutes: readCount(firstText(feed, 'rss:ttl')),
    everyMinutes: period === undefined ? null : Math.max(1, Math.round(period / times)),
    // Some count from 1 to 24.
    skipHours: [...new Set(hourNumbers.map((hour) => (hour ?? 0) % 24))].sort((a, b) => a - b),
    skipDays: [...new Set(dayNumbers)].sort((a, b) => a - b),
  }
}
