import { type DownloadRow, downloadsBetween } from '../downloads/queries.ts'
import { movedFeedsSince } from '../feeds/queries.ts'
import type { Listening } from '../journal/listening.ts'
import type { PodcastId, UserId } from '../kernel/brand.ts'
import type { PlayRow } from '../plays/index.ts'
import { playsBetween, playsOfPodcastsBetween } from '../plays/queries.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { writeTime } from './times.ts'

/** An action as answers have it. */
export interface ShownAction {
  readonly podcast: string
  readonly episode: string
  readonly guid?: string
  readonly action: string
  readonly device?: string
  readonly timestamp: string
  readonly started?: number
  readonly position?: number
  readonly total?: number
}

/** What is asked for. */
export interface Asked {
  readonly user: UserId
  /** The app whose names of devices the client knows. */
  readonly app: string
  /** The stamp from which on; 0 for everything. */
  readonly since: number
  readonly podcast?: PodcastId | null
  readonly device?: string | null
}

export interface Told {
  /** The stamp of the newest of what can be told: whoever comes back with a later one is told all the rest. */
  readonly timestamp: number
  /** By and by, so that no history is too long for the memory. May be gone through once. */
  readonly actions: AsyncIterable<readonly ShownAction[]>
}

/** The apps under whose names clients write that say `new` themselves. */
const doors = ['gpodder', 'nextcloud']

/** Rows read at once. */
const page = 1_000

/**
 * A listener's actions since a stamp: of plays the newest of each episode, of what else was done the newest of each
 * kind. What changes while they are read is left to the next question, so that nothing is told twice or never.
 */
export async function tellActions({ journal, catalog, reading }: Listening, asked: Asked): Promise<Told> {
  const { user, since } = asked
  const { lastNumber, lastStamp } = await journal.head(user)
  const after = since > lastStamp ? lastNumber : since === 0 ? 0 : await journal.numberBefore(user, since)
  const ofPodcast = ({ podcast_id }: { readonly podcast_id: PodcastId }) =>
    !asked.podcast || podcast_id === asked.podcast
  const ofDevice = ({ device }: ShownAction) => !asked.device || device === asked.device

  async function* actions() {
    if (after === lastNumber) return
    const db = await reading(user)
    // What clients know under a name that a feed has given up since is told again under the one it has.
    const moved = since === 0 ? [] : (await movedFeedsSince(db, user, since)).map((row) => row.podcast_id)
    const before = (from: number) => playsOfPodcastsBetween(db, user, moved, from, after, page)
    for await (const rows of moved.length === 0 ? [] : pages(before, 0)) {
      const shown = await showRows(catalog, rows.filter(ofPodcast), (row, names) => showPlays(row, names, asked.app))
      yield shown.filter(ofDevice)
    }
    for await (const rows of pages((from) => playsBetween(db, user, from, lastNumber, page), after)) {
      const shown = await showRows(catalog, rows.filter(ofPodcast), (row, names) => showPlays(row, names, asked.app))
      yield shown.filter(ofDevice)
    }
    for await (const rows of pages((from) => downloadsBetween(db, user, from, lastNumber, page), after)) {
      const shown = await showRows(catalog, rows.filter(ofPodcast), (row, names) => showOthers(row, names, asked))
      yield shown.filter(ofDevice)
    }
  }

  return { timestamp: lastStamp, actions: actions() }
}

async function* pages<Row extends { readonly number: number }>(
  read: (after: number) => Promise<readonly Row[]>,
  after: number,
): AsyncGenerator<readonly Row[]> {
  for (let from = after; ; ) {
    const rows = await read(from)
    if (rows.length > 0) yield rows
    if (rows.length < page) return
    from = rows.at(-1)?.number ?? from
  }
}

export type Names = Pick<ShownAction, 'podcast' | 'episode' | 'guid'>

async function showRows<Row extends PlayRow | DownloadRow>(
  catalog: Catalog,
  rows: readonly Row[],
  show: (row: Row, names: Names) => readonly ShownAction[],
): Promise<readonly ShownAction[]> {
  const podcasts = await catalog.podcastEntries(rows.map((row) => row.podcast_id))
  const episodes = await catalog.episodeEntries(rows.map((row) => row.episode_id))
  return rows.flatMap((row) => {
    const { guid = '', enclosure = '' } = episodes.get(row.episode_id) ?? {}
    const names = { podcast: podcasts.get(row.podcast_id)?.feedUrl ?? '', episode: enclosure || guid }
    return show(row, guid === '' ? names : { ...names, guid })
  })
}

/**
 * Seconds that are told as the length of an episode whose length nobody said: longer than any episode is. AntennaPod
 * takes a place that comes without a length for none at all, and an end that is before the file's for the middle.
 */
export const unknownLength = 24 * 60 * 60

/**
 * What an app at another door put back to its start is told as new besides: AntennaPod gives up a mark for that alone.
 * Here clients say so themselves.
 */
function showPlays(row: PlayRow, names: Names, app: string): readonly ShownAction[] {
  const { started: _s, position: _p, total: _t, ...shown } = showPlay(row, names, app)
  const saidHere = doors.includes(row.echo?.split('\n')[0] ?? '')
  const isNew = !row.played && row.position === 0 && !saidHere
  return [showPlay(row, names, app), ...(isNew ? [{ ...shown, action: 'new' }] : [])]
}

/** Played is told as listened from the end to the end, as clients do when they mark an episode. */
export function showPlay(
  { position, played, duration, updated_at, echo }: PlayRow,
  names: Names,
  app: string,
): ShownAction {
  const [author, device] = echo?.split('\n') ?? []
  const end = Math.max(duration ?? unknownLength, 1)
  const place = played
    ? { started: end, position: end, total: end }
    : { started: 0, position, total: duration ?? Math.max(end, position + 1) }
  return {
    ...names,
    action: 'play',
    ...(author === app && device !== undefined && { device }),
    timestamp: writeTime(new Date(updated_at).getTime()),
    ...place,
  }
}

function showOthers({ done }: DownloadRow, names: Names, { app, since }: Asked): readonly ShownAction[] {
  return Object.entries(done)
    .filter(([, { stamp }]) => stamp >= since)
    .map(([action, { at, app: author, device }]) => ({
      ...names,
      action,
      ...(author === app && device !== null && { device }),
      timestamp: writeTime(at),
    }))
}
