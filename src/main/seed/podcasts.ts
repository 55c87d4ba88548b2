import { encodeFeed, encodeItem } from '../../podcast/names.ts'
import { chanceOf } from './chance.ts'

export type Language = 'fr' | 'en'
export type Topic = 'news' | 'history' | 'science' | 'culture' | 'comedy' | 'tech' | 'society' | 'fiction'

export interface Podcast {
  /** Its place in `https://feeds.example/<slug>.xml`. */
  readonly slug: string
  readonly title: string
  readonly language: Language
  readonly topic: Topic
  /** How long an episode is, more or less. */
  readonly minutes: number
  /** A new episode every so many days. */
  readonly every: number
}

const podcast = (
  slug: string,
  title: string,
  language: Language,
  topic: Topic,
  minutes: number,
  every: number,
): Podcast => ({ slug, title, language, topic, minutes, every })

/** What there is to listen to in the demo. None of these podcasts exists; `.example` never will (RFC 2606). */
export const podcasts: readonly Podcast[] = [
  podcast('matin-bref', 'Le matin bref', 'fr', 'news', 12, 1),
  podcast('revue-de-presse', 'La revue de presse du quai', 'fr', 'news', 18, 1),
  podcast('grand-angle', 'Grand angle européen', 'fr', 'news', 32, 7),
  podcast('morning-ferry', 'The Morning Ferry', 'en', 'news', 14, 1),
  podcast('slow-wire', 'The Slow Wire', 'en', 'news', 38, 7),
  podcast('histoires-de-ponts', 'Histoires de ponts', 'fr', 'history', 48, 7),
  podcast('archives-vives', 'Archives vives', 'fr', 'history', 55, 14),
  podcast('cartes-et-batailles', 'Cartes et batailles', 'fr', 'history', 62, 7),
  podcast('salt-roads', 'Salt Roads', 'en', 'history', 51, 7),
  podcast('the-long-ledger', 'The Long Ledger', 'en', 'history', 74, 14),
  podcast('la-paillasse', 'La paillasse', 'fr', 'science', 34, 7),
  podcast('ciel-de-nuit', 'Ciel de nuit', 'fr', 'science', 28, 4),
  podcast('small-forces', 'Small Forces', 'en', 'science', 41, 7),
  podcast('tidepool', 'Tidepool', 'en', 'science', 25, 4),
  podcast('un-livre-un-soir', 'Un livre, un soir', 'fr', 'culture', 44, 7),
  podcast('fondu-au-noir', 'Fondu au noir', 'fr', 'culture', 58, 7),
  podcast('liner-notes', 'Liner Notes at Nine', 'en', 'culture', 47, 7),
  podcast('marginalia', 'Marginalia', 'en', 'culture', 36, 7),
  podcast('les-mauvaises-langues', 'Les mauvaises langues', 'fr', 'comedy', 52, 4),
  podcast('perdu-pour-perdu', 'Perdu pour perdu', 'fr', 'comedy', 33, 7),
  podcast('two-wrong-turns', 'Two Wrong Turns', 'en', 'comedy', 63, 4),
  podcast('octets-libres', 'Octets libres', 'fr', 'tech', 57, 7),
  podcast('tout-compile', 'Tout compile', 'fr', 'tech', 39, 7),
  podcast('uptime', 'Uptime', 'en', 'tech', 46, 4),
  podcast('plain-old-protocols', 'Plain Old Protocols', 'en', 'tech', 68, 14),
  podcast('voix-du-palier', 'Voix du palier', 'fr', 'society', 31, 7),
  podcast('le-temps-partiel', 'Le temps partiel', 'fr', 'society', 42, 7),
  podcast('kitchen-table-law', 'Kitchen Table Law', 'en', 'society', 40, 7),
  podcast('le-phare', 'Le phare, fiction sonore', 'fr', 'fiction', 22, 4),
  podcast('the-orchard-line', 'The Orchard Line', 'en', 'fiction', 27, 7),
]

export interface Episode {
  readonly podcast: Podcast
  readonly number: number
  /** Whole seconds. */
  readonly duration: number
  /** Milliseconds since 1970. */
  readonly published: number
}

const day = 86_400_000
/** When every podcast of the demo began: episodes keep their numbers whenever the demo is made. */
const firstOfAll = Date.UTC(2018, 0, 1, 4)

const known = new Map<string, Episode>()

/** Always the same one for the same number. */
function episodeOf(podcast: Podcast, number: number): Episode {
  const name = `${podcast.slug} ${number}`
  const found = known.get(name)
  if (found) return found
  const duration = Math.round(podcast.minutes * 60 * (0.75 + chanceOf(name).draw() / 2))
  const episode = { podcast, number, duration, published: firstOfAll + number * podcast.every * day }
  known.set(name, episode)
  return episode
}

/** The episodes of a podcast that came out after one time and not after another, oldest first. */
export function episodesBetween(podcast: Podcast, after: number, until: number): Episode[] {
  const numberAt = (time: number) => Math.floor((time - firstOfAll) / (podcast.every * day))
  const first = Math.max(0, numberAt(after) + 1)
  return Array.from({ length: Math.max(0, numberAt(until) - first + 1) }, (_, i) => episodeOf(podcast, first + i))
}

export const feedName = ({ slug }: Podcast): string => encodeFeed(`https://feeds.example/${slug}.xml`)

export const itemName = ({ podcast, number }: Episode): string =>
  encodeItem({
    guid: `tag:feeds.example,2018:${podcast.slug}/${number}`,
    enclosure: `https://media.example/${podcast.slug}/${number}.mp3`,
  })

/** As the API names an episode in lists; the titles are what an app would show. */
export const listed = (episode: Episode) => ({
  ...named(episode),
  item_title: `${episode.podcast.title} · ${episode.podcast.language === 'fr' ? 'épisode' : 'episode'} ${episode.number}`,
  feed_title: episode.podcast.title,
})

/** As the API names an episode. */
export const named = (episode: Episode) => ({
  rss_source_feed: feedName(episode.podcast),
  rss_source_item: itemName(episode),
})
