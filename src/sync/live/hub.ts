import { setTimeout as sleep } from 'node:timers/promises'
import type { Listening } from '../../journal/listening.ts'
import type { Grown } from '../../journal/tidings.ts'
import type { UserId } from '../../kernel/brand.ts'
import { isRefusal, type Refusal, refuse, refuseValue } from '../../kernel/refusal.ts'
import { subscribedSince } from '../../subscriptions/index.ts'
import { type Changes, changesSince } from '../changes.ts'
import { showChanges } from '../shown.ts'
import { formatToken, parseLastSync } from '../token.ts'
import { countRows, newestOf, newsFor, partsOf } from './news.ts'
import type { LiveTally } from './parts.ts'

/** One who wants to be told of a user's changes. */
export interface Reader {
  /** Whose own words it is not told; null where it does not name its device. */
  readonly author: string | null
  /** Whether what it was told before has left the house. */
  ready(): boolean
  /** Resolves when it is ready; false when it was too slow or is gone. */
  drained(): Promise<boolean>
  /** `text` is the frame as JSON; with it, all up to `token` is told. */
  push(token: string, text: string): void
}

export interface Subscribed {
  /** From where on changes are told. */
  readonly token: string
  begin(): void
  leave(): void
}

export interface Hub {
  /** Refuses a token that is none, or that has expired. Without one only what is to come is told. */
  subscribe(user: UserId, reader: Reader, since: string | null): Promise<Subscribed | Refusal>
  /** This user's journal has grown, as it is known here; null: any may have. */
  wake(grown: Grown | null): void
  /** The users who are listened to. */
  users(): readonly UserId[]
  /** Wakes those whose journals are further than what was told. */
  compare(numbers: ReadonlyMap<UserId, number>): void
}

/** A reader and how far it was told. */
interface Seat {
  readonly reader: Reader
  at: number
  left: boolean
}

/** The readers of one user. Those who are `live` were told up to `at` or further, and are told together. */
interface Room {
  readonly user: UserId
  readonly live: Set<Seat>
  seats: number
  at: number
  /** How far the journal is at least. */
  grown: number
  /** Counts wake-ups, so that one is noticed that comes while something is under way. */
  wakes: number
  looking: boolean
}

/** Rows in one frame. */
const mostRows = 500
/** Milliseconds before the database is asked anew when it failed. */
const retryAfter = 1_000

interface Log {
  error(context: object, message: string): void
}

/**
 * Tells readers what changed: one query for all readers of a user, however many they are. Who begins with an old token,
 * or reads too slowly to keep up, catches up on its own and then joins the others.
 */
