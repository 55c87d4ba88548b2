import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { App, Grant } from './app.ts'
import type { Network } from './network.ts'
import {
  type Conflict,
  emptyShelf,
  isSubscribed,
  type List,
  lists,
  type Shelf,
  type SyncAnswer,
  shelved,
} from './shelf.ts'

/** Something the person did that the server has not confirmed yet. */
interface Edit {
  readonly list: List
  /** Which thing it edits: two edits of one thing are sent as one. */
  readonly key: string
  /** As the API wants it. */
  readonly entry: Readonly<Record<string, unknown>>
  /** The token the device had when the edit was made: it says what the person had seen. */
  readonly under: string | null
}

/** What a device keeps on its disk. Plain JSON. */
export interface Memory {
  shelf: Shelf
  /** The `sync_token` of the last answer. */
  token: string | null
  /** Edits not sent yet. */
  outbox: Edit[]
  /** The request whose answer is awaited, with its Idempotency-Key: after a lost answer it is sent again as it was. */
  sending: { readonly key: string; readonly edits: Edit[]; readonly body: SyncBody } | null
}

interface SyncBody {
  last_sync: string | null
  changes: Partial<Record<List, unknown[]>>
}

export interface DeviceParts {
  readonly name: string
  readonly app: App
  readonly grant: Grant
  readonly network: Network
  /** The device's own clock, in milliseconds, right or wrong. */
  readonly clock: () => number
  readonly memory?: Memory
}

export interface Device {
  readonly name: string
  readonly network: Network
  readonly shelf: Shelf
  subscribe(feed: string): void
  unsubscribe(feed: string): void
  /** Where the person is in an episode, in seconds; `startOver` means: on purpose, whatever others say. */
  listen(
    episode: string,
    position: number,
    how?: { played?: boolean; duration?: number | null; startOver?: boolean },
  ): void
  save(episode: string, saved?: boolean): void
  arrangeQueue(episodes: readonly string[]): void
  /** Sends what is in the outbox, takes in what changed elsewhere. Throws without network; then just try again later. */
  sync(): Promise<readonly Conflict[]>
  /** What is on the disk at this moment. */
  stored(): Memory
}

/** A refusal of the server, in its own words. */
export class Refused extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

