import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, itemId } from '../support/instance.ts'
import { runs } from '../support/runs.ts'
import { type GatewayWorld, gatewayWorld, type Reader, written } from './world.ts'

let world: GatewayWorld
let feed: string
const guids = ['a', 'b']
beforeAll(async () => {
  world = await gatewayWorld()
  world.publish(
    'show',
    written(
      'Show',
      guids.map((guid) => ({ guid })),
    ),
  )
  feed = feedId(world.feedUrl('show'))
  await world.follow(await world.reader(), world.feedUrl('show'))
})
afterAll(() => world.close())

const minute = 60_000
const item = (guid: string) => itemId(guid, `https://media.example/${guid}.mp3`)

const guid = fc.constantFrom('a', 'a', 'a', 'b')
const position = fc.constantFrom(0, 1, 300, 1800)
const step = fc.oneof(
  fc.record({
    what: fc.constant('listen' as const),
    guid,
    times: fc.integer({ min: 1, max: 3 }),
    head: fc.constantFrom(false, false, false, true),
  }),
  fc.record({ what: fc.constant('direct' as const), guid, position, played: fc.boolean() }),
  // By a device that tells late, in any order, before or after the gateway was asked.
  fc.record({ what: fc.constant('late' as const), guid, position, played: fc.boolean(), ago: fc.nat(20) }),
  fc.record({ what: fc.constant('sync' as const), guid, position, played: fc.boolean(), ago: fc.nat(20) }),
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

type Plays = ReadonlyMap<string, { readonly position: number; readonly played: boolean }>

async function playsOf({ app }: Reader): Promise<Plays> {
  const { body } = await app.call('GET', '/play')
  return new Map(
    body.play_statuses.map(({ rss_source_item, position, played }: Record<string, unknown>) => [
      String(rss_source_item),
      { position, played },
    ]),
  )
}

async function take(reader: Reader, base: number, said: Step): Promise<void> {
  const { app } = reader
  const names = { rss_source_feed: feed, rss_source_item: item(said.guid) }
  if (said.what === 'listen') {
    const ranges = Array.from({ length: said.times }, (_, n) => `bytes=${n * 1000}-`)
    const method = said.head ? 'HEAD' : 'GET'
    const all = await Promise.all(
      ranges.map((range) => world.play(reader, feed, item(said.guid), { method, headers: { range } })),
    )
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 302))
    return
  }
  const { position, played } = said
  if (said.what === 'direct') {
    expect((await app.call('POST', '/play', { ...names, position, played })).status).toBe(200)
    return
  }
  const at = new Date(base - said.ago * minute).toISOString()
  if (said.what === 'late') {
    expect((await app.call('POST', '/play', { ...names, position, played, at })).status).toBe(200)
    return
  }
  const plays = [{ ...names, position, played, updated_at: at }]
  expect((await app.call('POST', '/sync', { changes: { plays } })).status).toBe(200)
}

/** Zero on purpose, where the gateway had said zero: what is told late does not count then. */
const begunThenZeroThenLate: Step[] = [
  { what: 'listen', guid: 'a', times: 1, head: false },
  { what: 'direct', guid: 'a', position: 0, played: false },
  { what: 'late', guid: 'a', position: 300, played: false, ago: 5 },
]

const begunThenLate = begunThenZeroThenLate.filter(({ what }) => what !== 'direct')

test('whatever else is told, before or after, a play that the gateway saw changes no position and no played mark', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      const [here, there] = [await world.reader(), await world.reader()]
      for (const reader of [here, there]) await reader.app.call('POST', '/subscriptions', { rss_source_feed: feed })
      const base = Date.now()
      const heard = new Set<string>()
      for (const said of steps) {
        const before = await playsOf(here)
        await take(here, base, said)
        if (said.what !== 'listen') await take(there, base, said)
        else {
          if (!said.head) heard.add(item(said.guid))
          const after = await playsOf(here)
          for (const [name, play] of before) expect(after.get(name)).toEqual(play)
        }
      }
      const [withGateway, without] = [await playsOf(here), await playsOf(there)]
      for (const [name, play] of without) expect(withGateway.get(name)).toEqual(play)
      for (const [name, play] of withGateway)
        if (!without.has(name)) expect([heard.has(name), play]).toEqual([true, { position: 0, played: false }])
      for (const name of heard) expect(withGateway.has(name)).toBe(true)
    }),
    {
      numRuns: runs(40, 300),
      examples: [[begunThenZeroThenLate], [begunThenLate]],
      interruptAfterTimeLimit: runs(100_000, 500_000),
      markInterruptAsFailure: true,
    },
  )
}, 600_000)
