import { type Chance, chanceOf } from './chance.ts'
import type { Edit, Life } from './life.ts'
import { type Listener, routines } from './listeners.ts'
import { sit } from './listening.ts'
import { type SeedRequest, type ShareRequest, syncsOf } from './requests.ts'
import { settleIn, tidyUp } from './shelves.ts'

const hour = 3_600_000
const day = 24 * hour

export interface Span {
  /** Another seed gives other histories. */
  readonly seed: number
  /** How many days, today included. */
  readonly days: number
  /** Now, in milliseconds since 1970. */
  readonly until: number
}

/** The first moment of a span: midnight UTC, so that the seed gives the same history all day. */
export const beginningOf = ({ days, until }: Span): number => (Math.floor(until / day) - days + 1) * day

/** Everything one listener's devices ask of the server, in order. */
export function historyOf(listener: Listener, span: Span): SeedRequest[] {
  const chance = chanceOf(`${span.seed} ${listener.name}`)
  const edits = liveThrough(listener, span, chance)
  return [...syncsOf(edits), ...sharesOf(edits, listener, chance)]
}

function liveThrough(listener: Listener, span: Span, chance: Chance): readonly Edit[] {
  const life: Life = {
    listener,
    chance,
    until: span.until,
    edits: [],
    plays: new Map(),
    follows: new Map(),
    saved: new Set(),
    queue: [],
    lists: [],
    shelves: [],
  }
  const sessions = routines[listener.routine].toSorted((a, b) => a.hour - b.hour)
  const firstDay = beginningOf(span) + chance.between(0, Math.floor(span.days / 20)) * day
  settleIn(life, firstDay + chance.between(0, 120) * 1000)
  for (let midnight = firstDay; midnight < span.until; midnight += day) {
    const weekday = new Date(midnight).getUTCDay()
    const kind = weekday === 0 || weekday === 6 ? 'weekend' : 'weekday'
    if (weekday === 6) tidyUp(life, midnight + 7 * hour + chance.between(0, 3600) * 1000)
    for (const session of sessions) {
      if (session.days === kind && chance.happens(session.often)) sit(life, session, midnight)
    }
  }
  return life.edits
}

const comments = {
  fr: [
    'À écouter absolument, surtout la deuxième moitié.',
    'Je ne connaissais pas, quelle découverte !',
    'Pas d’accord avec tout, mais très bien mené.',
    null,
  ],
  en: [
    'Start at the ten-minute mark if you are in a hurry.',
    'The best thing I heard this month.',
    'For everybody who liked the last one.',
    null,
  ],
} as const

/** At least and at most so many, by what others may learn. */
const shares = { public: [1, 3], anonymous: [0, 1], private: [0, 0], never: [0, 1] } as const

/** Recommendations carry no time of their own, so they are of what was heard last. */
function sharesOf(edits: readonly Edit[], listener: Listener, chance: Chance): ShareRequest[] {
  const [least, most] = shares[listener.privacy ?? 'never']
  const heard = edits.filter((edit) => edit.lane === 'plays' && edit.entry.played === true).slice(-12)
  return chance
    .shuffled(heard)
    .slice(0, chance.between(least, most))
    .map(({ device, entry }) => ({
      what: 'share',
      device,
      feed: String(entry.rss_source_feed),
      item: String(entry.rss_source_item),
      comment: chance.pick<string | null>(comments[listener.languages[0] ?? 'en']) ?? null,
    }))
}
