import type { Recorded } from '../../src/kernel/decider.ts'

/*
 * What others may learn of listeners, worked out from the whole history at once and as simply as can be: no batches,
 * nothing kept, seconds in sets. The followers must come to the same.
 */

export interface History {
  readonly user: string
  readonly handle: string
  readonly events: readonly Recorded[]
}

export interface Podcast {
  readonly fetched: boolean
  readonly reason: string | null
}

interface Deed {
  readonly user: string
  readonly handle: string
  readonly kind: 'subscribe' | 'play' | 'save' | 'share'
  readonly podcast: string
  readonly episode: string | null
  readonly at: number
  readonly id: string
  active: boolean
  comment: string | null
  level: string
}

const points = { subscribe: 10, play: 5, save: 3, share: 2 }
const hour = 3_600_000
const day = 24 * hour

// biome-ignore lint/suspicious/noExplicitAny: facts of every slice pass here
type Data = any

function deedsOf({ user, handle, events }: History): Deed[] {
  const deeds = new Map<string, Deed>()
  const heard = new Map<string, { seconds: Set<number>; position: number; at: number }>()
  const levels = new Map<string, string>()
  const begin = (kind: Deed['kind'], podcast: string, episode: string | null, { fact, id, recordedAt }: Recorded) => {
    const key = `${kind} ${episode ?? podcast}`
    const data = fact.data as Data
    const at = Math.min(data.at, recordedAt)
    const deed = deeds.get(key) ?? {
      ...{ user, handle, kind, podcast, episode, at, id, active: true, comment: null, level: 'private' },
    }
    deed.active = true
    deed.comment = kind === 'share' ? data.comment : null
    deeds.set(key, deed)
  }
  const end = (kind: Deed['kind'], target: string) => {
    const deed = deeds.get(`${kind} ${target}`)
    if (deed) deed.active = false
  }
  for (const event of events) {
    const { type } = event.fact
    const data = event.fact.data as Data
    const target = event.stream.split('/')[1] ?? ''
    if (type === 'FeedSubscribed') begin('subscribe', target, null, event)
    if (type === 'FeedUnsubscribed') end('subscribe', target)
    if (type === 'EpisodeSaved') begin('save', data.podcast, target, event)
    if (type === 'EpisodeUnsaved') end('save', target)
    if (type === 'EpisodeShared') begin('share', data.podcast, target, event)
    if (type === 'EpisodeUnshared') end('share', target)
    if (type === 'PrivacyChosen') levels.set(data.episode ?? data.podcast ?? 'everything', data.level)
    if (event.stream.startsWith('play/')) {
      const last = heard.get(target)
      const seconds = last?.seconds ?? new Set<number>()
      const moved = last ? data.position - last.position : 0
      const told = data.started !== null && data.saidBy === null && data.started < data.position
      const slow = last !== undefined && moved > 0 && moved * 1000 <= 3 * (data.at - last.at)
      const from = told ? data.started : slow ? last.position : data.position
      for (let second = from; second < data.position; second++) seconds.add(second)
      heard.set(target, { seconds, position: data.position, at: data.at })
      const most = data.duration ? seconds.size / data.duration >= 0.7 : false
      const counts = data.played || seconds.size >= 1200 || most
      if (counts && !deeds.has(`play ${target}`)) begin('play', data.podcast, target, event)
    }
  }
  for (const deed of deeds.values()) {
    const own = (deed.episode && levels.get(deed.episode)) ?? levels.get(deed.podcast) ?? null
    deed.level = own ?? levels.get('everything') ?? 'private'
    if (own === null) deed.level = `default ${deed.level}`
  }
  return [...deeds.values()]
}

/** The listener's level for a deed, once the podcast had its say. */
function levelOf(deed: Deed, podcasts: ReadonlyMap<string, Podcast>): string {
  const podcast = podcasts.get(deed.podcast)
  if (!podcast?.fetched) return 'private'
  if (podcast.reason !== null && deed.level.startsWith('default')) return 'private'
  return deed.level.replace('default ', '')
}

const desc = (a: string | number, b: string | number) => (a < b ? 1 : a > b ? -1 : 0)

