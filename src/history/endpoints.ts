import { z } from 'zod'
import { collectionTitles } from '../collections/queries.ts'
import { limit } from '../http/schemas.ts'
import type { Listening } from '../journal/listening.ts'
import type { UserId } from '../kernel/brand.ts'
import type { Recorded } from '../kernel/decider.ts'
import { answer, type Endpoint, endpoint, type Language } from '../kernel/endpoint.ts'
import { playlistNames } from '../playlists/queries.ts'
import { feedName } from '../podcast/names.ts'
import { type TitledNames, titledNames } from '../podcast/shown.ts'
import { instantOut, isoTime } from '../podcast/times.ts'
import { cursor, formatCursor } from './cursor.ts'
import { type ListenerEvent, type Subject, subjectOf, wordsOf } from './words.ts'

const entry = z
  .object({
    id: z.uuid().describe('Of the event; stays the same for ever.'),
    at: instantOut.describe('When it happened, by the clock of the device that told it.'),
    recorded_at: instantOut.describe('When the server heard of it; the history is in this order.'),
    type: z.string().describe('What kind of event it was: `EpisodeFinished`. New kinds may come.'),
    words: z.string().describe('The event as a sentence, in the language of `Content-Language`.'),
    app: z.string().describe('Id of the app that did it; `balados` for the server itself.'),
    device: z.string().nullable().describe('Id of the device; null where the app did not name it.'),
    rss_source_feed: z.string().nullable().describe('The podcast it is about; null where it is not about one.'),
    rss_source_item: z.string().nullable().describe('The episode it is about; null where it is not about one.'),
    rss_feed_title: z.string().nullable(),
    rss_item_title: z.string().nullable(),
    playlist_id: z.uuid().nullable().describe('The playlist or queue that was changed.'),
    collection_id: z.uuid().nullable().describe('The collection that was changed.'),
  })
  .meta({ id: 'HistoryEntry' })

const page = z.object({
  history: z.array(entry),
  next: z.string().nullable().describe('Give this as `before` for what was earlier; null at the beginning.'),
})

export function historyEndpoints({ journal, catalog, titlesOf, reading }: Listening): readonly Endpoint[] {
  /** The names of everything that a page of events speaks of. */
  async function named(user: UserId, subjects: readonly Subject[]) {
    const all = (part: keyof Subject) => [...new Set(subjects.flatMap((subject) => subject[part] ?? []))]
    const names = await titledNames({ catalog, titlesOf }, all('podcast'), all('episode'))
    const [playlists, collections] = [all('playlist'), all('collection')]
    if (playlists.length + collections.length === 0) return { names, lists: new Map<string, string>() }
    const db = await reading(user)
    const lists = new Map([
      ...(await playlistNames(db, user, playlists)),
      ...(await collectionTitles(db, user, collections)),
    ])
    return { names, lists }
  }

  return [
    endpoint({
      method: 'get',
      path: '/history',
      summary: 'What the listener did, in words, newest first',
      description:
        'Everything that any app ever recorded of the listener, one entry per change, in words by `Accept-Language` ' +
        '(English or French). Pages stay as they are while new entries come in before the first. With `feed` only ' +
        'what is about that podcast or its episodes; changes of playlists and collections are about these and left out.',
      tag: 'History',
      scope: 'user.plays.read',
      limit: 100,
      query: z.object({ before: cursor.optional(), feed: feedName.optional(), limit: limit(100, 50) }),
      answers: { 200: page },
      async handle({ caller, query, language }) {
        const headers = { 'Content-Language': language, Vary: 'Accept-Language' }
        const podcast = query.feed === undefined ? undefined : await catalog.knownPodcast(query.feed)
        if (podcast === null) return answer(200, { history: [], next: null }, headers)
        const about = podcast && { podcast, stream: `subscription/${podcast}` }
        const before = query.before ?? Number.MAX_SAFE_INTEGER
        // One more than wanted tells whether there is an earlier page.
        const found = await journal.readBack(caller.user, before, query.limit + 1, about)
        const events = found.slice(0, query.limit) as readonly Recorded<ListenerEvent>[]
        const subjects = events.map(subjectOf)
        const { names, lists } = await named(caller.user, subjects)
        const history = events.map((event, i) => show(event, subjects[i] as Subject, names, lists, language))
        const last = events.at(-1)
        const next = last && found.length > query.limit ? formatCursor(last.number) : null
        return answer(200, { history, next }, headers)
      },
    }),
  ]
}

function show(
  { id, fact, author, recordedAt }: Recorded<ListenerEvent>,
  { podcast, episode, playlist, collection }: Subject,
  names: TitledNames,
  lists: ReadonlyMap<string, string>,
  language: Language,
): z.input<typeof entry> {
  const called = podcast === null ? '' : (names.feedTitle(podcast) ?? names.host(podcast))
  const list = lists.get(playlist ?? collection ?? '') ?? null
  return {
    id,
    at: isoTime(fact.data.at),
    recorded_at: isoTime(recordedAt),
    type: fact.type,
    words: wordsOf(fact, language, { host: called, list }),
    app: author.app,
    device: author.device,
    rss_source_feed: podcast === null ? null : names.feed(podcast),
    rss_source_item: episode === null ? null : names.item(episode),
    rss_feed_title: podcast === null ? null : names.feedTitle(podcast),
    rss_item_title: episode === null ? null : names.itemTitle(episode),
    playlist_id: playlist,
    collection_id: collection,
  }
}
