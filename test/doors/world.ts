import { vi } from 'vitest'
import { feedId, itemId } from '../support/instance.ts'

/** A small world, so that apps meet: few podcasts, few episodes, each of them an hour long. */
export const feeds = ['a', 'b', 'c'].map((name) => `https://feeds.example/${name}.xml`)

export interface Episode {
  readonly podcast: string
  readonly guid: string
  readonly enclosure: string
}

export const episodes: readonly Episode[] = feeds.flatMap((podcast, f) =>
  [0, 1].map((i) => ({ podcast, guid: `guid-${f}-${i}`, enclosure: `https://media.example/${f}/${i}.mp3` })),
)

/** Seconds that every episode lasts. */
export const length = 3600

/** Episodes are known by their enclosures; this is what the REST API calls them. */
export const restNames = ({ podcast, guid, enclosure }: Episode) => ({
  feed: feedId(podcast),
  item: itemId(guid, enclosure),
})

/** What a listener does in an app. */
export type Edit =
  | { readonly what: 'subscribe' | 'unsubscribe'; readonly feed: number }
  | { readonly what: 'play'; readonly episode: number; readonly position: number }
  | { readonly what: 'finish' | 'unplay' | 'restart'; readonly episode: number }
  | { readonly what: 'save' | 'unsave' | 'download' | 'delete'; readonly episode: number }

/** What of a request happens on the way: nothing, its answer is lost, or it arrives twice. */
export type Fate = 'whole' | 'lost' | 'twice'

/** Where a listener is in an episode; of what was played to its end, apps know no place. */
export type Place = number | 'played'

/** What a listener sees in an app; `plays` is null where the app knows nothing of them. */
export interface Seen {
  readonly subscriptions: readonly string[]
  /** By enclosure; episodes nobody began are left out. */
  readonly plays: Readonly<Record<string, Place>> | null
}

export const seenOf = (subscriptions: Iterable<string>, plays: Iterable<readonly [string, Place]> | null): Seen => ({
  subscriptions: [...subscriptions].toSorted(),
  plays:
    plays && Object.fromEntries([...plays].filter(([, place]) => place !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1))),
})

/** An app on a device, with a state of its own, that speaks to the server through one of the doors. */
export interface PodcastApp {
  readonly name: string
  /** Under which app's name the server writes what it says. */
  readonly author: string
  readonly line: Line
  /** The listener does something; false where the app does not offer it. */
  edit(edit: Edit): Promise<boolean>
  /** Brings app and server into step. Throws `LostAnswer` when it was cut off in the middle. */
  sync(): Promise<void>
  seen(): Seen
  close(): void
}

/** The answer to a request never came. */
export class LostAnswer extends Error {}

/** What an app's requests go through. */
export interface Line {
  /** What becomes of the next request that changes something. */
  fate: Fate
  /** Between what a sync asks and what it tells: held up there when somebody wants to do something in between. */
  pause(): Promise<void>
  /** Holds the next sync up at its first or a later pause. */
  hold(pauses: number): Hold
  /** Sends something that changes the server. */
  upload<T>(send: () => Promise<T>): Promise<T>
}

export interface Hold {
  /** The sync waits. */
  readonly reached: Promise<void>
  release(): void
}

export function newLine(): Line {
  let left = 0
  let gate: { reach: () => void; released: Promise<void> } | null = null
  return {
    fate: 'whole',
    async pause() {
      if (gate === null || left-- > 0) return
      gate.reach()
      await gate.released
    },
    hold(pauses) {
      const reached = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      left = pauses
      gate = { reach: reached.resolve, released: released.promise }
      return {
        reached: reached.promise,
        release() {
          gate = null
          released.resolve()
        },
      }
    },
    async upload(send) {
      const { fate } = this
      this.fate = 'whole'
      wait(request)
      if (fate === 'twice') {
        const [first] = await Promise.all([send(), send()])
        return first
      }
      const said = await send()
      if (fate === 'lost') throw new LostAnswer()
      return said
    },
  }
}

/** Milliseconds that go by with a request. */
const request = 20

/** Milliseconds since 1970, by the server's clock: one that only goes on when it is told to. */
export const now = (): number => Date.now()

/** Sixteen seconds hold one second of each app of a household, and the server's at the end. */
export const rhythm = 16_000

/** Stops the clock. */
export const stopClock = (): void => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
  nextTurn()
}

export const wait = (ms: number): void => void vi.setSystemTime(now() + ms)

/** Time goes by until somebody may do something that is not done in the same second as anything before. */
export const nextTurn = (): void => void vi.setSystemTime((Math.floor(now() / rhythm) + 2) * rhythm - 1000)
