import { isRefusal, type Refusal, refuse } from '../kernel/refusal.ts'
import { unstorable } from '../kernel/storable.ts'
import { canonicalFeed, readFeedUrl } from '../podcast/names.ts'
import { type OpmlFile, type OpmlPodcast, readOutlines } from '../podcast/opml.ts'

/** Why a podcast of a file was not taken over. */
export const failures = ['no_url', 'not_a_url', 'not_a_feed_url', 'too_long', 'collection_full'] as const
export type Failure = (typeof failures)[number]

/** One outline of a file, as it is worked off. */
export interface Entry {
  readonly line: number
  readonly url: string
  readonly title: string | null
  /** The title of the collection it goes into; null for none. */
  readonly folder: string | null
  /** The file names the same podcast elsewhere too. */
  readonly again: boolean
  readonly failure: Failure | null
}

export interface FailedEntry {
  readonly line: number
  readonly url: string
  readonly title: string | null
  readonly reason: Failure
}

/** All that is to be done for one file. */
export interface Work {
  readonly entries: readonly Entry[]
  /** Collections that are made although nothing goes into them. */
  readonly emptyFolders: readonly string[]
}

/** Outlines of one file; a listener with more is none. */
const mostEntries = 20_000
/** As the REST API has it. */
const longestTitle = 500
/** Of what is shown of a URL that is none. */
const longestShown = 500

/**
 * What a file of subscriptions asks for. A bad outline never fails the rest; what is no OPML is refused, with the line.
 * Takes a third of a second for 4 MB.
 */
export function readWork(text: string): Work | Refusal {
  const file = readOutlines(text)
  if (isRefusal(file)) return file
  if (file.podcasts.length > mostEntries)
    return refuse('payload_too_large', `The file names more than ${mostEntries} podcasts; bring it in parts.`)
  const read = file.podcasts.map((podcast) => ({ podcast, url: readFeedUrl(podcast.url) }))
  const times = new Map<string, number>()
  for (const { url } of read) if (url !== null) times.set(canonicalFeed(url), (times.get(canonicalFeed(url)) ?? 0) + 1)
  const entries = read.map(({ podcast, url }): Entry => {
    const failure = failureOf(podcast.url, url)
    return {
      line: podcast.line,
      url: failure === null && url !== null ? url : shown(podcast.url),
      title: podcast.title === null ? null : storable(podcast.title).slice(0, longestTitle),
      folder: titleOf(podcast.folders, file),
      again: url !== null && (times.get(canonicalFeed(url)) ?? 0) > 1,
      failure,
    }
  })
  const emptyFolders = file.emptyFolders.map((folders) => titleOf(folders, file)).filter((title) => title !== null)
  return { entries, emptyFolders: [...new Set(emptyFolders)] }
}

/** Whether a file asks for collections. */
export const hasFolders = ({ entries, emptyFolders }: Work): boolean =>
  emptyFolders.length > 0 || entries.some(({ folder }) => folder !== null)

function failureOf(sent: OpmlPodcast['url'], url: string | null): Failure | null {
  if (sent === '') return 'no_url'
  if (url !== null) return unstorable(url) === undefined ? null : 'not_a_url'
  if (!URL.canParse(sent)) return 'not_a_url'
  return sent.length > 2_000 && /^https?:/i.test(sent) ? 'too_long' : 'not_a_feed_url'
}

const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed()
const shown = (text: string): string => storable(text.slice(0, longestShown))

/** What some apps put around everything, which says nothing. */
const wrapper = 'feeds'
const wrapping = /overcast|pocket ?casts/i

/** The collection that folders in folders stand for: "News / Local". Null for none. */
function titleOf(folders: OpmlPodcast['folders'], { title }: OpmlFile): string | null {
  const said = folders[0] === wrapper && wrapping.test(title ?? '') ? folders.slice(1) : folders
  const name = storable(said.join(' / ')).trim()
  return name === '' ? null : [...name].slice(0, longestTitle).join('').slice(0, longestTitle).toWellFormed()
}
