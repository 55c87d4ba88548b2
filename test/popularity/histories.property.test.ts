import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { transaction } from '../../src/database/store.ts'
import type { Listener, PublicWorld } from '../support/public-world.ts'
import { publicWorld } from '../support/public-world.ts'
import { runs } from '../support/runs.ts'
import { model, type Podcast } from './model.ts'

const minute = 60_000
const now = Date.now()
const people = 5

/** Mostly the same people and episodes, so that what is done is taken back, too. */
const who = fc.constantFrom(0, 0, 0, 1, 1, 2, 3, 4)
const p = fc.constantFrom(0, 0, 0, 1, 2)
const e = fc.constantFrom(0, 0, 0, 1)
const level = fc.constantFrom('public', 'anonymous', 'private')
const order = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('subscribe' as const), who, p, on: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      what: fc.constant('hear' as const),
      ...{ who, p, e, position: fc.nat(1500), played: fc.boolean() },
      duration: fc.constantFrom(null, 1000, 2400),
      started: fc.option(fc.nat(1400)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('mark' as const),
      ...{ who, p, e, on: fc.boolean() },
      mark: fc.constantFrom('save' as const, 'share' as const),
      comment: fc.constantFrom('well', 'said'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('crowd' as const), p, e, some: fc.integer({ min: 2, max: 5 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constant('choose' as const), who, level, p: fc.option(p), e: fc.option(e) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('secrecy' as const),
      ...{ p, fetched: fc.boolean(), reason: fc.constantFrom(null, 'itunes:block'), told: fc.boolean() },
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('follow' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('restart', 'rebuild', 'killed' as const) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('refold' as const), who }) },
)
type Order = typeof order extends fc.Arbitrary<infer T> ? T : never

/** Each order comes some time after the one before; the last ones are of today. */
const life = fc.array(fc.record({ order, after: fc.constantFrom(1, 3, 15, 90, 2_000, 8_000) }), {
  minLength: 10,
  maxLength: 40,
  size: 'max',
})

async function carryOut(world: PublicWorld, listeners: readonly Listener[], o: Order, at: number): Promise<void> {
  const { publicity } = world.doors.instance
  const one = (n: number) => listeners[n] as Listener
  switch (o.what) {
    case 'subscribe':
      return o.on ? world.subscribe(one(o.who), o.p, at) : world.unsubscribe(one(o.who), o.p, at)
    case 'hear':
      return world.hear(one(o.who), o.p, o.e, o, at)
    case 'mark':
      return world.mark(one(o.who), o.mark, o.p, o.e, o.on, { comment: o.comment, now: at })
    case 'crowd':
      for (const listener of listeners.slice(-o.some)) {
        await world.subscribe(listener, o.p, at)
        await world.mark(listener, 'save', o.p, o.e, true, { now: at })
      }
      return
    case 'choose':
      return world.choose(one(o.who), o.level, o.p ?? undefined, o.e ?? undefined, at)
    case 'secrecy':
      return world.secrecy(o.p, o.fetched, o.reason, !o.told)
    case 'follow':
      return world.follow()
    case 'restart':
      return world.restart()
    case 'rebuild':
      return publicity.rebuild()
    case 'refold':
      return publicity.refold(one(o.who).id)
    case 'killed':
      // As if the process had ended in the middle of a batch: what it did is undone, and done again.
      return transaction(world.fresh.stores.projections.pool, async (client) => {
        const events = await world.doors.instance.journal.read(one(0).id, 0, 500)
        await publicity.follower.apply(
          events.map((event) => ({ position: 0, user: one(0).id, event })),
          client,
        )
        throw new Error('killed')
      }).catch((error: Error) => {
        if (error.message !== 'killed') throw error
      })
    default:
      return o satisfies never
  }
}

/** Everything that everybody may read, by the doors, with the catalog's ids for names. */
async function shown(world: PublicWorld) {
  const target = new Map<string, string | undefined>([
    ...world.feeds.map((feed, i) => [feed, world.podcasts[i]] as const),
    ...world.items.flatMap((items, i) => items.map((item, j) => [item, world.episodes[i]?.[j]] as const)),
  ])
  // biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
  const named = ({ rss_source_feed, rss_source_item, rss_feed_title, rss_item_title, rank_change, ...row }: any) => ({
    ...row,
    target: target.get(rss_source_item ?? rss_source_feed),
  })
  const trending: Record<string, unknown> = {}
  for (const window of ['day', 'week', 'month', 'all']) {
    for (const what of ['podcasts', 'episodes']) {
      const { body } = await world.get(`/trending/${what}`, { window, limit: '100' })
      trending[`${what} ${window}`] = body[what].map(named)
    }
    for (const [i, feed] of world.feeds.entries()) {
      const { body } = await world.get('/trending/episodes', { window, feed })
      trending[`episodes ${window} of ${i}`] = body.episodes.map(named)
    }
  }
  const popularity: Record<string, unknown> = {}
  for (const [i, feed] of world.feeds.entries()) {
    const { body } = await world.get('/feed/{feed}/popularity', {}, { feed })
    const related = await world.get('/feed/{feed}/related', {}, { feed })
    const also = related.body.podcasts.map((row: { rss_source_feed: string; people: number }) => [
      target.get(row.rss_source_feed),
      row.people,
    ])
    popularity[`podcast ${i}`] = { ...named(body.podcast), target: undefined, also: Object.fromEntries(also) }
    for (const [j, item] of (world.items[i] ?? []).entries()) {
      const said = await world.get('/episode/{item}/popularity', { feed }, { item })
      popularity[`episode ${i} ${j}`] = { ...named(said.body.episode), target: undefined }
    }
  }
  const events: Record<string, unknown>[] = []
  for (let before: string | null = ''; before !== null; ) {
    const { body } = await world.get('/timeline', { limit: '4', ...(before === '' ? {} : { before }) })
    events.push(...body.events)
    before = body.next
  }
  const places = events.map(({ at, id }) => `${at} ${id}`)
  expect(places).toEqual([...new Set(places)].toSorted().toReversed())
  const timeline = events.map(({ id: _, ...event }) => ({
    ...{ kind: event.event_type, at: Date.parse(String(event.at)), user: event.user, people: event.people },
    podcast: target.get(String(event.rss_source_feed)),
    episode: event.rss_source_item === null ? null : target.get(String(event.rss_source_item)),
    comment: event.comment,
  }))
  return { trending, popularity, timeline: sorted(timeline) }
}

const sorted = (entries: readonly object[]) =>
  entries.map((entry) => JSON.stringify(Object.entries(entry).toSorted())).toSorted()

/** The same, from the whole history. */
async function expected(world: PublicWorld, listeners: readonly Listener[], podcasts: ReadonlyMap<string, Podcast>) {
  const histories = []
  for (const { id: user, handle } of listeners)
    histories.push({ user, handle, events: await world.doors.instance.journal.read(user, 0, 10_000) })
  const right = model(histories, podcasts, now)
  const hours = { day: 24, week: 168, month: 720, all: null }
  const trending: Record<string, unknown> = {}
  for (const [window, length] of Object.entries(hours)) {
    trending[`podcasts ${window}`] = right.ranked('podcast', length)
    trending[`episodes ${window}`] = right.ranked('episode', length)
    for (const [i, podcast] of world.podcasts.entries())
      trending[`episodes ${window} of ${i}`] = right.ranked('episode', length, podcast)
  }
  const popularity: Record<string, unknown> = {}
  const of = (what: 'podcast' | 'episode', id: string) => ({
    ...right.ever(what, id),
    plays_people: right.people('play', what, id),
    likes_people: right.people('save', what, id),
  })
  for (const [i, podcast] of world.podcasts.entries()) {
    popularity[`podcast ${i}`] = { ...of('podcast', podcast), also: right.related(podcast) }
    for (const [j, episode] of (world.episodes[i] ?? []).entries())
      popularity[`episode ${i} ${j}`] = of('episode', episode)
  }
  return { trending, popularity, timeline: sorted(right.timeline) }
}

describe.each(['one', 'three'] as const)('on %s database(s)', (layout) => {
  let world: PublicWorld
  beforeAll(async () => {
    world = await publicWorld(layout, { clock: () => now })
  })
  afterAll(() => world.close())

  async function emptied(): Promise<Listener[]> {
    const { events, projections } = world.fresh.stores
    await events.pool.query('alter table events.events disable trigger user')
    await events.pool.query('truncate events.events, events.heads, events.positions, events.arrivals')
    await events.pool.query('alter table events.events enable trigger user')
    const tables = `contributions, traces, public_choices, podcast_secrecy, popularity_hours, popularity_totals,
      popularity, timeline, timeline_groups, followers, progress, subscriptions, plays, saves, shares, privacy`
    await projections.pool.query(`truncate ${tables.split(',').map((table) => `projections.${table.trim()}`)}`)
    const listeners: Listener[] = []
    while (listeners.length < people) listeners.push(await world.listener())
    return listeners
  }

  test('others learn what the whole history says, in whatever steps it was followed, restarted and rebuilt', async () => {
    await fc.assert(
      fc.asyncProperty(
        life,
        fc.array(fc.constantFrom('public', 'anonymous', 'anonymous'), { minLength: people, maxLength: people }),
        async (steps, levels) => {
          const listeners = await emptied()
          const podcasts = new Map<string, Podcast>(world.podcasts.map((id) => [id, { fetched: true, reason: null }]))
          for (const p of world.podcasts.keys()) await world.secrecy(p, true)
          let at = now - steps.reduce((sum, step) => sum + step.after * minute, 0) - minute
          for (const [n, chosen] of levels.entries())
            await world.choose(listeners[n] as Listener, chosen, undefined, undefined, at)
          for (const { order: o, after } of steps) {
            at += after * minute
            await carryOut(world, listeners, o, at)
            if (o.what === 'secrecy') podcasts.set(world.podcasts[o.p] ?? '', { fetched: o.fetched, reason: o.reason })
          }
          await world.follow()
          await world.doors.instance.publicity.refresh()
          const right = await expected(world, listeners, podcasts)
          expect(await shown(world)).toEqual(right)
          await world.doors.instance.publicity.rebuild()
          expect(await shown(world)).toEqual(right)
        },
      ),
      { numRuns: runs(15, 60), seed: 20261122 },
    )
  }, 900_000)
})
