import { canonicalFeed, decodeFeed } from '../../src/podcast/names.ts'
import { plain } from './names.ts'
import type { Shot } from './shots.ts'

/** What a listener was last told about a play; more than one where the server did not say how it settled an edit. */
type Standing<Value> = readonly Value[]

interface Play {
  readonly position: number
  readonly played: boolean
}

// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
type Json = any

/**
 * What a listener may rely on, by the answers they got: every play, subscription and playlist's name as it was last
 * acknowledged. Not a copy of the server: it knows no merging, only what was said and what was answered.
 */
export interface Ledger {
  /** Takes in that a request was carried out. */
  note(shot: Shot, answer: Json): void
  /** What the server no longer knows, given the answer of a full sync. */
  lost(sync: Json): readonly string[]
  readonly size: number
}

/** The name all spellings of a feed share. */
const feedKey = (encoded: string) => canonicalFeed(decodeFeed(encoded) ?? encoded)

const playKey = (feed: string, item: string) => `${feedKey(feed)} ${plain(item)}`

const either = <Value>(before: Standing<Value> | undefined, now: Value): Standing<Value> => {
  const all = [...(before ?? []), now]
  return all.filter((value, i) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(value)) === i)
}

export function openLedger(sync: Json, queue: string): Ledger {
  const plays = new Map<string, Standing<Play>>()
  const subscriptions = new Map<string, Standing<boolean>>()
  /** By id; null for one that is gone. */
  const playlists = new Map<string, Standing<string | null>>()

  const told = {
    play: (row: Json) =>
      plays.set(playKey(row.rss_source_feed, row.rss_source_item), [{ position: row.position, played: row.played }]),
    subscription: (row: Json) => subscriptions.set(feedKey(row.rss_source_feed), [isActive(row)]),
    playlist: (row: Json) => playlists.set(row.id, [row.deleted_at === null ? row.name : null]),
  }
  const takeIn = ({ changes, data }: Json) => {
    const told_ = changes ?? { ...data, plays: data.play_statuses }
    told_.plays.forEach(told.play)
    told_.subscriptions.forEach(told.subscription)
    told_.playlists.forEach(told.playlist)
  }
  takeIn(sync)

  /** A sync: what it tells holds; what it does not mention stands as it was sent. */
  function noteSync(body: Json, answer: Json) {
    const from = body.changes ?? body
    const good = (lane: string, list: Json[], offset = 0): Json[] =>
      (list ?? []).filter((_, i) => !answer.rejected.some((r: Json) => r.type === lane && r.index === i + offset))
    const time = (...times: (string | null | undefined)[]) =>
      Math.max(...times.map((t) => (typeof t === 'string' ? Date.parse(t) : 0)))
    const inTurn = (list: Json[], at: (entry: Json) => number) =>
      list
        .map((entry) => ({ entry, at: at(entry) }))
        .sort((a, b) => a.at - b.at)
        .map(({ entry }) => entry)
    const sent = [...good('plays', from.plays), ...good('plays', from.play_statuses, from.plays?.length ?? 0)]
    for (const play of inTurn(sent, (e) => time(e.updated_at))) told.play(play)
    for (const entry of inTurn(good('subscriptions', from.subscriptions), (e) =>
      time(e.subscribed_at, e.unsubscribed_at),
    ))
      subscriptions.set(feedKey(entry.rss_source_feed), [isActive(entry)])
    for (const entry of inTurn(good('playlists', from.playlists), (e) => time(e.updated_at, e.deleted_at))) {
      const id = entry.kind === 'queue' ? queue : entry.id.toLowerCase()
      if (typeof entry.deleted_at === 'string') playlists.set(id, [null])
      else if (entry.name !== undefined) playlists.set(id, [entry.name])
      // A list that begins anew without a name gets one that the device need not be told.
      else if (typeof playlists.get(id)?.[0] !== 'string') playlists.delete(id)
    }
    takeIn(answer)
  }

  const hearers: Record<string, (shot: Shot, body: Json, answer: Json) => void> = {
    'post /sync': (_, body, answer) => noteSync(body, answer),
    'post /subscriptions': (_, body) => {
      const key = feedKey(body.rss_source_feed)
      const timed = typeof body.subscribed_at === 'string'
      subscriptions.set(key, timed ? either(subscriptions.get(key), true) : [true])
    },
    'delete /subscriptions/{feed}': ({ path }) => {
      const key = feedKey(decodeURIComponent(path.feed ?? ''))
      if (subscriptions.has(key)) subscriptions.set(key, [false])
    },
    'post /play': (_, body) => {
      const key = playKey(body.rss_source_feed, body.rss_source_item)
      const now = { position: body.position, played: body.played }
      plays.set(key, typeof body.at === 'string' ? either(plays.get(key), now) : [now])
    },
    'put /play/{item}/position': ({ path, query }, body) => {
      const item = plain(decodeURIComponent(path.item ?? ''))
      const feed = query.find(([name]) => name === 'feed')?.[1]
      const known = [...plays.keys()].filter((key) => key.endsWith(` ${item}`))
      // Without a feed it was the only one of the listener's, or else one that nobody can tell from here.
      const [key = known[0]] = feed === undefined ? [] : [playKey(feed, item)]
      if (key === undefined) return
      const before = plays.get(key) ?? [{ position: 0, played: false }]
      const now = before.map(({ played }) => ({ position: body.position, played }))
      plays.set(key, typeof body.at === 'string' ? now.reduce(either<Play>, before) : now)
    },
    'post /playlists': (_, body, answer) => playlists.set(answer.id, [body.name]),
    'patch /playlists/{id}': ({ path }, body) => {
      if (body.name !== undefined) playlists.set(decodeURIComponent(path.id ?? '').toLowerCase(), [body.name])
    },
    'delete /playlists/{id}': ({ path }) => playlists.set(decodeURIComponent(path.id ?? '').toLowerCase(), [null]),
  }

  return {
    note(shot, answer) {
      const { operation, text = '' } = shot
      // An empty body counts as `{}`.
      const body = operation.requestBody?.content['application/json']
        ? JSON.parse(text.replace(/^\ufeff/, '') || '{}')
        : {}
      hearers[`${operation.method} ${operation.path}`]?.(shot, body, answer)
    },
    lost({ changes }) {
      const compare = <Value>(
        what: string,
        expected: ReadonlyMap<string, Standing<Value>>,
        found: ReadonlyMap<string, Value>,
        absent: Value | undefined,
      ) =>
        [...expected].flatMap(([key, standing]) => {
          const is = found.get(key) ?? absent
          const fits = standing.some((value) => JSON.stringify(value) === JSON.stringify(is))
          return fits ? [] : [`${what} ${key} is ${JSON.stringify(is)}, acknowledged ${JSON.stringify(standing)}`]
        })
      const foundPlays = changes.plays.map((row: Json) => [
        playKey(row.rss_source_feed, row.rss_source_item),
        { position: row.position, played: row.played },
      ])
      const foundSubscriptions = changes.subscriptions.map((row: Json) => [feedKey(row.rss_source_feed), isActive(row)])
      const foundPlaylists = changes.playlists.map((row: Json) => [row.id, row.deleted_at === null ? row.name : null])
      return [
        ...compare('the play', plays, new Map(foundPlays), undefined),
        ...compare('the subscription', subscriptions, new Map(foundSubscriptions), false),
        ...compare('the playlist', playlists, new Map(foundPlaylists), null),
      ]
    },
    get size() {
      return plays.size + subscriptions.size + playlists.size
    },
  }
}

const isActive = ({ subscribed_at: on, unsubscribed_at: off }: Json): boolean =>
  (on ? Date.parse(on) : -1) >= (off ? Date.parse(off) : -1)