export function createHub({ journal, catalog, titlesOf, reading }: Listening, tally: LiveTally, log: Log): Hub {
  const rooms = new Map<UserId, Room>()

  async function frame(user: UserId, number: number, changes: Changes): Promise<{ token: string; text: string }> {
    const token = formatToken({ epoch: await journal.epoch(), number })
    const since = async (podcasts: readonly string[]) => subscribedSince(await reading(user), user, podcasts)
    const shown = await showChanges({ catalog, titlesOf }, user, changes, since)
    return { token, text: JSON.stringify({ type: 'change', sync_token: token, changes: shown }) }
  }

  /**
   * All that was written after `after`, and how far that is. The head first: what it counts must be in the rows, which
   * are of one moment, so that with the newest of them all before it is there as well.
   */
  async function changesOf({ user, grown }: Room, after: number): Promise<{ head: number; changes: Changes } | null> {
    const head = grown > after ? grown : (await journal.head(user)).lastNumber
    if (head <= after) return null
    const changes = await changesSince(await reading(user), user, after, null)
    return { head: Math.max(head, newestOf(changes)), changes }
  }

  async function tellLive(room: Room): Promise<void> {
    const found = await changesOf(room, room.at)
    if (!found) return
    const { head, changes } = found
    const frames = new Map<string, ReturnType<typeof frame>>()
    const own = new Set(Object.values(changes).flatMap((list) => list.map((row) => row.echo)))
    // Those who join in the middle of this are visited as well.
    for (const seat of room.live) {
      if (seat.at >= head) continue
      const { author } = seat.reader
      const news = newsFor(changes, seat.at, author)
      const count = countRows(news)
      if (count > mostRows || !seat.reader.ready()) {
        room.live.delete(seat)
        void catchUp(room, seat)
        continue
      }
      if (count > 0) {
        const same = `${seat.at} ${author !== null && own.has(author) ? author : ''}`
        const made = frames.get(same) ?? frame(room.user, head, news)
        frames.set(same, made)
        const { token, text } = await made
        if (seat.left) continue
        tally.pushed++
        seat.reader.push(token, text)
      }
      seat.at = head
    }
    room.at = head
  }

  /** One at a time for each room; what comes meanwhile is told together afterwards. */
  async function look(room: Room): Promise<void> {
    if (room.looking) return
    room.looking = true
    try {
      let wakes: number
      do {
        wakes = room.wakes
        if (room.live.size > 0) await tellLive(room)
      } while (wakes !== room.wakes)
    } catch (error) {
      log.error({ err: error }, 'open channels could not be told of changes; trying again in a second')
      setTimeout(() => wakeRoom(room), retryAfter).unref()
    } finally {
      room.looking = false
    }
  }

  function wakeRoom(room: Room): void {
    room.wakes++
    void look(room)
  }

  async function catchUp(room: Room, seat: Seat): Promise<void> {
    while (!seat.left) {
      try {
        const wakes = room.wakes
        const found = await changesOf(room, seat.at)
        if (found && !(await tellParts(room, seat, found))) return
        // No await from here on: nothing can be told between this look and joining.
        const upToDate = wakes === room.wakes && seat.at >= room.at
        if (upToDate && !seat.left && seat.reader.ready()) {
          if (room.live.size === 0) room.at = seat.at
          room.live.add(seat)
          return
        }
        if (!(await seat.reader.drained())) return
      } catch (error) {
        log.error({ err: error }, 'an open channel could not be told of changes; trying again in a second')
        await sleep(retryAfter)
      }
    }
  }

  /** False when the reader did not take it. */
  async function tellParts(room: Room, seat: Seat, { head, changes }: { head: number; changes: Changes }) {
    for (const part of partsOf(newsFor(changes, seat.at, seat.reader.author), head, mostRows)) {
      if (!(await seat.reader.drained())) return false
      if (part.rows > 0) {
        const { token, text } = await frame(room.user, part.number, part.changes)
        if (seat.left) return false
        tally.pushed++
        seat.reader.push(token, text)
      }
      seat.at = part.number
    }
    return true
  }

  async function startingAt(user: UserId, since: string | null): Promise<number | Refusal> {
    const { lastNumber, horizon } = await journal.head(user)
    if (since === null) return lastNumber
    const token = parseLastSync(since)
    if (token === null || 'time' in token) return refuseValue('since', 'is not a sync_token')
    const { epoch, number } = token
    if (epoch === (await journal.epoch()) && number <= lastNumber && number >= horizon) return number
    return refuse('sync_token_expired', 'This sync_token is too old or of another life of the server; sync in full.')
  }

  return {
    async subscribe(user, reader, since) {
      const at = await startingAt(user, since)
      if (isRefusal(at)) return at
      const token = formatToken({ epoch: await journal.epoch(), number: at })
      const seat: Seat = { reader, at, left: false }
      const room = rooms.get(user) ?? emptyRoom(user)
      rooms.set(user, room)
      room.seats++
      if (since !== null) tally.resumed++
      return {
        token,
        begin: () => void catchUp(room, seat),
        leave: () => {
          if (seat.left) return
          seat.left = true
          room.live.delete(seat)
          if (--room.seats === 0) rooms.delete(user)
        },
      }
    },
    wake: (grown) => {
      if (grown === null) {
        for (const room of rooms.values()) wakeRoom(room)
        return
      }
      const room = rooms.get(grown.user)
      // The process that wrote it has told of it before anybody else heard.
      if (!room || grown.number <= room.grown) return
      room.grown = grown.number
      wakeRoom(room)
    },
    users: () => [...rooms.keys()],
    compare: (numbers) => {
      for (const room of rooms.values()) {
        const number = numbers.get(room.user) ?? 0
        room.grown = Math.max(room.grown, number)
        if (number > room.at) wakeRoom(room)
      }
    },
  }
}

const emptyRoom = (user: UserId): Room => ({
  user,
  live: new Set(),
  seats: 0,
  at: 0,
  grown: 0,
  wakes: 0,
  looking: false,
})
