import fc from 'fast-check'
import type { UserId } from '../../src/kernel/brand.ts'
import { defaultCollectionOf } from '../../src/podcast/fixed-ids.ts'
import { change, command, type Device, type Make, prepare, type Request, send, sync, take } from './journal-devices.ts'
import type { Doors, Said } from './journal-doors.ts'
import { type Change, type Rows, rowsOfAnswer, visible } from './journal-rows.ts'

export const day = 86_400_000
/** When every script begins, by the server's clock. */
export const start = Date.UTC(2026, 10, 22, 9)

const some = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })
const word = <T extends string>(...words: T[]) => fc.constantFrom(...words)

const small = fc.nat({ max: 5 })
const listChange = fc.oneof(
  some(2, fc.record({ do: word('make') })),
  some(1, fc.record({ do: word('delete') })),
  some(1, fc.record({ do: word('rename'), name: word('x', 'y', 'z') })),
  some(1, fc.record({ do: word('publish'), is_public: fc.boolean() })),
  some(5, fc.record({ do: word('add', 'remove'), item: small })),
  some(3, fc.record({ do: word('move'), item: small, to: small })),
)

const third = fc.nat({ max: 2 })
const position = fc.nat({ max: 3 }).map((n) => n * 60)
/** What a listener may do; little enough of everything that two devices often do it to the same thing. */
export const changes: fc.Arbitrary<Change> = fc.oneof(
  some(3, fc.record({ what: word('subscribe', 'unsubscribe'), feed: third })),
  some(
    3,
    fc.record({ what: word('listen'), episode: small, position, duration: fc.constantFrom(null, null, 3000, 3600) }),
  ),
  some(2, fc.record({ what: word('finish', 'start over'), episode: small })),
  some(2, fc.record({ what: word('save'), episode: small, saved: fc.boolean() })),
  some(2, fc.record({ what: word('privacy'), scope: third, level: word('public', 'anonymous', 'private') })),
  some(5, fc.record({ what: word('playlist'), list: third, change: listChange })),
  some(4, fc.record({ what: word('collection'), list: third, change: listChange })),
)

const skew = fc.constantFrom(0, 0, day, -day, 1500, -1500)

/** Two to four apps: good and bad clocks, both request shapes, with and without names for their devices. */
export const makes: fc.Arbitrary<Make[]> = fc
  .array(
    fc.record({
      app: word('one.app', 'other.app'),
      named: fc.boolean(),
      skew,
      shape: word('A', 'B'),
      whole: fc.boolean(),
      compacts: fc.boolean(),
    }),
    { minLength: 2, maxLength: 4 },
  )
  .map((made) => made.map(({ named, ...make }, i) => ({ ...make, name: named ? `device-${i}` : null })))

/**
 * What happens, one thing after the other. `sync`: to and fro. `lose`: the request arrives, its answer never does.
 * `again`: the app sends its last request once more. `leave`, `arrive`: an answer that takes its time. `stick`: a
 * request that does not arrive, or late. `repeat`: something on the way delivers an old request (again), nobody hears
 * the answer. `clock`: somebody sets it.
 */
export type Step =
  | { readonly step: 'change' | 'command'; readonly device: number; readonly change: Change }
  | { readonly step: 'sync' | 'lose' | 'again' | 'leave' | 'arrive' | 'stick'; readonly device: number }
  | { readonly step: 'repeat'; readonly device: number; readonly request: number; readonly keyed: boolean }
  | { readonly step: 'clock'; readonly device: number; readonly skew: number }
  | { readonly step: 'wait'; readonly ms: number }

const device = fc.nat({ max: 3 })

/** @param commands how often, beside twelve changes that wait for a sync, one is a direct command */
export const scripts = (commands: number, length: { minLength: number; maxLength: number }): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      some(12, fc.record({ step: word('change'), device, change: changes })),
      some(commands, fc.record({ step: word('command'), device, change: changes })),
      some(5, fc.record({ step: word('sync'), device })),
      some(5, fc.record({ step: word('lose', 'again', 'leave', 'arrive', 'stick'), device })),
      some(2, fc.record({ step: word('repeat'), device, request: fc.nat({ max: 9 }), keyed: fc.boolean() })),
      some(1, fc.record({ step: word('clock'), device, skew })),
      some(3, fc.record({ step: word('wait'), ms: fc.constantFrom(1, 1000, 3_600_000, 2 * day) })),
    ),
    { ...length, size: 'max' },
  )

/** Carries out a script from a time on; answers the time it ends at. */
export async function perform(
  doors: Doors,
  devices: readonly Device[],
  script: readonly Step[],
  from: number = start,
): Promise<number> {
  let now = from
  const underWay = new Map<Device, [Request, Said]>()
  for (const step of script) {
    if (step.step === 'wait') {
      now += step.ms
      continue
    }
    const on = devices[step.device % devices.length] as Device
    switch (step.step) {
      case 'change':
        change(on, step.change, now)
        break
      case 'command':
        await command(doors, on, step.change, now)
        break
      case 'clock':
        on.skew = step.skew
        on.clock = 0
        break
      case 'sync':
        await sync(doors, on, now)
        break
      case 'lose':
        await send(doors, on, prepare(on), now, true)
        break
      case 'again': {
        const request = on.sent.at(-1)
        if (request) take(on, request, await send(doors, on, request, now, true))
        break
      }
      case 'leave': {
        const request = prepare(on)
        underWay.set(on, [request, await send(doors, on, request, now, true)])
        break
      }
      case 'arrive': {
        const [request, said] = underWay.get(on) ?? []
        if (request && said) take(on, request, said)
        break
      }
      case 'stick':
        prepare(on)
        break
      case 'repeat': {
        const request = on.sent[step.request % Math.max(1, on.sent.length)]
        if (request) await send(doors, on, request, now, step.keyed)
        break
      }
    }
  }
  return now
}

/** Everybody syncs a few times while nothing else happens. */
export async function settle(doors: Doors, devices: readonly Device[], now: number): Promise<void> {
  for (let round = 0; round < 3; round++) for (const on of devices) await sync(doors, on, now)
}

/** What the REST endpoints tell; saves have none, so they are those of a first sync. */
async function restRows(doors: Doors, user: UserId): Promise<Rows> {
  const get = async (path: string, query = {}) => (await doors.call('get', path, { user, query })).body
  const { changes: first } = (await doors.call('post', '/sync', { user, body: { changes: {} } })).body
  return rowsOfAnswer({
    ...(await get('/subscriptions')),
    plays: (await get('/play', { limit: '100' })).play_statuses,
    ...(await get('/playlists')),
    ...(await get('/collections')),
    ...(await get('/privacy')),
    saves: first.saves,
  })
}

/** What a person sees in an app; the default collection is there from the start, also before anything was put in it. */
export function seenIn(rows: Rows, user: UserId) {
  const home = {
    name: 'Subscriptions',
    description: null,
    is_public: false,
    items: [],
    updated_at: '1970-01-01T00:00:00.000Z',
    deleted: false,
  }
  return visible({ ...rows, collections: { [defaultCollectionOf(user)]: home, ...rows.collections } })
}

export const seenByRest = async (doors: Doors, user: UserId) => seenIn(await restRows(doors, user), user)
