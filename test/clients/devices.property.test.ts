import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  BaladosError,
  type ClientParts,
  differences,
  type Edits,
  type Shelf,
} from '../../clients/typescript/src/index.ts'
import type { Weather } from '../../examples/client/network.ts'
import { startServer, type TestServer } from '../support/instance.ts'
import { runs } from '../support/runs.ts'
import { openDisk } from './disks.ts'
import { clientParts, episode, feed, type Gadget, gadget } from './gadgets.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

/** A device that can lose its power, and is switched on again with what was on its disk. */
interface Toy {
  now: Gadget
  disk: ReturnType<typeof openDisk>
  readonly clock: () => number
}

type Step =
  | { readonly do: 'edit'; readonly edit: (on: Edits, shelf: Shelf) => Promise<unknown>; readonly directly: boolean }
  | { readonly do: 'sync'; readonly weather: Weather }
  | { readonly do: 'crash while syncing'; readonly writes: number }

const few = fc.nat(4)
const episodes = fc.array(few.map(episode), { maxLength: 5 })
const aList = (lists: Readonly<Record<string, unknown>>, n: number) =>
  Object.keys(lists).filter((id) => id !== 'queue')[n]

const edits: fc.Arbitrary<(on: Edits, shelf: Shelf) => Promise<unknown>> = fc.oneof(
  few.map((n) => (on: Edits) => on.subscribe(feed(n % 3))),
  few.map((n) => (on: Edits) => on.unsubscribe(feed(n % 3))),
  fc.tuple(few, fc.nat(3_000), fc.option(fc.boolean(), { nil: undefined }), fc.boolean()).map(
    ([n, position, played, startOver]) =>
      (on: Edits) =>
        on.listen(episode(n), position, { startOver, ...(played === undefined ? {} : { played }) }),
  ),
  fc.tuple(few, fc.boolean()).map(
    ([n, saved]) =>
      (on: Edits) =>
        on.save(episode(n), saved),
  ),
  episodes.map((items) => (on: Edits) => on.arrangeQueue(items)),
  episodes.map((items) => (on: Edits) => on.createPlaylist({ name: 'Made', items })),
  fc
    .tuple(few, episodes, fc.constantFrom({}, { name: 'Other' }, { is_public: true }))
    .map(([n, items, fields]) => async (on: Edits, shelf: Shelf) => {
      const id = aList(shelf.playlists, n)
      if (id) await on.editPlaylist(id, { ...fields, items })
    }),
  few.map((n) => async (on: Edits, shelf: Shelf) => {
    const id = aList(shelf.playlists, n)
    if (id) await on.deletePlaylist(id)
  }),
  fc.constant((on: Edits) => on.createCollection({ title: 'Made' })),
  fc.tuple(few, fc.boolean()).map(([n, gone]) => async (on: Edits, shelf: Shelf) => {
    const id = Object.keys(shelf.collections).filter((key) => !shelf.collections[key]?.is_default)[n]
    if (!id) return
    if (gone) await on.deleteCollection(id)
    else await on.editCollection(id, { title: `Other ${n}`, color: '#aabbcc' })
  }),
  fc.tuple(few, fc.constantFrom('public' as const, 'anonymous' as const, 'private' as const)).map(
    ([n, level]) =>
      (on: Edits) =>
        on.choosePrivacy(level, n === 0 ? {} : n < 3 ? { feed: feed(n) } : { episode: episode(n) }),
  ),
)

const steps = (directly: fc.Arbitrary<boolean>): fc.Arbitrary<Step> =>
  fc.oneof(
    { arbitrary: fc.record({ do: fc.constant('edit' as const), edit: edits, directly }), weight: 6 },
    {
      arbitrary: fc.record({
        do: fc.constant('sync' as const),
        weather: fc.constantFrom<Weather>('online', 'online', 'offline', 'losing answers'),
      }),
      weight: 3,
    },
    { arbitrary: fc.record({ do: fc.constant('crash while syncing' as const), writes: fc.nat(4) }), weight: 1 },
  )

async function switchOn(app: Pick<ClientParts, 'app' | 'grant'>, toy: Pick<Toy, 'disk' | 'clock'>): Promise<Gadget> {
  return gadget(app, { storage: toy.disk, clock: toy.clock })
}

/** What a device without a network says is no news here. */
const patiently = (error: unknown): void => {
  if (!(error instanceof BaladosError) || error.code !== 'NETWORK_ERROR') throw error
}

async function play(
  app: Pick<ClientParts, 'app' | 'grant'>,
  toys: readonly Toy[],
  script: readonly (readonly [number, Step])[],
) {
  for (const [who, step] of script) {
    const toy = toys[who] as Toy
    const { now } = toy
    now.network.weather = 'online'
    switch (step.do) {
      case 'edit':
        // A refusal is the server's good right: the list was deleted elsewhere.
        if (step.directly)
          await step.edit(now.direct, now.shelf).catch((error) => expect(error).toBeInstanceOf(BaladosError))
        else await step.edit(now, now.shelf)
        break
      case 'sync':
        now.network.weather = step.weather
        expect((await now.sync().catch(patiently))?.rejected ?? []).toEqual([])
        break
      case 'crash while syncing':
        toy.disk.cut(step.writes)
        await now.sync().catch(() => undefined)
        toy.disk = openDisk(toy.disk.kept)
        toy.now = await switchOn(app, toy)
        break
      default:
        step satisfies never
    }
  }
}

const skews = fc.tuple(fc.integer({ min: -90_000_000, max: 90_000_000 }), fc.integer({ min: -5_000, max: 5_000 }))

/** Lets the devices play, meet, and be compared with one that was never there. */
async function endEqual(
  script: readonly (readonly [number, Step])[],
  skewed: readonly number[],
  seen: (shelf: Shelf) => Shelf,
): Promise<void> {
  const app = await clientParts(server.url, await server.allow(await server.addUser()))
  const toys = await Promise.all(
    skewed.map(async (skew): Promise<Toy> => {
      // Never twice the same moment, so that an edit is told from the one before.
      let last = 0
      const clock = () => {
        last = Math.max(last + 1, Date.now() + skew)
        return last
      }
      const disk = openDisk()
      return { disk, clock, now: await switchOn(app, { disk, clock }) }
    }),
  )
  await play(app, toys, script)
  for (const toy of [...toys, ...toys]) {
    toy.now.network.weather = 'online'
    await toy.now.sync()
  }
  const fresh = await gadget(app)
  await fresh.sync()
  for (const { now } of toys) expect(differences(seen(fresh.shelf), seen(now.shelf))).toEqual([])
}

const script = (directly: fc.Arbitrary<boolean>) =>
  fc.array(fc.tuple(fc.nat(1), steps(directly)), { minLength: 1, maxLength: 40 })

test('two devices with any edits, losses and crashes end equal, and so does a new one', async () => {
  await fc.assert(
    fc.asyncProperty(script(fc.constant(false)), skews, (plan, skewed) => endEqual(plan, skewed, (shelf) => shelf)),
    { numRuns: runs(30, 300) },
  )
}, 600_000)

test('they end equal too where some edits are direct commands, but for the times, which those leave to the server', async () => {
  const untimed = (shelf: Shelf): Shelf =>
    JSON.parse(JSON.stringify(shelf), (name, value) => (name === 'updated_at' || name === 'at' ? undefined : value))
  await fc.assert(
    fc.asyncProperty(script(fc.boolean()), skews, (plan, skewed) => endEqual(plan, skewed, untimed)),
    { numRuns: runs(30, 300) },
  )
}, 600_000)
