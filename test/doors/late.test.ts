import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { type AppMake, addApp, closeApps, doing, expectAgreement, newHousehold, settle, sync } from './household.ts'
import { episodes, stopClock, wait } from './world.ts'

const hour = 60 * 60_000
const [first] = episodes.map(({ enclosure }) => enclosure)

beforeAll(stopClock)
afterAll(() => void vi.useRealTimers())

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** Two apps of one listener, that know of the first episode what the first of them said. */
async function pair(one: AppMake, other: AppMake) {
  const household = await newHousehold(server)
  const tablet = await addApp(household, one)
  const phone = await addApp(household, other)
  return { household, tablet, phone }
}

describe.each(['gpodder', 'nextcloud'] as const)('an app of the door %s whose clock is behind', (door) => {
  test.each(['whole', 'lost'] as const)(
    'is told again what stands instead of what it said (answer %s)',
    async (fate) => {
      const { household, tablet, phone } = await pair({ door: 'gpodder' }, { door, skew: -hour })
      await doing(household, tablet, { what: 'play', episode: 0, position: 600 })
      await sync(household, tablet)
      await doing(household, tablet, { what: 'play', episode: 1, position: 60 })
      await sync(household, tablet)
      wait(hour / 4)
      await sync(household, phone)
      wait(hour / 4)
      await doing(household, phone, { what: 'play', episode: 0, position: 60 })
      wait(2 * hour)
      await sync(household, phone, fate)
      await settle(household)
      expect((await expectAgreement(household)).plays).toMatchObject({ [first as string]: 600 })
      closeApps(household)
    },
  )
})

describe.each(['gpodder', 'nextcloud'] as const)('an app of the door %s whose clock is ahead', (door) => {
  test('keeps the order in which it did things: what was un-played after it was played stays un-played', async () => {
    const { household, tablet, phone } = await pair({ door: 'rest' }, { door, skew: 24 * hour })
    await doing(household, tablet, { what: 'play', episode: 0, position: 600 })
    await sync(household, tablet)
    await doing(household, phone, { what: 'finish', episode: 0 })
    await doing(household, phone, { what: 'play', episode: 0, position: 60 })
    await settle(household)
    expect((await expectAgreement(household)).plays).toEqual({ [first as string]: 60 })
    closeApps(household)
  })
})

test.each([
  ['phone', 'subscriptions'],
  ['phone', 'plays'],
  ['desktop', 'subscriptions'],
  ['desktop', 'plays'],
] as const)('a %s misses nothing of the %s that came within the second it was told last', async (manners, what) => {
  const { household, tablet, phone } = await pair({ door: 'gpodder', manners }, { door: 'gpodder' })
  await sync(household, phone)
  for (const [i, app] of [tablet, phone].entries())
    await doing(
      household,
      app,
      what === 'plays' ? { what: 'play', episode: i, position: 60 + i } : { what: 'subscribe', feed: i },
    )
  // The clock stands: the stamps run ahead of it, one by one.
  for (const app of [tablet, phone, tablet, phone]) await sync(household, app)
  const seen = await expectAgreement(household)
  expect([seen.subscriptions.length, Object.values(seen.plays ?? {})]).toEqual(
    what === 'plays' ? [0, [60, 61]] : [2, []],
  )
  closeApps(household)
})
