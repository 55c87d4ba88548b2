import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import {
  addApp,
  closeApps,
  type DoorName,
  doing,
  doors,
  expectAgreement,
  expectSoundJournal,
  type Household,
  newHousehold,
  settle,
  sync,
} from './household.ts'
import { type Edit, episodes, feeds, type PodcastApp, stopClock, wait } from './world.ts'

const day = 24 * 60 * 60_000
const [first, second] = episodes.map(({ enclosure }) => enclosure) as [string, string]
const [a, b] = feeds as [string, string]

/** The doors through which plays go. */
const playDoors = doors.filter((door) => door !== 'open podcast')
/** Those of apps that may be offline, and tell later what was done and when. */
const lateDoors = playDoors.filter((door) => door !== 'live')

beforeAll(stopClock)
afterAll(() => void vi.useRealTimers())

describe.each(['one', 'three'] as const)('with databases in layout %s', (layout) => {
  let server: TestServer
  let household: Household
  beforeAll(async () => {
    server = await startServer({ layout })
  })
  afterAll(() => server.close())
  afterEach(() => closeApps(household))

  /** A listener with an app at every door, and one more at `door`, which they have all begun. */
  async function everywhere(door: DoorName): Promise<PodcastApp> {
    household = await newHousehold(server)
    const app = await addApp(household, { door })
    for (const other of doors) await addApp(household, { door: other })
    await everybodySyncs()
    return app
  }

  async function everybodySyncs(): Promise<void> {
    for (const app of household.apps) await sync(household, app)
  }

  const others = (app: PodcastApp) => household.apps.filter((other) => other !== app)
  const does = (app: PodcastApp, edit: Edit) => doing(household, app, edit)

  test.each(doors)('what an offline app at the door %s uploads late reaches every other app', async (door) => {
    const phone = await everywhere(door)
    const online = await addApp(household, { door: 'rest', direct: true })
    await does(phone, { what: 'subscribe', feed: 0 })
    if (door !== 'live') await does(phone, { what: 'play', episode: 0, position: 600 })
    // The others go on for days.
    for (let days = 0; days < 2; days++) {
      wait(day)
      await does(online, { what: days === 0 ? 'subscribe' : 'unsubscribe', feed: 1 })
      await does(online, { what: 'play', episode: 1, position: 60 + days })
      for (const app of others(phone)) await sync(household, app)
    }
    // An open channel has nothing to tell later: it says what it does when it is back.
    if (door === 'live') await does(phone, { what: 'play', episode: 0, position: 600 })
    await sync(household, phone)
    for (const app of others(phone)) await sync(household, app)
    expect(await expectAgreement(household)).toEqual({
      subscriptions: door === 'live' ? [] : [a],
      plays: door === 'open podcast' ? { [second]: 61 } : { [first]: 600, [second]: 61 },
    })
    await expectSoundJournal(household)
  })

  test.each(doors)('an empty app that begins at the door %s wipes nothing, and is told all there is', async (door) => {
    const old = await everywhere(door)
    const rest = await addApp(household, { door: 'rest' })
    for (const feed of [0, 1, 2]) await does(rest, { what: 'subscribe', feed })
    await does(rest, { what: 'unsubscribe', feed: 2 })
    await does(rest, { what: 'finish', episode: 0 })
    await does(rest, { what: 'play', episode: 1, position: 60 })
    await settle(household)
    const { lastNumber } = await server.instance.journal.head(household.user)
    const empty = await addApp(household, { door })
    for (let times = 0; times < 3; times++) await sync(household, empty)
    expect(await expectAgreement(household)).toEqual({
      subscriptions: [a, b],
      plays: { [first]: 'played', [second]: 60 },
    })
    expect(old.seen()).toEqual(empty.seen())
    expect((await server.instance.journal.head(household.user)).lastNumber).toBe(lastNumber)
  })

  test.each(playDoors)('going back on purpose at the door %s stands everywhere', async (door) => {
    const app = await everywhere(door)
    for (const position of [600, 60]) {
      await does(app, { what: 'play', episode: 0, position })
      await everybodySyncs()
      await everybodySyncs()
      expect((await expectAgreement(household)).plays).toEqual({ [first]: position })
    }
  })

  test.each(playDoors)('a mark as played that is taken back at the door %s is taken back everywhere', async (door) => {
    const app = await everywhere(door)
    await does(app, { what: 'finish', episode: 0 })
    await does(app, { what: 'finish', episode: 1 })
    await everybodySyncs()
    await everybodySyncs()
    expect((await expectAgreement(household)).plays).toEqual({ [first]: 'played', [second]: 'played' })
    await does(app, { what: 'unplay', episode: 0 })
    await everybodySyncs()
    await everybodySyncs()
    expect((await expectAgreement(household)).plays).toEqual({ [second]: 'played' })
  })

  test.each(playDoors.flatMap((door) => lateDoors.map((late) => [door, late] as const)))(
    'what is played at the door %s is not lost to an older place that comes late from %s',
    async (door, late) => {
      household = await newHousehold(server)
      const [tablet, phone] = [await addApp(household, { door }), await addApp(household, { door: late })]
      await everybodySyncs()
      await does(phone, { what: 'play', episode: 0, position: 60 })
      wait(day)
      await does(tablet, { what: 'finish', episode: 0 })
      await sync(household, tablet)
      await sync(household, phone)
      await everybodySyncs()
      expect((await expectAgreement(household)).plays).toEqual({ [first]: 'played' })
    },
  )

  test.each(['gpodder', 'nextcloud', 'open podcast', 'rest'] as const)(
    'what is sent again at the door %s because no answer came adds nothing',
    async (door) => {
      const app = await everywhere(door)
      await does(app, { what: 'subscribe', feed: 0 })
      await sync(household, app, 'lost')
      await does(app, { what: 'finish', episode: 0 })
      await does(app, { what: 'unplay', episode: 0 })
      await does(app, { what: 'play', episode: 0, position: 600 })
      await sync(household, app, 'lost')
      await sync(household, app, 'lost')
      const { lastNumber } = await server.instance.journal.head(household.user)
      await sync(household, app, 'twice')
      await everybodySyncs()
      expect((await server.instance.journal.head(household.user)).lastNumber).toBe(lastNumber)
      expect(await expectAgreement(household)).toEqual({
        subscriptions: [a],
        plays: door === 'open podcast' ? {} : { [first]: 600 },
      })
      await expectSoundJournal(household)
    },
  )
})
