import type { Funding, Locked, Person, RemoteItem, SocialInteract, Soundbite, Transcript, Txt } from '../shapes.ts'
import type { Addresses } from './addresses.ts'
import { all, type Elements, firstText } from './elements.ts'
import { oneLine } from './html.ts'
import { readLanguage } from './languages.ts'
import { readCount, readSeconds, yesOrNo } from './words.ts'

/*
 * The elements of the podcast namespace (podcastindex.org/namespace/1.0) that may be there more than once, in a feed or
 * in an item. Each list is cut at a length that no feed has for its listeners' sake.
 */
const most = 200

const word = (text: string | null): string | null => (text === null || text === '' ? null : oneLine(text) || null)

export const personsOf = (elements: Elements, addresses: Addresses): readonly Person[] =>
  all(elements, 'podcast:person')
    .slice(0, most)
    .flatMap((person) => {
      const name = word(person.text) ?? word(person.attribute('name'))
      if (name === null) return []
      return {
        name,
        role: word(person.attribute('role'))?.toLowerCase() ?? 'host',
        group: word(person.attribute('group'))?.toLowerCase() ?? 'cast',
        imageUrl: addresses.of(person.attribute('img'), person),
        link: addresses.of(person.attribute('href'), person),
      }
    })

export const fundingOf = (elements: Elements, addresses: Addresses): readonly Funding[] =>
  all(elements, 'podcast:funding')
    .slice(0, most)
    .flatMap((funding) => {
      const url = addresses.of(funding.attribute('url'), funding)
      return url === null ? [] : { url, text: word(funding.text) }
    })

export const socialOf = (elements: Elements, addresses: Addresses): readonly SocialInteract[] =>
  all(elements, 'podcast:socialinteract')
    .slice(0, most)
    .flatMap((social) => {
      // The older draft of the element says `platform`, and has the address as its text.
      const protocol = word(social.attribute('protocol') ?? social.attribute('platform'))?.toLowerCase()
      const uri = addresses.of(social.attribute('uri') ?? social.text, social)
      if (!protocol || (uri === null && protocol !== 'disabled')) return []
      return {
        protocol,
        uri,
        accountId: word(social.attribute('accountid') ?? social.attribute('podcastaccountid')),
        accountUrl: addresses.of(social.attribute('accounturl') ?? social.attribute('podcastaccounturl'), social),
        priority: readCount(social.attribute('priority')),
      }
    })

export const podrollOf = (elements: Elements, addresses: Addresses): readonly RemoteItem[] =>
  all(elements, 'podcast:podroll')
    .flatMap((podroll) => all(podroll.inside, 'podcast:remoteitem'))
    .slice(0, most)
    .flatMap((item) => {
      const feedGuid = readGuid(item.attribute('feedguid'))
      const feedUrl = addresses.of(item.attribute('feedurl'), item)
      if (feedGuid === null && feedUrl === null) return []
      return {
        feedGuid,
        feedUrl,
        itemGuid: item.attribute('itemguid'),
        medium: readMedium(item.attribute('medium')),
        title: word(item.attribute('title')),
      }
    })

export const transcriptsOf = (elements: Elements, addresses: Addresses): readonly Transcript[] =>
  all(elements, 'podcast:transcript')
    .slice(0, most)
    .flatMap((transcript) => {
      const url = addresses.of(transcript.attribute('url'), transcript)
      if (url === null) return []
      const type = transcript.attribute('type')?.toLowerCase() ?? null
      const language = readLanguage(transcript.attribute('language'))
      return { url, type, language, rel: transcript.attribute('rel')?.toLowerCase() ?? null }
    })

export const soundbitesOf = (elements: Elements): readonly Soundbite[] =>
  all(elements, 'podcast:soundbite')
    .slice(0, most)
    .flatMap((bite) => {
      const start = readSeconds(bite.attribute('starttime'))
      const duration = readSeconds(bite.attribute('duration'))
      return start === null || !duration ? [] : { start, duration, title: word(bite.text) }
    })

export const txtsOf = (elements: Elements): readonly Txt[] =>
  all(elements, 'podcast:txt')
    .slice(0, most)
    .filter(({ text }) => text !== '')
    .map((txt) => ({ purpose: word(txt.attribute('purpose')), text: txt.text.slice(0, 4000).toWellFormed() }))

export function lockedOf(elements: Elements): Locked | null {
  const [locked] = all(elements, 'podcast:locked')
  const said = yesOrNo(locked?.text ?? null)
  return locked && said !== null ? { locked: said, owner: locked.attribute('owner') } : null
}

/** For one platform alone (`id`) the feed is not blocked here. */
export const blockedOf = (elements: Elements): boolean =>
  all(elements, 'podcast:block').some((block) => block.attribute('id') === null && yesOrNo(block.text) === true)

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A `podcast:guid`; anything that is no UUID names nothing. */
export function readGuid(text: string | null): string | null {
  const guid = text?.trim().toLowerCase() ?? ''
  return uuid.test(guid) ? guid : null
}

/** `podcast`, `music`, … and with an `L` behind it for a list of such (`musicL`). */
export function readMedium(text: string | null): string | null {
  const medium = text?.trim() ?? ''
  if (!/^[a-z]{2,30}$/i.test(medium)) return null
  return /[a-z]L$/.test(medium) ? `${medium.slice(0, -1).toLowerCase()}L` : medium.toLowerCase()
}

/** `podcast:image` (with its purpose, if any, being the cover). */
export function coverOf(elements: Elements, addresses: Addresses): string | null {
  const images = all(elements, 'podcast:image')
  const cover = images.find((image) => /\bartwork\b/i.test(image.attribute('purpose') ?? '')) ?? images[0]
  return cover ? addresses.of(cover.attribute('href') ?? firstText(elements, 'podcast:image'), cover) : null
}