export function model(histories: readonly History[], podcasts: ReadonlyMap<string, Podcast>, now: number) {
  const deeds = histories
    .flatMap(deedsOf)
    .map((deed) => ({ ...deed, level: levelOf(deed, podcasts) }))
    .filter((deed) => deed.level !== 'private')
  const told = deeds.filter((deed) => deed.active || deed.kind === 'subscribe')
  const age = (deed: Deed) => Math.max(0, Math.floor(now / hour) - Math.floor(deed.at / hour))

  function figures(of: readonly Deed[], window: number | null) {
    const weighed = (some: readonly Deed[], from: number) =>
      some.reduce((sum, deed) => {
        const weight = window === null ? 1000 : Math.round(1000 * 2 ** (-(age(deed) - from) / (window / 2)))
        return sum + points[deed.kind] * weight
      }, 0) / 1000
    const count = (some: readonly Deed[], kind: string) => some.filter((deed) => deed.kind === kind).length
    const before = window ?? 168
    const these = window === null ? of : of.filter((deed) => age(deed) < window)
    const those = of.filter((deed) => age(deed) >= before && (window === null || age(deed) < 2 * window))
    return {
      score: weighed(these, 0),
      plays: count(these, 'play'),
      likes: count(these, 'save'),
      score_previous: weighed(those, before),
      plays_previous: count(those, 'play'),
      likes_previous: count(those, 'save'),
    }
  }

  function ranked(what: 'podcast' | 'episode', window: number | null, podcast?: string) {
    const some = deeds.filter((deed) => deed[what] !== null && (podcast === undefined || deed.podcast === podcast))
    const rows = [...Map.groupBy(some, (deed) => deed[what] as string)].map(([target, of]) => ({
      ...{ target, ...figures(of, window) },
    }))
    const order = (by: 'score' | 'score_previous') =>
      rows.filter((row) => row[by] > 0).sort((a, b) => desc(a[by], b[by]) || desc(a.target, b.target))
    const places = new Map(order('score_previous').map((row, i) => [row.target, i + 1]))
    return order('score').map((row, i) => ({ ...row, rank: i + 1, rank_previous: places.get(row.target) ?? null }))
  }

  const newest = [...told].sort((a, b) => desc(a.at, b.at) || desc(a.id, b.id))
  const people = (kind: string, what: 'podcast' | 'episode', target: string) => {
    const these = newest.filter((deed) => deed.kind === kind && deed[what] === target && deed.level === 'public')
    return [...new Set(these.map((deed) => deed.handle))].slice(0, 10)
  }

  const entry = ({ kind, podcast, episode }: Deed) => ({ kind, podcast, episode })
  const named = newest
    .filter((deed) => deed.level === 'public')
    .map((deed) => ({ ...entry(deed), at: deed.at, user: deed.handle, people: 1, comment: deed.comment }))
  const grouped = [
    ...Map.groupBy(
      newest.filter((deed) => deed.level === 'anonymous'),
      (deed) => `${deed.kind} ${deed.episode ?? deed.podcast}`,
    ).values(),
  ].flatMap(([first, ...others]) =>
    first === undefined || others.length < 2
      ? []
      : [
          {
            ...{ ...entry(first), at: Math.floor(first.at / day) * day, user: null },
            ...{ people: others.length + 1, comment: null },
          },
        ],
  )
  const timeline = [...named, ...grouped].filter((one) => one.at >= now - 45 * day)
  return {
    ranked,
    people,
    timeline,
    ever: (what: 'podcast' | 'episode', target: string) =>
      figures(
        deeds.filter((deed) => deed[what] === target),
        null,
      ),
    related(podcast: string) {
      const follows = deeds.filter((deed) => deed.kind === 'subscribe' && deed.active)
      const who = new Set(follows.filter((deed) => deed.podcast === podcast).map((deed) => deed.user))
      const also = follows.filter((deed) => deed.podcast !== podcast && who.has(deed.user))
      const counts = [...Map.groupBy(also, (deed) => deed.podcast)].map(([other, of]) => [other, of.length] as const)
      return Object.fromEntries(counts.filter(([, count]) => count >= 3))
    },
  }
}
