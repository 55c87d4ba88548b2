import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../../support/instance.ts'
import { runs } from '../../support/runs.ts'
import { type Action, App, antennaPod, kasts, type Manner, plain, startApp } from './app.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const feed = (n: number) => `https://feeds.example/${n}.xml`
const url = (n: number) => `https://media.example/${n}.mp3`

/** What happens next, at which of two apps; a sync is made of the requests that the other's may come between. */
const step = fc.record({
  at: fc.constantFrom(0, 1),
  what: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('play' as const), episode: fc.nat(7), position: fc.nat(1800) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constantFrom('new' as const, 'delete' as const, 'download' as const),
        episode: fc.nat(7),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), feed: fc.nat(7) }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constantFrom('ask' as const, 'say' as const, 'say, not answered' as const),
        of: fc.constantFrom('actions' as const, 'subscriptions' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('sync' as const) }) },
  ),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** The newest action of each episode, which Kasts asks for first, is less than all. */
const manner = fc.constantFrom<Manner>(antennaPod, { ...kasts, aggregated: false }, plain)

/** A second later with every step: what was done later is newer, whenever it is told. */
const timeOf = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString().slice(0, 19)

async function take(app: App, { what }: Step, n: number): Promise<void> {
  switch (what.do) {
    case 'play': {
      const { episode, position } = what
      return app.act({ ...named(episode, n), action: 'play', started: 0, position, total: 1800 })
    }
    case 'new':
    case 'delete':
    case 'download':
      return app.act({ ...named(what.episode, n), action: what.do })
    case 'subscribe':
      return app.subscribe(feed(what.feed))
    case 'unsubscribe':
      return app.unsubscribe(feed(what.feed))
    case 'ask':
      return what.of === 'actions' ? void (await app.downloadActions()) : app.downloadSubscriptions()
    case 'say':
    case 'say, not answered': {
      const isLost = what.do !== 'say'
      return what.of === 'actions' ? app.uploadActions(isLost) : app.uploadSubscriptions(isLost)
    }
    case 'sync':
      return app.sync()
    default:
      return what satisfies never
  }
}

const named = (episode: number, n: number): Omit<Action, 'action'> => ({
  podcast: feed(0),
  episode: url(episode),
  guid: `guid-${episode}`,
  timestamp: timeOf(n),
})

async function eventsOf({ client }: App, ...kinds: string[]): Promise<number> {
  const { rows } = await server.fresh.stores.events.pool.query(
    'select count(*)::int as events from events.events where user_id = $1 and split_part(stream, $2, 1) = any($3)',
    [client.user.id, '/', kinds],
  )
  return rows[0].events
}

test(
  'two apps that interleave as they like end with all that either was told, and nothing is written twice',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          { weight: 4, arbitrary: fc.record({ one: manner, other: manner, isShared: fc.constant(false) }) },
          { weight: 1, arbitrary: fc.constant({ one: plain, other: plain, isShared: true }) },
        ),
        fc.array(step, { minLength: 10, maxLength: 40 }),
        async ({ one, other, isShared }, steps) => {
          const first = await startApp(server, one, 'one')
          // One password for both can be all that tells of them, where neither keeps its cookie.
          const second =
            isShared && one === plain && other === plain
              ? new App(first.client, 'two', plain)
              : await startApp(server, other, 'two', first)
          await second.declare()
          const apps = [first, second]
          const done = { actions: 0, subscriptions: 0 }
          const newest = new Map<string, string>()
          const places = new Map<string, { at: string; position: number }>()
          for (const [n, next] of steps.entries()) {
            const { what } = next
            await take(apps[next.at] as App, next, n)
            if (what.do === 'subscribe' || what.do === 'unsubscribe') done.subscriptions++
            if (!('episode' in what)) continue
            done.actions++
            newest.set(`${url(what.episode)} ${what.do}`, timeOf(n))
            if (what.do === 'play') places.set(url(what.episode), { at: timeOf(n), position: what.position })
          }
          for (const app of [first, second, first, second]) await app.sync()

          for (const app of apps) {
            expect(app.heard).toEqual(newest)
            expect([...app.places].map(([episode, place]) => [episode, place.position]).toSorted()).toEqual(
              [...places].map(([episode, place]) => [episode, place.position]).toSorted(),
            )
            expect(app.queue).toEqual([])
          }
          const { body } = await first.ask('GET', `/subscriptions/${first.client.u}.json`)
          for (const app of apps) expect([...app.subscriptions].toSorted()).toEqual(body.toSorted())
          expect(await eventsOf(first, 'play', 'download')).toBeLessThanOrEqual(done.actions)
          expect(await eventsOf(first, 'subscription')).toBeLessThanOrEqual(done.subscriptions)
        },
      ),
      { numRuns: runs(20, 150), seed: 20261122 },
    )
  },
  runs(120_000, 1_200_000),
)
