import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { runs } from '../support/runs.ts'
import {
  type AppMake,
  addApp,
  closeApps,
  doing,
  doors,
  expectAgreement,
  expectSoundJournal,
  holdUp,
  newHousehold,
  release,
  settle,
  sync,
} from './household.ts'
import { type Edit, episodes, type Fate, feeds, type PodcastApp, rhythm, stopClock, wait } from './world.ts'

const some = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })
const word = <T extends string>(...words: T[]) => fc.constantFrom(...words)

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const round = (ms: number): number => Math.floor(ms / rhythm) * rhythm

const episode = fc.nat(episodes.length - 1)
const edits: fc.Arbitrary<Edit> = fc.oneof(
  some(4, fc.record({ what: word('subscribe', 'unsubscribe'), feed: fc.nat(feeds.length - 1) })),
  some(6, fc.record({ what: word('play'), episode, position: fc.constantFrom(60, 120, 600, 3000) })),
  some(4, fc.record({ what: word('finish', 'unplay', 'restart'), episode })),
  some(2, fc.record({ what: word('save', 'unsave', 'download', 'delete'), episode })),
)

const fate: fc.Arbitrary<Fate> = fc.constantFrom('whole', 'whole', 'whole', 'lost', 'twice')
const app = fc.nat(7)

type Step =
  | { readonly step: 'edit'; readonly app: number; readonly edit: Edit }
  | { readonly step: 'sync'; readonly app: number; readonly fate: Fate }
  | { readonly step: 'hold'; readonly app: number; readonly pauses: number }
  | { readonly step: 'release'; readonly app: number }
  | { readonly step: 'together'; readonly fates: readonly Fate[] }
  | { readonly step: 'wait'; readonly ms: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    some(14, fc.record({ step: word('edit'), app, edit: edits })),
    some(6, fc.record({ step: word('sync'), app, fate })),
    some(2, fc.record({ step: word('hold'), app, pauses: fc.nat(1) })),
    some(1, fc.record({ step: word('release'), app })),
    some(1, fc.record({ step: word('together'), fates: fc.array(fate, { minLength: 8, maxLength: 8 }) })),
    some(1, fc.record({ step: word('wait'), ms: fc.constantFrom(10 * minute, hour, 2 * day).map(round) })),
  ),
  { minLength: 4, maxLength: 40, size: 'max' },
)

const skew = fc.constantFrom(0, 0, 90_000, -90_000, -hour, day)
const offline = fc.record({
  door: word('rest'),
  device: fc.constantFrom('named', null),
  skew: fc.constantFrom(0, 0, day, 1500, -hour),
  shape: word('A', 'B'),
  tellsLength: fc.boolean(),
})
const online = fc.record({ door: word('rest'), direct: fc.constant(true), tellsLength: fc.boolean() })
const phone = fc.record({ door: word('gpodder'), manners: word('phone'), skew })
const cloud = fc.record({ door: word('nextcloud'), skew })
const behind = fc.constantFrom(0, -90_000, -hour)
const desktop = fc.record({ door: word('gpodder'), manners: word('desktop'), skew: behind })
const plain = (door: 'open podcast' | 'live') => fc.constant<AppMake>({ door })

/**
 * Every door, and one more app at some. gPodder on a desktop takes no play that is of the same second as the one it
 * shows or older. So it stands beside apps whose plays are the newer the later they come, and not beside one that
 * brings a place further on from before, or whose clock is ahead.
 */
const mixes: fc.Arbitrary<AppMake[]> = fc.oneof(
  fc.tuple(phone, cloud, offline, plain('open podcast'), plain('live'), fc.oneof(phone, cloud, offline)),
  fc.tuple(
    fc.record({ door: word('gpodder'), manners: word('phone'), skew: behind }),
    fc.record({ door: word('nextcloud'), skew: behind }),
    online,
    plain('open podcast'),
    plain('live'),
    desktop,
  ),
)

beforeAll(stopClock)
afterAll(() => void vi.useRealTimers())

describe.each(['one', 'three'] as const)('with databases in layout %s', (layout) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ layout })
  })
  afterAll(() => server.close())

  test('apps at any mix of doors end with the same, and so does whoever begins then', async () => {
    await fc.assert(
      fc.asyncProperty(mixes, steps, async (made, script) => {
        const household = await newHousehold(server)
        try {
          for (const make of made) await addApp(household, make)
          const { apps } = household
          const at = (i: number) => apps[i % apps.length] as PodcastApp
          for (const step of script) {
            if (step.step === 'edit') await doing(household, at(step.app), step.edit)
            else if (step.step === 'sync') await sync(household, at(step.app), step.fate)
            else if (step.step === 'hold') await holdUp(household, at(step.app), step.pauses)
            else if (step.step === 'release') await release(household, at(step.app))
            else if (step.step === 'wait') wait(step.ms)
            else await Promise.all(apps.map((each, i) => sync(household, each, step.fates[i])))
          }
          await settle(household)
          const seen = await expectAgreement(household)
          const { lastNumber } = await server.instance.journal.head(household.user)
          for (const door of doors) await sync(household, await addApp(household, { door }))
          expect(await expectAgreement(household)).toEqual(seen)
          expect((await server.instance.journal.head(household.user)).lastNumber).toBe(lastNumber)
          await expectSoundJournal(household)
        } finally {
          closeApps(household)
        }
      }),
      { numRuns: runs(12, 100) },
    )
  }, 900_000)
})
