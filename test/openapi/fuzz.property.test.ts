import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { runs } from '../support/runs.ts'
import { attacksOn } from './attacks.ts'
import { batches, type Entry } from './batches.ts'
import { flawsOf, type Operation } from './document.ts'
import { type Driver, driverFor, nameOf, type Tally } from './drive.ts'
import { plain } from './names.ts'
import { type Shot, soundShots, typed, wildShots } from './shots.ts'
import { fullSync, openWorld, settle } from './world.ts'

const patience = runs(60_000, 900_000)

// The tests are made of the document, so the server that serves it must run before they are.
const world = await openWorld()
const { server, document, operations, bystander } = world
const beforehand = await untouched()
const tally: Tally = new Map()

afterAll(async () => {
  const counts = [...tally.values()].flatMap((statuses) => [...statuses])
  const sum = (of: number) => counts.reduce((all, [status, n]) => (Math.floor(status / 100) === of ? all + n : all), 0)
  const total = counts.reduce((all, [, n]) => all + n, 0)
  const classes = [2, 3, 4, 5].map((of) => `${of}xx ${sum(of)}`).join(', ')
  const vain = operations.map(nameOf).filter((name) => ![...(tally.get(name)?.keys() ?? [])].some((s) => s < 300))
  const never = vain.length > 0 ? `; never carried out: ${vain.join(', ')}` : ''
  console.log(`OpenAPI fuzz: ${operations.length} operations, ${total} requests, ${classes}${never}`)
  await world.close()
})

/** What nobody but the bystander may change: all that a sync tells, and the length of the journal behind it. */
async function untouched() {
  const { text } = await fullSync(world, bystander)
  return { text, head: await server.instance.journal.head(bystander.user) }
}

