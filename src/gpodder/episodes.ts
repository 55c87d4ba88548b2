import { download } from '../downloads/index.ts'
import { type DownloadRow, downloadsSince } from '../downloads/queries.ts'
import type { Unit } from '../journal/unit.ts'
import type { PodcastId } from '../kernel/brand.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuseValue } from '../kernel/refusal.ts'
import { type PlayRow, play } from '../plays/index.ts'
import { playsSince } from '../plays/queries.ts'
import type { Catalog } from '../podcast/catalog.ts'
import { type Action, nameActions, readActions } from './actions.ts'
import { readSince, tellAfterUpload, tellNow } from './cursor.ts'
import { seen } from './devices.ts'
import { app, type Door, type DoorParts } from './door.ts'
import { nameFeeds, readFeed } from './feeds.ts'
import { writeTime } from './times.ts'

/** An action as answers have it. */
interface ShownAction {
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

export function episodeRoutes({ on }: Door, parts: DoorParts): void {
  const { journal, catalog, reading } = parts
  const path = '/api/2/episodes/:user.json'

  on(['post'], path, async (call) => {
    const body = await call.json()
    if (isRefusal(body)) return body
    if (!Array.isArray(body)) return refuseValue('body', 'is not a list of actions')
    const sent = readActions(body)
    const feeds = await nameFeeds(
      catalog,
      sent.map((action) => action.podcast),
    )
    const actions = await nameActions(catalog, call.user, call.now, sent, feeds)
    const devices = [...new Set(actions.flatMap((action) => action.device ?? []))]
    for (const device of devices) await seen(parts, call, device)
    const said = await journal.commit(call.origin(devices[0] ?? null), async (unit) => {
      await takeIn(unit, actions)
      return answer(200, null)
    })
    if (isRefusal(said)) return said
    const timestamp = await tellAfterUpload(parts, call, 'episodes', devices)
    return answer(200, { timestamp, update_urls: feeds.updates })
  })

  on(['get'], path, async (call) => {
    const since = readSince(call.query('since') || '0')
    if (isRefusal(since)) return since
    const { user, device } = call
    const feed = call.query('podcast')
    // Who asks for a part was not told the rest.
    const timestamp =
      feed === undefined && device === null
        ? await tellNow(parts, call, 'episodes')
        : (await journal.head(user)).lastStamp
    const podcast = feed === undefined ? null : await catalog.knownPodcast(readFeed(feed) ?? '')
    if (feed !== undefined && podcast === null) return answer(200, { actions: [], timestamp })
    const db = await reading(user)
    const plays = await playsSince(db, user, since)
    const others = await downloadsSince(db, user, since)
    const wanted = <Row extends { readonly podcast_id: PodcastId }>(rows: readonly Row[]) =>
      podcast === null ? rows : rows.filter((row) => row.podcast_id === podcast)
    const shown = await showActions(catalog, wanted(plays), wanted(others), since)
    const ofDevice = device === null ? shown : shown.filter((action) => action.device === device)
    const aggregated = call.query('aggregated')?.toLowerCase() === 'true'
    return answer(200, { actions: aggregated ? newestOfEach(ofDevice) : ofDevice, timestamp })
  })
}

/** Lets the deciders hear every action that was not heard before. */
async function takeIn(unit: Unit, actions: readonly Action[]): Promise<void> {
  const ofKind = (isPlay: boolean) => actions.filter(({ done }) => (done.kind === 'play') === isPlay)
  const episodes = (some: readonly Action[]) => [...new Set(some.map((action) => action.episode))]
  await unit.load(play, episodes(ofKind(true)))
  await unit.load(download, episodes(ofKind(false)))
  const heard = new Set(await unit.heard(actions.map((action) => action.edit)))
  for (const action of actions) {
    if (heard.has(action.edit)) continue
    heard.add(action.edit)
    const { episode, edit, done } = action
    const decided = decide(unit, action)
    const decider = done.kind === 'play' ? play : download
    if (isRefusal(decided) || decided.length === 0) unit.hear(edit, `${decider.kind}/${episode}`)
  }
}

function decide(unit: Unit, { podcast, episode, device, at, edit, done }: Action) {
  const options = { edit, author: { app, device } }
  if (done.kind !== 'play') return unit.decide(download, episode, { podcast, action: done.kind, at }, options)
  if (done.place === null) return []
  // No door without tokens knows what the device had seen: the action's own time decides.
  const command = { podcast, ...done.place, reset: false, at, sentAt: at, seen: { what: 'unknown' } } as const
  return unit.decide(play, episode, command, options)
}

async function showActions(
  catalog: Catalog,
  plays: readonly PlayRow[],
  others: readonly DownloadRow[],
  since: number,
): Promise<readonly ShownAction[]> {
  const rows = [...plays, ...others]
  const podcasts = await catalog.podcastEntries(rows.map((row) => row.podcast_id))
  const episodes = await catalog.episodeEntries(rows.map((row) => row.episode_id))
  const named = ({ podcast_id, episode_id }: PlayRow | DownloadRow) => {
    const { guid = '', enclosure = '' } = episodes.get(episode_id) ?? {}
    const names = { podcast: podcasts.get(podcast_id)?.feedUrl ?? '', episode: enclosure || guid }
    return guid === '' ? names : { ...names, guid }
  }
  return [
    ...plays.map((row) => showPlay(row, named(row))),
    ...others.flatMap((row) =>
      Object.entries(row.done)
        .filter(([, { stamp }]) => stamp >= since)
        .map(([action, done]) => ({
          ...named(row),
          action,
          ...(done.app === app && done.device !== null && { device: done.device }),
          timestamp: writeTime(done.at),
        })),
    ),
  ]
}

export type Names = Pick<ShownAction, 'podcast' | 'episode' | 'guid'>

/** Played is told as listened from the end to the end, as clients do when they mark an episode. */
export function showPlay({ position, played, duration, updated_at, echo }: PlayRow, names: Names): ShownAction {
  const [author, device] = echo?.split('\n') ?? []
  const end = played ? Math.max(duration ?? position, 1) : null
  const place =
    end !== null
      ? { started: end, position: end, total: end }
      : duration === null
        ? { position }
        : { started: 0, position, total: duration }
  return {
    ...names,
    action: 'play',
    ...(author === app && device !== undefined && { device }),
    timestamp: writeTime(new Date(updated_at).getTime()),
    ...place,
  }
}

function newestOfEach(actions: readonly ShownAction[]): readonly ShownAction[] {
  const newest = new Map<string, ShownAction>()
  for (const action of actions) {
    const key = JSON.stringify([action.podcast, action.guid ?? '', action.episode])
    const before = newest.get(key)
    if (!before || action.timestamp > before.timestamp) newest.set(key, action)
  }
  return [...newest.values()]
}
