import type { Language, Topic } from './podcasts.ts'

export type Device = 'phone' | 'laptop'

/** A time of day at which somebody listens, most days; hours in UTC. */
export interface Session {
  readonly days: 'weekday' | 'weekend'
  readonly hour: number
  readonly minutes: number
  /** On how many of those days, 0 to 1. */
  readonly often: number
  /** The laptop's sessions are the phone's for who has none. */
  readonly device: Device
}

const session = (days: Session['days'], hour: number, minutes: number, often: number, device: Device): Session => ({
  days,
  hour,
  minutes,
  often,
  device,
})

/** When people listen. Sessions of a day are hours apart, so that they never overlap. */
export const routines = {
  commuter: [
    session('weekday', 6.6, 35, 0.9, 'phone'),
    session('weekday', 16.8, 40, 0.85, 'phone'),
    session('weekend', 9.5, 40, 0.4, 'laptop'),
  ],
  evenings: [
    session('weekday', 19.5, 50, 0.6, 'laptop'),
    session('weekday', 11.5, 20, 0.3, 'phone'),
    session('weekend', 14, 70, 0.5, 'phone'),
  ],
  weekends: [
    session('weekend', 9, 90, 0.85, 'phone'),
    session('weekend', 15, 80, 0.6, 'laptop'),
    session('weekday', 20, 20, 0.2, 'phone'),
  ],
  allDay: [
    session('weekday', 6, 45, 0.9, 'phone'),
    session('weekday', 12, 60, 0.7, 'laptop'),
    session('weekday', 17, 60, 0.7, 'phone'),
    session('weekend', 10, 90, 0.7, 'phone'),
  ],
  nowAndThen: [session('weekday', 17.5, 30, 0.2, 'phone'), session('weekend', 16, 45, 0.3, 'phone')],
} as const satisfies Record<string, readonly Session[]>

export interface Listener {
  readonly name: string
  readonly routine: keyof typeof routines
  readonly languages: readonly Language[]
  readonly topics: readonly Topic[]
  readonly laptop: boolean
  /** What others may learn, as this listener chose for everything; null where nothing was ever chosen. */
  readonly privacy: 'public' | 'anonymous' | 'private' | null
}

const listener = (
  name: string,
  routine: Listener['routine'],
  languages: readonly Language[],
  topics: readonly Topic[],
  laptop: boolean,
  privacy: Listener['privacy'],
): Listener => ({ name, routine, languages, topics, laptop, privacy })

/** Who listens in the demo. */
const people: readonly Listener[] = [
  listener('amelie', 'commuter', ['fr'], ['news', 'history'], true, 'public'),
  listener('bruno', 'evenings', ['fr', 'en'], ['tech', 'science'], true, 'anonymous'),
  listener('chloe', 'weekends', ['fr'], ['culture', 'fiction'], false, null),
  listener('dario', 'commuter', ['en'], ['comedy', 'news'], false, null),
  listener('elise', 'allDay', ['fr', 'en'], ['history', 'society', 'culture'], true, 'public'),
  listener('farid', 'commuter', ['fr'], ['tech', 'comedy'], false, null),
  listener('gwen', 'nowAndThen', ['en'], ['fiction', 'culture'], false, null),
  listener('hugo', 'evenings', ['fr'], ['science', 'history'], true, 'private'),
  listener('ines', 'commuter', ['fr', 'en'], ['society', 'news'], false, 'anonymous'),
  listener('jonas', 'weekends', ['en'], ['tech', 'history'], true, null),
  listener('karima', 'allDay', ['fr'], ['news', 'society', 'comedy'], false, 'public'),
  listener('leo', 'nowAndThen', ['fr'], ['comedy'], false, null),
  listener('maud', 'commuter', ['fr'], ['culture', 'history'], true, null),
  listener('nadir', 'evenings', ['en', 'fr'], ['science', 'tech'], false, 'anonymous'),
  listener('oceane', 'weekends', ['fr', 'en'], ['fiction', 'science'], false, null),
  listener('paul', 'commuter', ['en'], ['history', 'society'], true, 'public'),
  listener('quentin', 'nowAndThen', ['fr', 'en'], ['tech', 'news'], true, null),
  listener('rosa', 'allDay', ['en'], ['culture', 'news', 'science'], true, 'anonymous'),
  listener('samuel', 'evenings', ['fr'], ['history', 'fiction'], false, 'private'),
  listener('tess', 'commuter', ['en', 'fr'], ['comedy', 'tech'], true, null),
]

/** So many listeners; beyond the named ones their namesakes: `amelie2`. */
export const listeners = (count: number): Listener[] =>
  Array.from({ length: count }, (_, i): Listener => {
    const person = people[i % people.length] as Listener
    const turn = Math.floor(i / people.length)
    return turn === 0 ? person : { ...person, name: `${person.name}${turn + 1}` }
  })
