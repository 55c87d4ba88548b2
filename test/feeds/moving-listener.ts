import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { writeSeconds } from '../doors/gpodder-app.ts'
import { startClient } from '../gpodder/client.ts'
import { startSyncClient } from '../nextcloud/client.ts'
import { appPasswordOf, doorOf } from '../openpodcast/door.ts'
import { feedId, itemId, type TestServer } from '../support/instance.ts'
import { noRows, type Rows, rowsOfAnswer, withRows } from '../support/journal-rows.ts'
import { type LiveClient, openLive, tokenOf } from '../support/live.ts'

/** The doors by which a listener comes to follow and to play. */
export const ways = ['rest', 'sync', 'gpodder', 'nextcloud', 'open podcast', 'live'] as const
export type Way = (typeof ways)[number]

/** Where somebody is in each episode, by its number: files are called by it wherever they are. */
export type Places = Readonly<Record<string, number | 'played'>>

/** What one door shows of a listener. */
interface Shown {
  readonly feeds: readonly string[]
  /** Null where the door knows of no plays. */
  readonly places: Places | null
}

/** Seconds that every episode lasts. */
const length = 1800

const numberOf = (name: string): string => /\/(\d+)\.mp3/.exec(name)?.[1] ?? name
const urlOf = (name: string): string => Buffer.from(name, 'base64url').toString()

// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
type Told = any

/** An episode that is told under two names is one too many. */
function placesOf(told: readonly (readonly [name: string, place: number | 'played'])[]): Places {
  const byNumber = Map.groupBy(new Map(told), ([name]) => numberOf(name))
  return Object.fromEntries(
    [...byNumber].map(([k, [one, other]]) => [other ? `${k} twice` : k, one?.[1] ?? 0] as const).toSorted(),
  )
}
const playOf = ({ position, played }: { position: number; played: boolean }) => (played ? 'played' : position)

function inActions(actions: readonly Told[]): Places {
  const plays = actions.filter(({ action }) => action.toLowerCase() === 'play')
  return placesOf(
    plays.map(({ episode, position, total }) => [episode, total > 0 && position >= total ? 'played' : position]),
  )
}

/** What an app shows by its rows. Of an episode whose name has changed it goes on with the newest. */
function inRows({ subscriptions, plays }: Pick<Rows, 'subscriptions' | 'plays'>, feed: string): Shown {
  const active = Object.entries(subscriptions).flatMap(([key, row]) => (row.active ? [urlOf(key)] : []))
  const told = Object.entries(plays)
    .map(([key, row]) => [...key.split(' ').map(urlOf), row] as [string, string, typeof row])
    .filter(([of]) => of === feed)
    .toSorted(([, , one], [, , other]) => Date.parse(one.updated_at) - Date.parse(other.updated_at))
  const newest = new Map(told.map(([, name, row]) => [numberOf(name), [name, playOf(row)] as const]))
  return { feeds: active, places: placesOf([...newest.values()]) }
}

