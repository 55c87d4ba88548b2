import type { UserId } from '../../src/kernel/brand.ts'
import type { App, TestServer } from '../support/instance.ts'
import { change, command, newDevice, prepare, send, take } from '../support/journal-devices.ts'
import type { Doors } from '../support/journal-doors.ts'
import type { Change, Entry, Rows } from '../support/journal-rows.ts'
import {
  type Edit,
  episodes,
  feeds,
  length,
  newLine,
  now,
  type Place,
  type PodcastApp,
  restNames,
  type Seen,
  seenOf,
} from './world.ts'

/** The calls that a device of the REST API makes, over HTTP. */
export function restDoor(apps: ReadonlyMap<string, App>): Pick<Doors, 'call'> {
  return {
    async call(method, path, { app = '', device = null, key, params = {}, query = {}, body }) {
      const of = apps.get(app)
      if (!of) throw new Error(`nobody allowed ${app}`)
      const place = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
      const search = new URLSearchParams(query).toString()
      const headers = key === undefined ? {} : { 'idempotency-key': key }
      const claims = device === null ? {} : { device_id: device }
      return of.call(method.toUpperCase(), search === '' ? place : `${place}?${search}`, body, { headers, claims })
    },
  }
}

const feedOf = new Map(feeds.map((feed) => [restNames({ podcast: feed, guid: '', enclosure: '' }).feed, feed]))
const enclosureOf = new Map(
  episodes.map((episode) => {
    const { feed, item } = restNames(episode)
    return [`${feed} ${item}`, episode.enclosure]
  }),
)
const known = (names: ReadonlyMap<string, string>, name: string): string => {
  const found = names.get(name)
  if (found === undefined) throw new Error(`${name} is none of this world`)
  return found
}

/** Rows by the names of the REST API, as a listener sees them. */
export function seenInRows({ subscriptions, plays }: Pick<Rows, 'subscriptions' | 'plays'>): Seen {
  return seenOf(
    Object.entries(subscriptions).flatMap(([key, { active }]) => (active ? [known(feedOf, key)] : [])),
    Object.entries(plays).map(([key, { position, played }]): [string, Place] => [
      known(enclosureOf, key),
      played ? 'played' : position,
    ]),
  )
}

export function changeOf(edit: Edit, tellsLength: boolean): Change | null {
  switch (edit.what) {
    case 'subscribe':
    case 'unsubscribe':
      return { what: edit.what, feed: edit.feed }
    case 'play':
      return { what: 'listen', episode: edit.episode, position: edit.position, duration: tellsLength ? length : null }
    case 'unplay':
      return { what: 'listen', episode: edit.episode, position: 0, duration: null }
    case 'finish':
      return { what: 'finish', episode: edit.episode }
    case 'restart':
      return { what: 'start over', episode: edit.episode }
    case 'save':
    case 'unsave':
      return { what: 'save', episode: edit.episode, saved: edit.what === 'save' }
    case 'download':
    case 'delete':
      return null
    default:
      return edit satisfies never
  }
}

export interface RestMake {
  readonly device: string | null
  readonly skew: number
  readonly shape: 'A' | 'B'
  readonly tellsLength: boolean
  /** It gives what it can to the server at once. */
  readonly direct: boolean
}

/** An app of the REST API that works offline: tokens, retries under the same key, rows of its own. */
export async function restApp(server: TestServer, user: UserId, make: RestMake): Promise<PodcastApp> {
  const app = await server.allow({ id: user })
  const doors = restDoor(new Map([[app.id, app]])) as Doors
  const { shape, skew } = make
  const device = newDevice(user, { app: app.id, name: make.device, skew, shape, whole: false, compacts: false })
  const line = newLine()
  return {
    name: `rest ${make.device ?? 'without a name'}`,
    author: app.id,
    line,
    async edit(edit) {
      const what = changeOf(edit, make.tellsLength)
      if (what === null) return false
      return make.direct && device.outbox.length === 0
        ? command(doors, device, what, now())
        : change(device, what, now())
    },
    async sync() {
      await line.pause()
      const request = prepare(device)
      take(device, request, await line.upload(() => send(doors, device, request, now(), true)))
    },
    seen: () => seenInRows(device.rows),
    close: () => {},
  }
}

/** What the REST API answers to whoever asks. */
export async function seenByRest(app: App): Promise<Seen> {
  const { body: followed } = await app.call('GET', '/subscriptions')
  const { body: listened } = await app.call('GET', '/play?limit=100')
  return seenOf(
    followed.subscriptions.map((row: Entry) => known(feedOf, row.rss_source_feed)),
    listened.play_statuses.map((row: Entry) => [
      known(enclosureOf, `${row.rss_source_feed} ${row.rss_source_item}`),
      row.played ? 'played' : row.position,
    ]),
  )
}