/** A seed of its own for each operation, the same in every run. */
const seedOf = (name: string): number =>
  [...name].reduce((hash, letter) => (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0, 20_261_122)

/** A new listener, whose app may do what the operation needs, or what any of them needs. */
async function newDriver(operation?: Operation, where = world): Promise<Driver> {
  const scopes = operation ? operation['x-scope'] : operations.flatMap((each) => each['x-scope'] ?? [])
  return driverFor(where, await settle(where.server, scopes), tally)
}

async function readiness(where = world): Promise<readonly string[]> {
  const { status, text } = await where.wire.send({ method: 'get', target: '/ready', headers: {} })
  return status === 200 ? [] : [`/ready answers ${status} ${text}`]
}

/** What the listener of these requests was promised and can't find, by either of the doors, now or after a rebuild. */
async function losses({ listener, ledger, world: where }: Driver): Promise<readonly string[]> {
  const before = await fullSync(where, listener)
  await where.server.instance.journal.readModels.rebuild(listener.user)
  const after = await fullSync(where, listener)
  const sync = JSON.parse(before.text)
  const shown: unknown[] = []
  for (let offset = 0; ; offset += 100) {
    const { body } = await listener.app.call('GET', `/play?limit=100&offset=${offset}`)
    shown.push(...body.play_statuses)
    if (body.play_statuses.length < 100) break
  }
  const sorted = (rows: unknown[]) =>
    rows
      .map((row) => JSON.stringify(row))
      .toSorted()
      .join('\n')
  return [
    ...ledger.lost(sync),
    ...(before.text === after.text ? [] : [`a rebuild changes ${before.text} to ${after.text}`]),
    ...(sorted(shown) === sorted(sync.changes.plays) ? [] : ['GET /play shows other plays than a sync']),
  ]
}

/** A property of single requests: the answer keeps to the document. Fails with the smallest request that does not. */
const keepsTo = async (driver: Driver, shots: fc.Arbitrary<Shot>, numRuns: number, seed: number) =>
  fc.assert(
    fc.asyncProperty(shots, async (shot) => {
      expect(await driver.fire(shot)).toEqual([])
    }),
    { seed, numRuns },
  )

/** A request that this listener's server carries out, if any can be made up. */
async function accepted(driver: Driver, operation: Operation): Promise<Shot | undefined> {
  for (const shot of fc.sample(soundShots(world, driver.listener, operation), { numRuns: 25, seed: 7 })) {
    const { status } = await driver.send(shot)
    if (status < 300) return shot
  }
  return undefined
}

describe('the document', () => {
  test('is well formed, and says of every operation what it needs to', () => {
    expect(flawsOf(document)).toEqual([])
  })
})

describe.each(operations.map((operation) => [nameOf(operation), operation] as const))('%s', (name, operation) => {
  // One listener for what follows: making one takes longer than fifty requests.
  let made: Promise<Driver> | undefined
  const shared = () => {
    made ??= newDriver(operation)
    return made
  }

  test('understands what the document allows', { timeout: patience }, async () => {
    const driver = await shared()
    await keepsTo(driver, soundShots(world, driver.listener, operation), runs(20, 200), seedOf(name) + 1)
    const statuses = [...(tally.get(name)?.keys() ?? [])]
    expect(statuses.filter((status) => status === 400)).toEqual([])
    expect(statuses.filter((status) => ![400, 401, 413, 415, 429].includes(status))).not.toEqual([])
  })

  test('answers as the document says, whatever is sent', { timeout: patience }, async () => {
    const driver = await shared()
    await keepsTo(driver, wildShots(world, driver.listener, operation), runs(50, 500), seedOf(name))
    expect([...(await losses(driver)), ...(await readiness())]).toEqual([])
  })

  test('withstands what is meant to hurt', { timeout: patience }, async () => {
    const driver = await newDriver(operation)
    const [any] = fc.sample(soundShots(world, driver.listener, operation), { numRuns: 1, seed: 7 })
    const sound = (await accepted(driver, operation)) ?? (any as Shot)
    const flaws: string[] = []
    for (const { name: attack, shot, allowed } of attacksOn(sound)) {
      const found = await driver.fire(shot, allowed)
      flaws.push(...found.map((flaw) => `${attack}: ${flaw}`))
    }
    expect([...flaws, ...(await losses(driver)), ...(await readiness())]).toEqual([])
  })

  if (operation.method === 'get') return

  test('carries out one Idempotency-Key once', { timeout: patience }, async () => {
    const driver = await newDriver(operation)
    const sound = await accepted(driver, operation)
    if (!sound) return
    const again = { ...sound, key: 'at-once' }
    const answers = await Promise.all([1, 2, 3, 4].map(() => driver.send(again)))
    const journal = await server.instance.journal.head(driver.listener.user)
    answers.push(await driver.send(again))
    const said = answers.map(({ status, text }) => `${status} ${text}`)
    expect([...new Set(said)], typed(again)).toHaveLength(1)
    expect(await server.instance.journal.head(driver.listener.user)).toEqual(journal)
    const other = await driver.send({ ...again, rawQuery: 'other=1' })
    expect(other.status, typed({ ...again, rawQuery: 'other=1' })).toBe(409)
  })
})

describe('a sync of which half makes no sense', () => {
  test('applies the good entries and names the bad ones', { timeout: patience }, async () => {
    const driver = await newDriver()
    const { queue } = driver.listener.ids
    const listId = ({ kind, id }: Entry) => (kind === 'queue' ? queue : String(id).toLowerCase())
    const present = (rows: Record<string, unknown>[], entry: Record<string, unknown>, ...keys: string[]) =>
      rows.some((row) => keys.every((key) => plain(String(row[key])) === plain(String(entry[key] ?? null))))
    await fc.assert(
      fc.asyncProperty(batches(world, driver.listener), async ({ shot, bad, good }) => {
        expect(await driver.fire(shot, [200])).toEqual([])
        const answer = JSON.parse((await driver.send(shot)).text)
        const rejected = answer.rejected.map((each: { type: string; index: number }) => `${each.type} ${each.index}`)
        expect(rejected.toSorted(), typed(shot)).toEqual(bad)
        const { text } = await fullSync(world, driver.listener)
        expect(driver.ledger.lost(JSON.parse(text)), typed(shot)).toEqual([])
        const { changes } = JSON.parse(text)
        for (const { lane, entry } of good) {
          const there =
            lane === 'collections' || lane === 'playlists'
              ? typeof entry.deleted_at === 'string' ||
                changes[lane].some((row: { id: string }) => row.id === listId(entry))
              : lane === 'saves'
                ? entry.saved === false || present(changes.saves, entry, 'rss_source_item')
                : lane === 'privacy'
                  ? present(changes.privacy, entry, 'item')
                  : true
          expect(there, `${lane} ${JSON.stringify(entry)} is not there`).toBe(true)
        }
      }),
      { seed: 20_261_122, numRuns: runs(50, 500) },
    )
    expect(await losses(driver)).toEqual([])
  })
})

describe('all operations in any order', () => {
  test.each(['one', 'three'] as const)(
    'lose nothing of what was acknowledged (databases: %s)',
    { timeout: patience },
    async (layout) => {
      const where = layout === 'one' ? world : await openWorld(layout)
      try {
        const driver = await newDriver(undefined, where)
        const shots = fc.constantFrom(...operations).chain((operation) => wildShots(where, driver.listener, operation))
        await keepsTo(driver, shots, runs(300, 3_000), 20_261_122)
        expect(driver.ledger.size).toBeGreaterThan(20)
        expect([...(await losses(driver)), ...(await readiness(where))]).toEqual([])
      } finally {
        if (where !== world) await where.close()
      }
    },
  )

  test('and many at once keep to the document, and to the journal', { timeout: patience }, async () => {
    const driver = await newDriver()
    // Whoever revokes the app that all of them speak through makes the others fail, as it should be.
    const harmless = operations.filter(({ path }) => !path.startsWith('/apps'))
    const shots = fc.constantFrom(...harmless).chain((operation) => wildShots(world, driver.listener, operation))
    const bunches = fc.sample(fc.array(shots, { minLength: 12, maxLength: 12 }), { seed: 7, numRuns: runs(20, 200) })
    const flaws: string[] = []
    for (const bunch of bunches) flaws.push(...(await Promise.all(bunch.map((shot) => driver.fire(shot)))).flat())
    const before = await fullSync(world, driver.listener)
    await server.instance.journal.readModels.rebuild(driver.listener.user)
    expect([...flaws, ...(await readiness())]).toEqual([])
    expect((await fullSync(world, driver.listener)).text).toBe(before.text)
  })
})

describe('all of this', () => {
  test('asked each operation often enough', () => {
    const asked = (operation: Operation) =>
      [...(tally.get(nameOf(operation))?.values() ?? [])].reduce((a, b) => a + b, 0)
    expect(operations.filter((operation) => asked(operation) < 50).map(nameOf)).toEqual([])
  })

  test('changed nothing of a listener who did nothing', async () => {
    expect(await untouched()).toEqual(beforehand)
  })
})