export function createDevice({ name, app, grant, network, clock, memory: kept }: DeviceParts): Device {
  const memory: Memory = kept ?? { shelf: emptyShelf(), token: null, outbox: [], sending: null }
  /** What to add to this device's clock to get the server's, in milliseconds. For tokens only: edits keep its time. */
  let correction = 0

  const now = () => new Date(clock()).toISOString()

  /** Shows the edit at once, and puts it into the outbox; an unsent edit of the same thing becomes one with it. */
  function edit(list: List, key: string, thing: Shelf[List][string], entry: Edit['entry']): void {
    memory.shelf[list][key] = thing as never
    const before = memory.outbox.find((e) => e.list === list && e.key === key)
    memory.outbox = memory.outbox.filter((e) => e !== before)
    const under = before ? before.under : memory.token
    memory.outbox.push({ list, key, entry: { ...before?.entry, ...entry }, under })
  }

  /** The next request: all edits made under the same token as the oldest one, sent under that token. */
  function nextRequest(): NonNullable<Memory['sending']> {
    const [oldest] = memory.outbox
    const under = oldest ? oldest.under : memory.token
    const edits = memory.outbox.filter((e) => e.under === under)
    memory.outbox = memory.outbox.filter((e) => e.under !== under)
    const changes = Object.groupBy(edits, (e) => e.list)
    const entries = Object.entries(changes).map(([list, of]) => [list, of.map((e) => e.entry)])
    return { key: randomUUID(), edits, body: { last_sync: under, changes: Object.fromEntries(entries) } }
  }

  async function sync(): Promise<readonly Conflict[]> {
    const conflicts: Conflict[] = []
    let upToDate = false
    do {
      // A repeated request gets the answer of its time, so another one follows it.
      upToDate = memory.sending === null
      // Kept until there is an answer: whether the server has heard it, nobody knows after a lost one.
      memory.sending ??= nextRequest()
      const { key, body, edits } = memory.sending
      try {
        const answer = await post(key, body)
        memory.sending = null
        takeIn(answer, body.last_sync === null)
        conflicts.push(...answer.conflicts)
        for (const { type, index, reason } of answer.rejected)
          throw new Refused('rejected', `entry ${index} of ${type}: ${reason}`)
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'sync_token_expired') throw error
        // The server was restored, or we were away too long: sync in full. What is unsent is sent with it.
        memory.sending = null
        memory.token = null
        memory.outbox = [...edits, ...memory.outbox].map((e) => ({ ...e, under: null }))
      }
    } while (!upToDate || memory.outbox.length > 0 || memory.token === null)
    return conflicts
  }

  /** Rows replace what we have, by the names the server gives. */
  function takeIn({ sync_token, changes }: SyncAnswer, inFull: boolean): void {
    // A thing with an unsent edit keeps it: the answer to that edit will tell how it ended.
    const pending = new Set(memory.outbox.map((e) => `${e.list} ${e.key}`))
    for (const list of lists) {
      const mine: Record<string, unknown> = memory.shelf[list]
      if (inFull) for (const key of Object.keys(mine)) if (!pending.has(`${list} ${key}`)) delete mine[key]
      for (const row of changes[list]) {
        const [key, thing] = shelved(list, row)
        if (!pending.has(`${list} ${key}`)) mine[key] = thing
      }
    }
    memory.token = sync_token
  }

  async function post(key: string, body: SyncBody): Promise<SyncAnswer> {
    for (let tries = 1; ; tries++) {
      const token = await app.requestToken(grant, name, clock() + correction)
      const response = await network.fetch(`${grant.instance}/api/v1/sync`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
      })
      if (response.ok) return (await response.json()) as SyncAnswer
      // Tokens hold a time that the server checks: a device whose clock is wrong goes by the server's.
      const off = Date.parse(response.headers.get('date') ?? '') - clock()
      if (response.status === 401 && tries === 1 && Math.abs(off - correction) > 30_000) {
        correction = off
        continue
      }
      const wait = Number(response.headers.get('retry-after'))
      if ((response.status === 429 || response.status === 503) && tries < 5) {
        await sleep((wait || 5) * 1000)
        continue
      }
      const problem = (await response.json().catch(() => ({}))) as { error?: string; error_code?: string }
      throw new Refused(problem.error_code ?? String(response.status), problem.error ?? `HTTP ${response.status}`)
    }
  }

  function setSubscribed(feed: string, subscribed: boolean): void {
    if (isSubscribed(memory.shelf, feed) === subscribed) return
    const at = now()
    edit(
      'subscriptions',
      feed,
      { subscribed, at },
      {
        rss_source_feed: feed,
        subscribed_at: subscribed ? at : null,
        unsubscribed_at: subscribed ? null : at,
      },
    )
  }

  const named = (episode: string) => {
    const [rss_source_feed = '', rss_source_item = ''] = episode.split('/')
    return { rss_source_feed, rss_source_item }
  }

  return {
    name,
    network,
    get shelf() {
      return memory.shelf
    },
    subscribe: (feed) => setSubscribed(feed, true),
    unsubscribe: (feed) => setSubscribed(feed, false),
    listen(episode, position, { played, duration, startOver = false } = {}) {
      const before = memory.shelf.plays[episode]
      const play = {
        position,
        played: played ?? (startOver ? false : (before?.played ?? false)),
        duration: duration ?? before?.duration ?? null,
        updated_at: now(),
      }
      edit('plays', episode, play, { ...named(episode), ...play, ...(startOver ? { reset: true } : {}) })
    },
    save(episode, saved = true) {
      if ((memory.shelf.saves[episode]?.saved ?? false) === saved) return
      const mark = { saved, updated_at: now() }
      edit('saves', episode, mark, { ...named(episode), ...mark })
    },
    arrangeQueue(episodes) {
      // A list holds an episode once.
      const items = [...new Set(episodes)]
      const updated_at = now()
      const entry = { kind: 'queue', items: items.map(named), updated_at }
      edit('playlists', 'queue', { items, deleted: false, updated_at }, entry)
    },
    sync,
    stored: () => structuredClone(memory),
  }
}