/** A listener with an app at every door. */
export async function startListener(server: TestServer) {
  const phone = await startClient(server)
  const { user, u } = phone
  const tablet = await startSyncClient(server, phone)
  const rest = await server.allow(user)
  const open = doorOf(server, `Bearer ${await appPasswordOf(server, user)}`)
  /** Of the app that syncs on and on, and of the one with an open channel. */
  const kept = { rows: noRows(), token: null as string | null }
  const pushed = { rows: noRows(), token: null as string | null, channel: null as LiveClient | null }
  const gone = { subscriptions: new Set<string>(), subscriptionsSince: 0 }

  const answered = <T extends { status: number; body: Told }>(said: T): Told => {
    expect([said.status, said.body]).toEqual([200, said.body])
    return said.body
  }
  async function fullSync(changes: object = {}, last_sync: string | null = null): Promise<Told> {
    return answered(await rest.call('POST', '/sync', { changes, ...(last_sync === null ? {} : { last_sync }) }))
  }

  /** The channel, opened again from its token where it was closed. */
  async function channel(): Promise<LiveClient> {
    if (pushed.channel && pushed.channel.socket.readyState === pushed.channel.socket.OPEN) return pushed.channel
    if (pushed.token === null) {
      const { changes, sync_token } = await fullSync()
      pushed.rows = rowsOfAnswer(changes)
      pushed.token = sync_token
    }
    const opened = await openLive(server.url, tokenOf(rest.bearer()))
    opened.socket.on('message', (data) => {
      const frame = JSON.parse(String(data))
      if (frame.type !== 'change') return
      pushed.rows = withRows(pushed.rows, rowsOfAnswer(frame.changes))
      pushed.token = frame.sync_token
    })
    opened.send({ type: 'subscribe', since: pushed.token, opid: 'subscribe' })
    await opened.next((frame) => frame.opid === 'subscribe')
    pushed.channel = opened
    return opened
  }

  async function follow(way: Way, feed: string): Promise<void> {
    const at = new Date().toISOString()
    if (way === 'gpodder') {
      const change = { add: [feed], remove: [] }
      answered(await phone.basic('POST', `/api/2/subscriptions/${u}/phone.json`, change))
    } else if (way === 'nextcloud') answered(await tablet.follow([feed]))
    else if (way === 'open podcast')
      answered(await open.call('POST', '/subscriptions', { subscriptions: [{ feed_url: feed }] }))
    else if (way === 'sync')
      await fullSync({
        subscriptions: [
          { rss_source_feed: feedId(feed), rss_source_id: 'x', subscribed_at: at, unsubscribed_at: null },
        ],
      })
    else answered(await rest.call('POST', '/subscriptions', { rss_source_feed: feedId(feed) }))
  }

  async function play(way: Way, feed: string, enclosure: string, place: number | 'played', guid = ''): Promise<void> {
    const position = place === 'played' ? length : place
    const played = place === 'played'
    const names = { rss_source_feed: feedId(feed), rss_source_item: itemId(guid, enclosure) }
    if (way === 'gpodder' || way === 'nextcloud') {
      const timestamp = writeSeconds(Math.floor(Date.now() / 1000))
      const action = { podcast: feed, episode: enclosure, timestamp, started: 0, position, total: length }
      const said = { ...action, ...(guid === '' ? {} : { guid }) }
      if (way === 'gpodder')
        answered(await phone.basic('POST', `/api/2/episodes/${u}.json`, [{ ...said, action: 'play', device: 'phone' }]))
      else answered(await tablet.upload({ ...said, action: 'PLAY' }))
    } else if (way === 'live') {
      const opened = await channel()
      const opid = crypto.randomUUID()
      opened.send({ type: 'record_play', opid, feed: feedId(feed), item: names.rss_source_item, position, played })
      expect(await opened.next((frame) => frame.opid === opid)).toMatchObject({ status: 'ok' })
    } else if (way === 'sync') {
      const updated_at = new Date().toISOString()
      await fullSync({ plays: [{ ...names, position, played, updated_at }] })
    } else answered(await rest.call('POST', '/play', { ...names, position, played }))
  }

  /** What each door shows: to an app that begins now, and to those that have gone on all the time. */
  async function shown(feed: string): Promise<Readonly<Record<string, Shown>>> {
    const subscriptions = answered(await rest.call('GET', '/subscriptions')).subscriptions as Told[]
    const plays = answered(await rest.call('GET', '/play?limit=100')).play_statuses as Told[]
    expect(plays.map((row) => urlOf(row.rss_source_feed))).toEqual(plays.map(() => feed))
    const { changes, sync_token } = await fullSync({}, kept.token)
    kept.rows = withRows(kept.rows, rowsOfAnswer(changes))
    kept.token = sync_token
    const whole = (await fullSync()).changes
    const list = answered(await phone.basic('GET', `/subscriptions/${u}.json`))
    const actions = answered(await phone.basic('GET', `/api/2/episodes/${u}.json?since=0`)).actions as Told[]
    expect(actions.map(({ podcast }) => podcast)).toEqual(actions.map(() => feed))
    const since = gone.subscriptionsSince
    const changed = answered(await phone.basic('GET', `/api/2/subscriptions/${u}/phone.json?since=${since}`))
    for (const url of changed.remove) gone.subscriptions.delete(url)
    for (const url of changed.add) gone.subscriptions.add(url)
    gone.subscriptionsSince = changed.timestamp
    const followed = answered(await tablet.subscriptions(0))
    const opened = answered(await open.call('GET', '/subscriptions')).subscriptions as Told[]
    await channel()
    return {
      rest: {
        feeds: subscriptions.map((row) => urlOf(row.rss_source_feed)),
        places: placesOf(plays.map((row) => [urlOf(row.rss_source_item), playOf(row)])),
      },
      'sync, from the beginning': {
        feeds: inRows(rowsOfAnswer(whole), feed).feeds,
        places: placesOf(whole.plays.map((row: Told) => [urlOf(row.rss_source_item), playOf(row)])),
      },
      'sync, on and on': inRows(kept.rows, feed),
      gpodder: { feeds: list, places: inActions(actions) },
      'gpodder, on and on': { feeds: [...gone.subscriptions], places: null },
      nextcloud: { feeds: followed.add, places: inActions(answered(await tablet.actions(0)).actions) },
      'open podcast': {
        feeds: opened.filter((row) => row.is_subscribed).map((row) => row.feed_url),
        places: null,
      },
      live: inRows(pushed.rows, feed),
    }
  }

  return {
    user,
    follow,
    play,
    async begin(): Promise<void> {
      await phone.basic('POST', `/api/2/devices/${u}/phone.json`, { caption: 'Phone', type: 'mobile' })
      await channel()
    },
    /** Every door shows one subscription and these places; what an open channel pushes may take a moment. */
    async expectWhole(feed: string, places: Places): Promise<void> {
      const whole = (seen: Readonly<Record<string, Shown>>) =>
        Object.fromEntries(
          Object.entries(seen).map(([door, shown]) => [door, { feeds: [feed], places: shown.places && places }]),
        )
      let seen = await shown(feed)
      for (let tries = 0; tries < 40 && JSON.stringify(seen) !== JSON.stringify(whole(seen)); tries++) {
        await sleep(50)
        seen = { ...seen, live: inRows(pushed.rows, feed) }
      }
      expect(seen).toEqual(whole(seen))
    },
    close: () => pushed.channel?.socket.terminate(),
  }
}

export type Listener = Awaited<ReturnType<typeof startListener>>
