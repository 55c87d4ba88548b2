import { openEvents, openLive, type Told } from './live.ts'

/** What a device knows: things by their names, as they were told last. */
export type Known = ReadonlyMap<string, string>

/** What the rows of a sync or a change come to for who knew `before`. */
export function learn(before: Known, changes: Told): Known {
  const known = new Map(before)
  const keep = (lane: string, key: string) => {
    for (const row of changes[lane]) known.set(`${lane} ${row[key]}`, JSON.stringify(row))
  }
  keep('plays', 'rss_source_item')
  keep('subscriptions', 'rss_source_feed')
  keep('playlists', 'id')
  return known
}

/** A state to come back to: what was known when the server told this token. */
interface Moment {
  readonly token: string
  readonly known: Known
}

/** A device that keeps each token together with what it told, as docs/api/live.md asks. */
export interface LiveReader {
  known(): Known
  isOpen(): boolean
  /** Opens a channel, from the newest moment or one that lies `back` before it, as after restoring a backup. */
  attach(url: string, kind: 'websocket' | 'events', back?: number): Promise<void>
  /** Is gone without a word. */
  die(): void
  /** Leaves unread what comes. */
  pause(): void
  resume(): void
  /** Records a play over the channel, where it is a WebSocket that is open. */
  say(frame: object): void
  /** Codes of what the server said to end a channel. */
  readonly ends: string[]
}

interface Attached {
  pause(): void
  resume(): void
  say(frame: object): void
  die(): void
}

/** @param begin the sync_token to start from, with nothing known */
export function createLiveReader(token: string, begin: string): LiveReader {
  let moments: Moment[] = [{ token: begin, known: new Map() }]
  let current: Attached | null = null
  const ends: string[] = []
  const now = () => moments.at(-1) as Moment
  const take = (frame: Told) => {
    if (frame.error) ends.push(frame.error.code)
    if (frame.type !== 'change') return
    moments.push({ token: frame.sync_token, known: learn(now().known, frame.changes) })
  }

  async function webSocket(url: string): Promise<Attached> {
    const client = await openLive(url, token)
    const attached: Attached = {
      pause: () => client.socket.pause(),
      resume: () => client.socket.resume(),
      say: (frame) => client.socket.readyState === client.socket.OPEN && client.send(frame),
      die: () => client.socket.terminate(),
    }
    const said = await client.ask({ type: 'subscribe', since: now().token })
    if (said.status !== 'ok') throw new Error(JSON.stringify(said))
    for (const frame of client.frames.splice(0)) take(frame)
    client.socket.on('message', (data) => {
      client.frames.length = 0
      if (current === attached) take(JSON.parse(String(data)))
    })
    void client.closed.then(() => {
      if (current === attached) current = null
    })
    return attached
  }

  async function events(url: string): Promise<Attached> {
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': now().token }
    const stream = await openEvents(url, headers)
    // A second pause is the same pause: whoever waits for its end is to hear of it.
    let gate: PromiseWithResolvers<void> | null = null
    const resume = () => {
      gate?.resolve()
      gate = null
    }
    const attached: Attached = {
      pause: () => {
        gate ??= Promise.withResolvers<void>()
      },
      resume,
      say: () => {},
      die: () => {
        resume()
        stream.close()
      },
    }
    const read = async () => {
      for (;;) {
        await gate?.promise
        const { data } = await stream.next()
        if (current !== attached) return
        take(data)
      }
    }
    queueMicrotask(() => {
      read().catch(() => {
        if (current === attached) current = null
      })
    })
    return attached
  }

  return {
    ends,
    known: () => now().known,
    isOpen: () => current !== null,
    async attach(url, kind, back = 0) {
      current?.die()
      current = null
      moments = moments.slice(0, Math.max(1, moments.length - back))
      current = await (kind === 'websocket' ? webSocket(url) : events(url))
    },
    die() {
      current?.die()
      current = null
    },
    pause: () => current?.pause(),
    resume: () => current?.resume(),
    say: (frame) => current?.say(frame),
  }
}
