import type { SyncClient } from './client.ts'

/** An episode as a player has it. Seconds. */
export interface OwnEpisode {
  position: number
  played: boolean
  readonly length: number
}

/** An action as the server tells it. */
export interface ToldRow {
  readonly podcast: string
  readonly episode: string
  readonly action: string
  readonly timestamp: string
  readonly started: number
  readonly position: number
  readonly total: number
}

/** The newest of each episode. */
export function newestOf<Row extends Pick<ToldRow, 'episode' | 'timestamp'>>(rows: readonly Row[]): Map<string, Row> {
  const found = new Map<string, Row>()
  for (const row of rows) {
    const before = found.get(row.episode)
    if (!before || before.timestamp <= row.timestamp) found.set(row.episode, row)
  }
  return found
}

/** What a player stands on. Times are seconds since 1970. */
export interface Player {
  readonly client: SyncClient
  readonly episodes: Map<string, OwnEpisode>
  readonly feeds: Set<string>
  /** When it syncs. */
  readonly now: () => number
  /** When what is done next was done: some time ago, and a minute later each time, whoever does it. */
  readonly done: () => number
}

/** A house with one clock for whatever is done in it. */
export function household(): Pick<Player, 'now' | 'done'> {
  const now = () => Math.floor(Date.now() / 1000)
  let last = now() - 3_600
  return {
    now,
    done: () => {
      last += 60
      return last
    },
  }
}

export const feedOf = (n: number): string => `https://feeds.example/${n}.xml`
export const episodeOf = (n: number, feed = 1): string => `https://media.example/${feed}/${n}.mp3`
export const feedIn = (url: string): string => feedOf(Number(url.split('/').at(-2)))

export const toTime = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 19)

/** Shelves with so many episodes, half an hour each. */
export const shelves = (count: number): Map<string, OwnEpisode> =>
  new Map(
    Array.from({ length: count }, (_, n): [string, OwnEpisode] => [
      episodeOf(n),
      { position: 0, played: false, length: 1_800 },
    ]),
  )
