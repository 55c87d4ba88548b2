import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { UserId } from '../../src/kernel/brand.ts'
import { type Client, startClient } from '../gpodder/client.ts'
import { appPasswordOf, doorOf } from '../openpodcast/door.ts'
import type { App, TestServer } from '../support/instance.ts'
import { readModelTables } from '../support/journal-tables.ts'
import { gpodderApp } from './gpodder-app.ts'
import { liveApp } from './live-app.ts'
import { nextcloudApp } from './nextcloud-app.ts'
import { openPodcastApp } from './open-podcast-app.ts'
import { type RestMake, restApp, seenByRest } from './rest-app.ts'
import { type Edit, type Fate, type Hold, LostAnswer, nextTurn, type PodcastApp, type Seen } from './world.ts'

/** The doors that apps come through. */
export const doors = ['gpodder', 'nextcloud', 'open podcast', 'rest', 'live'] as const
export type DoorName = (typeof doors)[number]

/** A listener, and somebody who looks at what the REST API answers. */
export interface Household {
  readonly server: TestServer
  readonly user: UserId
  readonly account: Client
  readonly onlooker: App
  readonly apps: PodcastApp[]
  /** How often something was done with an episode, by the author the server knows. */
  readonly done: Map<string, number>
  readonly held: Map<PodcastApp, { readonly hold: Hold; readonly sync: Promise<void> }>
}

export async function newHousehold(server: TestServer): Promise<Household> {
  const account = await startClient(server)
  const { user } = account
  return {
    server,
    user: user.id,
    account,
    onlooker: await server.allow(user),
    apps: [],
    done: new Map(),
    held: new Map(),
  }
}

export interface AppMake extends Partial<RestMake> {
  readonly door: DoorName
  readonly manners?: 'phone' | 'desktop'
}

/** One more app of the listener's, empty. */
export async function addApp(household: Household, make: AppMake): Promise<PodcastApp> {
  const { server, user, account, apps } = household
  const device = `device-${apps.length}`
  const { door, skew = 0, manners = 'phone', shape = 'A', tellsLength = true, direct = false } = make
  const made = async (): Promise<PodcastApp> => {
    switch (door) {
      case 'gpodder':
        return gpodderApp(server, account, { manners, device, skew, remainder: apps.length + 1 })
      case 'nextcloud':
        return nextcloudApp(server, account, { skew, remainder: apps.length + 1 })
      case 'open podcast':
        return openPodcastApp(doorOf(server, `Bearer ${await appPasswordOf(server, { id: user })}`))
      case 'rest':
        return restApp(server, user, { device: make.device === null ? null : device, skew, shape, tellsLength, direct })
      case 'live':
        return liveApp(server, user)
      default:
        return door satisfies never
    }
  }
  const app = await made()
  apps.push(app)
  return app
}

/** Somebody does something, and time goes by. */
export async function doing({ done }: Household, app: PodcastApp, edit: Edit): Promise<void> {
  nextTurn()
  if ((await app.edit(edit)) && 'episode' in edit) done.set(app.author, (done.get(app.author) ?? 0) + 1)
}

export async function release(household: Household, app: PodcastApp): Promise<void> {
  const held = household.held.get(app)
  held?.hold.release()
  await held?.sync
  household.held.delete(app)
}

export async function sync(household: Household, app: PodcastApp, fate: Fate = 'whole'): Promise<void> {
  await release(household, app)
  app.line.fate = fate
  await untilLost(app.sync())
}

/** Begins a sync that waits in the middle. */
export async function holdUp(household: Household, app: PodcastApp, pauses: number): Promise<void> {
  await release(household, app)
  const hold = app.line.hold(pauses)
  const synced = untilLost(app.sync())
  household.held.set(app, { hold, sync: synced })
  await Promise.race([hold.reached, synced])
}

async function untilLost(sync: Promise<void>): Promise<void> {
  try {
    await sync
  } catch (error) {
    if (!(error instanceof LostAnswer)) throw error
  }
}

/** Everybody syncs until nothing changes any more. */
export async function settle(household: Household): Promise<void> {
  const { apps, server, user } = household
  for (const app of apps) await release(household, app)
  let before = ''
  for (let rounds = 0; rounds < 8; rounds++) {
    for (const app of apps) {
      nextTurn()
      await sync(household, app)
    }
    const { lastNumber } = await server.instance.journal.head(user)
    const after = JSON.stringify([lastNumber, apps.filter((app) => app.name !== 'live').map((app) => app.seen())])
    if (after === before) return
    before = after
  }
  throw new Error('the apps never came to rest')
}

const inDoor = (app: PodcastApp, { subscriptions, plays }: Seen): Seen => ({
  subscriptions,
  plays: app.seen().plays && plays,
})

/** Every app shows what the server shows. What an open channel pushes may take a moment. */
export async function expectAgreement({ apps, onlooker }: Household): Promise<Seen> {
  const seen = await seenByRest(onlooker)
  for (let looks = 0; looks < 200; looks++) {
    if (apps.every((app) => JSON.stringify(app.seen()) === JSON.stringify(inDoor(app, seen)))) break
    await sleep(10)
  }
  expect(Object.fromEntries(apps.map((app, i) => [`${i} ${app.name}`, app.seen()]))).toEqual(
    Object.fromEntries(apps.map((app, i) => [`${i} ${app.name}`, inDoor(app, seen)])),
  )
  return seen
}

/** Of what apps know each time they did it, a request sent again must not make it more. */
const counted = ['play', 'download', 'save']

/** What is shown is what the journal says, whose numbers have no gaps, and which holds no action twice. */
export async function expectSoundJournal({ server, user, done }: Household): Promise<void> {
  const { journal } = server.instance
  const shown = () => readModelTables(server.fresh.stores, journal.readModels.names, user)
  const before = await shown()
  await journal.readModels.rebuild(user)
  expect(await shown()).toEqual(before)
  const { lastNumber } = await journal.head(user)
  const events = await journal.read(user, 0, lastNumber + 1)
  expect(events.map((event) => event.number)).toEqual(events.map((_, i) => i + 1))
  const written = Map.groupBy(
    events.filter(({ stream }) => counted.includes(stream.slice(0, stream.indexOf('/')))),
    ({ author }) => author.app,
  )
  for (const [author, by] of written)
    expect([author, by.length]).toEqual([author, Math.min(by.length, done.get(author) ?? 0)])
}

export function closeApps({ apps }: Household): void {
  for (const app of apps) app.close()
}
