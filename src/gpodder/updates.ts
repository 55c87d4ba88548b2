import { rows, type Statement } from '../database/store.ts'
import type { DownloadRow } from '../downloads/queries.ts'
import type { EpisodeId, PodcastId } from '../kernel/brand.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuse } from '../kernel/refusal.ts'
import { type PlayRow, playsOfEpisodes } from '../plays/queries.ts'
import { hostOf } from '../podcast/names.ts'
import { everSubscribed } from '../subscriptions/queries.ts'
import { readSince } from './cursor.ts'
import { app, type Door, type DoorParts } from './door.ts'
import { showPodcast } from './podcasts.ts'
import { type Names, showPlay } from './tell.ts'
import { writeTime } from './times.ts'

const touchedSince: Statement = {
  name: 'gpodder-touched-since',
  text: `select episode_id as id from projections.plays where user_id = $1 and stamp >= $2
    union select episode_id as id from projections.downloads where user_id = $1 and stamp >= $2`,
}
const downloadsOf: Statement = {
  name: 'gpodder-downloads-of',
  text: 'select * from projections.downloads where user_id = $1 and episode_id = any($2::uuid[])',
}

/** What was last done with an episode. */
interface Latest {
  readonly status: 'new' | 'play' | 'download' | 'delete'
  readonly at: number
  show(names: Names): object
}

/**
 * What is new for a device, in one answer: subscriptions, and the episodes that any app did something with.
 */
export function updateRoutes({ on }: Door, { accounts, journal, catalog, titlesOf, reading }: DoorParts): void {
  on(['get'], '/api/2/updates/:user/:device.json', async (call) => {
    const since = readSince(call.query('since'))
    if (isRefusal(since)) return since
    const { user, device } = call
    if (!(await accounts.devices.find(user, app, device ?? ''))) return refuse('not_found', 'There is no such device.')
    // Before the rest is read, so that what comes between is told twice and not never.
    const { lastStamp: timestamp } = await journal.head(user)
    const db = await reading(user)
    const changed = (await everSubscribed(db, user)).filter((row) => row.stamp >= since)
    const touched = (await rows<{ id: EpisodeId }>(db, touchedSince, [user, since])).map(({ id }) => id)
    const plays = await playsOfEpisodes(db, user, touched)
    const others = await rows<DownloadRow>(db, downloadsOf, [user, touched])
    const latest = latestOf(plays, others)

    const named = [...changed, ...plays, ...others].map((row) => row.podcast_id)
    const podcastEntries = await catalog.podcastEntries(named)
    const episodeEntries = await catalog.episodeEntries(touched)
    const feed = (podcast: PodcastId | undefined) => (podcast && podcastEntries.get(podcast)?.feedUrl) ?? ''
    const titles = await titlesOf(named, touched)
    const feeds = (active: boolean) => changed.filter((row) => row.active === active).map((row) => row.podcast_id)
    const withActions = /^(1|true|yes)$/i.test(call.query('include_actions') ?? '')
    const newestLast = [...latest].toSorted(([, one], [, other]) => one.at - other.at)
    const updates = newestLast.map(([id, { status, show }]) => {
      const { guid = '', enclosure = '', podcast } = episodeEntries.get(id) ?? {}
      const names: Names = { podcast: feed(podcast), episode: enclosure || guid, ...(guid !== '' && { guid }) }
      const called = { episode: titles.item(id), podcast: podcast ? titles.feed(podcast) : null }
      const shown = { ...showEpisode(names, called), status }
      return withActions && status !== 'new' ? { ...shown, action: show(names) } : shown
    })
    // Who begins is told what there is; what was once left is none of its.
    const remove = since === 0 ? [] : feeds(false).map(feed)
    const add = feeds(true).map((podcast) => showPodcast(feed(podcast), titles.feed(podcast)))
    // Called `remove` where it is documented, and `rem` by gpodder.net itself.
    return answer(200, { add, remove, rem: remove, updates, timestamp })
  })
}

/** An episode as answers describe it, by its URL where its title is not known; what else is not known is empty. */
const showEpisode = (
  { podcast, episode }: Names,
  called: { readonly episode: string | null; readonly podcast: string | null },
) => ({
  title: called.episode ?? episode,
  url: episode,
  podcast_title: called.podcast ?? hostOf(podcast),
  podcast_url: podcast,
  description: '',
  website: '',
  released: '',
  mygpo_link: '',
})

function latestOf(plays: readonly PlayRow[], others: readonly DownloadRow[]): ReadonlyMap<EpisodeId, Latest> {
  const latest = new Map<EpisodeId, Latest>()
  const take = (episode: EpisodeId, said: Latest) => {
    if (said.at >= (latest.get(episode)?.at ?? 0)) latest.set(episode, said)
  }
  for (const row of plays) {
    const at = new Date(row.updated_at).getTime()
    take(row.episode_id, { status: 'play', at, show: (names) => showPlay(row, names, app) })
  }
  for (const row of others) {
    for (const [action, { at, app: author, device }] of Object.entries(row.done)) {
      if (action !== 'new' && action !== 'download' && action !== 'delete') continue
      const by = author === app && device !== null ? { device } : {}
      const show = (names: Names) => ({ ...names, action, ...by, timestamp: writeTime(at) })
      take(row.episode_id, { status: action, at, show })
    }
  }
  return latest
}
