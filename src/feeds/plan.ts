import type { Rhythm } from './shapes.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** How often a living feed is looked at, at the most and at the least; and one that seems dead. Milliseconds. */
const soonest = 15 * minute
const latest = day
const deadPace = 7 * day

/** What the next check of a feed goes by. */
export interface FeedRhythm {
  /** When its newest episodes came out, newest first, milliseconds; at most twelve. */
  readonly published: readonly number[]
  readonly hints: Rhythm
  /** The feed says that no episode will follow. */
  readonly complete: boolean
}

/** When to look again, and why then, in words. */
export interface Plan {
  readonly at: number
  readonly why: string
}

export interface Circumstances {
  readonly now: number
  /** People who follow it. */
  readonly followers: number
  /** A hub tells of its changes. */
  readonly told: boolean
  /** 0 to 1, the same for a feed each time: keeps feeds that began together from coming together for ever. */
  readonly spread: number
}

/** A hub may forget, so the feed is looked at all the same: but so many times less often. */
const toldPace = 4

const units = [
  ['day', day],
  ['hour', hour],
  ['minute', minute],
] as const

/** A span in words, by its largest unit that fits at least twice. */
export function spanInWords(ms: number): string {
  const [unit, size] = units.find(([, length]) => ms >= 2 * length) ?? units[2]
  const count = Math.max(1, Math.round(ms / size))
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0

/** What the episodes' own rhythm asks for: about twelve looks per episode, and one soon after the next is due. */
function byRhythm({ published, complete }: FeedRhythm, now: number): { wait: number; why: string } {
  const [newest] = published
  if (complete) return { wait: deadPace, why: 'it says that it is complete' }
  if (newest === undefined) return { wait: 6 * hour, why: 'none of its episodes has a date' }
  const silence = now - newest
  if (silence > 400 * day) return { wait: deadPace, why: `its newest episode is ${spanInWords(silence)} old` }
  const gaps = published.slice(1).map((time, i) => (published[i] as number) - time)
  const gap = median(gaps.filter((length) => length > 0))
  if (gap === 0) return { wait: 6 * hour, why: 'it has too few episodes to tell a rhythm' }
  const rhythm = `an episode every ${spanInWords(gap)}`
  if (silence > 4 * gap && silence > 14 * day)
    return { wait: latest, why: `${rhythm}, but none for ${spanInWords(silence)}` }
  const usual = Math.min(gap / 12, latest)
  const due = newest + gap - now
  if (due > 0 && due < usual) return { wait: due + soonest / 3, why: `${rhythm}, and the next is due` }
  return { wait: usual, why: rhythm }
}

const skipped = (at: number, { skipHours, skipDays }: Rhythm): boolean =>
  skipHours.includes(new Date(at).getUTCHours()) || skipDays.includes(new Date(at).getUTCDay())

/** The first moment from `at` on that the feed has not asked to be left alone in; at most two days later. */
function outsideSkipped(at: number, hints: Rhythm): number {
  for (let later = 0; later <= 48; later++) if (!skipped(at + later * hour, hints)) return at + later * hour
  return at
}

const within = (wait: number, least: number, most: number): number => Math.min(Math.max(wait, least), most)

/**
 * When to look again at a feed that was read, or has not changed.
 *
 * @param freshFor milliseconds for which the server called its answer fresh (`Cache-Control: max-age`)
 */
export function planNext(rhythm: FeedRhythm, { now, followers, told, spread }: Circumstances, freshFor = 0): Plan {
  const { wait, why } = byRhythm(rhythm, now)
  const reasons = [why]
  let chosen = wait >= deadPace ? wait : within(followers >= 100 ? wait / 2 : wait, soonest, latest)
  if (told && chosen < latest) {
    chosen = Math.min(chosen * toldPace, latest)
    reasons.push('its hub tells of changes')
  }
  const { ttlMinutes, everyMinutes } = rhythm.hints
  const asked = Math.min(Math.max(ttlMinutes ?? 0, everyMinutes ?? 0) * minute, latest)
  if (asked > chosen) {
    chosen = asked
    reasons.push(`it asks for ${spanInWords(asked)} between two looks`)
  }
  const fresh = Math.min(freshFor, 6 * hour)
  if (fresh > chosen) {
    chosen = fresh
    reasons.push(`its server calls it fresh for ${spanInWords(fresh)}`)
  }
  if (followers === 0 && chosen < 6 * hour) {
    chosen = 6 * hour
    reasons.push('nobody follows it, it is only played')
  }
  const at = now + Math.round(chosen * (0.9 + 0.2 * spread))
  const allowed = outsideSkipped(at, rhythm.hints)
  if (allowed !== at) reasons.push('it asks not to be looked at before')
  return { at: allowed, why: reasons.join('; ') }
}

/** Why a look at a feed led to nothing. */
export type Trouble = 'passing' | 'refused' | 'locked' | 'gone' | 'asked to wait'

export interface Failing {
  /** In a row, this one included. */
  readonly failures: number
  readonly since: number
  readonly trouble: Trouble
  /** Milliseconds that the server asked to be left alone for. */
  readonly retryAfter: number | null
}

/** When to try again: soon at first, then ever later; a feed that failed for a month is looked at once a week. */
export function planRetry(
  { failures, since, trouble, retryAfter }: Failing,
  { now, spread }: Pick<Circumstances, 'now' | 'spread'>,
): Plan {
  const backOff = Math.min(10 * minute * 2 ** (failures - 1), day)
  const spreading = 0.9 + 0.2 * spread
  const later = (wait: number, why: string): Plan => {
    const asked = Math.min(retryAfter ?? 0, deadPace)
    return asked > wait * spreading
      ? { at: now + asked, why: `its server asks to be left alone for ${spanInWords(asked)}` }
      : { at: now + Math.round(wait * spreading), why }
  }
  if (now - since > 30 * day) return later(deadPace, `nothing has come from it for ${spanInWords(now - since)}`)
  if (trouble === 'gone') {
    return failures > 1
      ? later(deadPace, 'its server says it is gone for good')
      : later(day, 'to be sure that it is gone')
  }
  if (trouble === 'locked' || trouble === 'refused') return later(day, 'that seldom changes soon')
  return later(backOff, failures === 1 ? 'it failed once' : `it failed ${failures} times in a row`)
}
