import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Stores } from '../../src/database/store.ts'
import { download, downloadActions } from '../../src/downloads/decider.ts'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { PodcastId, UserId } from '../../src/kernel/brand.ts'
import { success } from '../../src/kernel/endpoint.ts'
import { defaultCollectionOf, queueOf } from '../../src/podcast/fixed-ids.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { feedId, itemId } from '../support/instance.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { runs } from '../support/runs.ts'

const day = 86_400_000
const tables = [
  'subscriptions',
  'plays',
  'playlists',
  'collections',
  'privacy',
  'saves',
  'shares',
  'downloads',
  'moved_feeds',
] as const

const feed = (n: number) => feedId(`https://feeds.example/rebuild-${n}.xml`)
const item = (n: number) => itemId(`g-${n}`, `https://media.example/${n}.mp3`)
const ref = (n: number) => ({ rss_source_feed: feed(n % 3), rss_source_item: item(n) })
const lists = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']

const n = fc.nat(5)
const order = fc.oneof(
  fc.record({ what: fc.constant('subscribe' as const), n, on: fc.boolean() }),
  fc.record({ what: fc.constant('play' as const), n, position: fc.nat(3000), played: fc.boolean() }),
  fc.record({ what: fc.constant('save' as const), n, on: fc.boolean() }),
  fc.record({ what: fc.constant('share' as const), n, on: fc.boolean() }),
  fc.record({ what: fc.constant('download' as const), n, action: fc.constantFrom(...downloadActions) }),
  fc.record({ what: fc.constant('privacy' as const), n, level: fc.constantFrom('public', 'anonymous', 'private') }),
  fc.record({
    what: fc.constant('playlist' as const),
    n: fc.nat(1),
    items: fc.array(n, { maxLength: 5 }),
    gone: fc.boolean(),
  }),
  fc.record({ what: fc.constant('queue' as const), items: fc.array(n, { maxLength: 5 }) }),
  fc.record({
    what: fc.constant('collection' as const),
    n: fc.nat(2),
    feeds: fc.array(n, { maxLength: 3 }),
    gone: fc.boolean(),
  }),
)
type Order = typeof order extends fc.Arbitrary<infer T> ? T : never

/** An order as an entry of a sync, by an offline phone or tablet whose clock may be wrong. */
function entryOf(user: UserId, o: Order, time: number): Record<string, unknown[]> {
  const updated_at = new Date(time).toISOString()
  switch (o.what) {
    case 'subscribe':
      return {
        subscriptions: [{ rss_source_feed: feed(o.n % 3), [o.on ? 'subscribed_at' : 'unsubscribed_at']: updated_at }],
      }
    case 'play':
      return { plays: [{ ...ref(o.n), position: o.position, played: o.played, updated_at }] }
    case 'save':
      return { saves: [{ ...ref(o.n), saved: o.on, updated_at }] }
    case 'share':
    case 'download':
      return {}
    case 'privacy':
      return { privacy: [{ ...(o.n > 2 ? {} : { feed: feed(o.n) }), privacy: o.level, updated_at }] }
    case 'playlist':
      return {
        playlists: [
          {
            id: lists[o.n],
            name: `List ${o.items.length}`,
            items: o.items.map(ref),
            updated_at,
            deleted_at: o.gone ? updated_at : null,
          },
        ],
      }
    case 'queue':
      return { playlists: [{ id: queueOf(user), kind: 'queue', items: o.items.map(ref), updated_at }] }
    case 'collection': {
      const id = o.n === 2 ? defaultCollectionOf(user) : lists[o.n]
      const deleted_at = o.gone && o.n !== 2 ? updated_at : null
      return {
        collections: [{ id, title: `Shelf ${o.n}`, feeds: o.feeds.map((f) => feed(f % 3)), updated_at, deleted_at }],
      }
    }
    default:
      return o satisfies never
  }
}

interface Step {
  readonly order: Order
  readonly device: 'phone' | 'tablet'
  readonly skew: number
  readonly keepsToken: boolean
}
const step: fc.Arbitrary<Step> = fc.record({
  order,
  device: fc.constantFrom('phone' as const, 'tablet' as const),
  skew: fc.constantFrom(0, day, -day),
  keepsToken: fc.boolean(),
})

/** What a device did with an episode's file, which only doors of other protocols tell. */
async function downloaded(
  { instance: { catalog, journal } }: Doors,
  user: UserId,
  o: Extract<Order, { what: 'download' }>,
  { device, now, at }: { device: string; now: number; at: number },
): Promise<void> {
  const url = `https://feeds.example/rebuild-${o.n % 3}.xml`
  const podcast = (await catalog.podcasts([url])).get(url) as PodcastId
  const enclosure = `https://media.example/${o.n}.mp3`
  const [episode = ''] = await catalog.episodes([{ guid: `g-${o.n}`, enclosure, podcast }])
  const origin = { user, author: { app: 'test.app', device }, now, request: null }
  await journal.commit(origin, async (unit) => {
    await unit.load(download, [episode])
    unit.decide(download, episode, { podcast, action: o.action, at })
    return success
  })
}

async function live(doors: Doors, user: UserId, steps: readonly Step[], start: number): Promise<void> {
  const tokens = new Map<string, string>()
  let now = start
  for (const { order: o, device, skew, keepsToken } of steps) {
    now += 60_000
    if (o.what === 'share') {
      const method = o.on ? 'post' : 'delete'
      await doors.call(method, '/episodes/{item}/share', {
        user,
        now,
        params: { item: item(o.n) },
        query: { feed: feed(o.n % 3) },
        body: { comment: `c${o.n}` },
      })
      continue
    }
    if (o.what === 'download') {
      await downloaded(doors, user, o, { device, now, at: now + skew })
      continue
    }
    const last_sync = tokens.get(device)
    const said = await doors.call('post', '/sync', {
      user,
      device,
      now,
      body: { ...(last_sync === undefined ? {} : { last_sync }), changes: entryOf(user, o, now + skew) },
    })
    expect(said.status).toBe(200)
    expect(said.body.rejected).toEqual([])
    if (keepsToken) tokens.set(device, said.body.sync_token)
  }
}

/** Every row of the user in every read model, as bytes. */
async function shown({ projections }: Stores, user: UserId): Promise<string> {
  const all: unknown[] = []
  for (const table of tables) {
    const { rows } = await projections.pool.query(
      `select to_jsonb(t)::text as row from projections.${table} t where user_id = $1 order by 1`,
      [user],
    )
    all.push(table, ...rows.map((r) => r.row))
  }
  return JSON.stringify(all, null, 1)
}

describe.each(['one', 'three'] as const)('on %s database(s)', (layout) => {
  let fresh: FreshStores
  let doors: Doors
  beforeAll(async () => {
    fresh = await freshStores(layout)
    doors = openDoors(fresh.stores)
  })
  afterAll(() => fresh.close())

  test('a rebuild equals the live read models, for every slice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const user = somebody()
        await live(doors, user, steps, Date.now() - day)
        const before = await shown(fresh.stores, user)
        await doors.instance.journal.readModels.rebuild(user)
        expect(await shown(fresh.stores, user)).toBe(before)
      }),
      { numRuns: runs(100, 1000), seed: 20261122 },
    )
  }, 900_000)

  test('purging old tombstones, then rebuilding, is the same again; tokens from before are void, a quiet user’s are not', async () => {
    const user = somebody()
    const quiet = somebody()
    const long = Date.now() - 60 * day
    const sync = (who: UserId, changes: object, now: number, last_sync?: string) =>
      doors.call('post', '/sync', {
        user: who,
        device: 'phone',
        now,
        body: { ...(last_sync ? { last_sync } : {}), changes },
      })
    const on = (at: number) => ({
      subscriptions: [{ rss_source_feed: feed(0), subscribed_at: new Date(at).toISOString() }],
    })
    const off = (at: number) => ({
      subscriptions: [{ rss_source_feed: feed(0), unsubscribed_at: new Date(at).toISOString() }],
    })
    const old = (await sync(user, on(long), long)).body.sync_token
    const quietToken = (await sync(quiet, on(long), long)).body.sync_token
    const { body } = await sync(user, off(long + 1000), long + 1000, old)
    await sync(
      user,
      { subscriptions: [{ rss_source_feed: feed(1), unsubscribed_at: null, subscribed_at: new Date().toISOString() }] },
      Date.now(),
      body.sync_token,
    )
    await doors.instance.journal.readModels.purgeTombstones(Date.now() - 45 * day)
    const before = await shown(fresh.stores, user)
    expect(before).not.toContain('"active": false')
    await doors.instance.journal.readModels.rebuild(user)
    expect(await shown(fresh.stores, user)).toBe(before)
    expect(await sync(user, {}, Date.now(), old)).toMatchObject({
      status: 410,
      body: { error_code: 'sync_token_expired' },
    })
    expect((await sync(quiet, {}, Date.now(), quietToken)).status).toBe(200)
    expect((await sync(user, {}, Date.now())).status).toBe(200)
  })
})

describe('with read models in a database of their own', () => {
  let fresh: FreshStores
  beforeAll(async () => {
    fresh = await freshStores('three')
  })
  afterAll(() => fresh.close())

  /** As if the process had been killed between the append and the projection of its last events. */
  async function loseTail(user: UserId, from: number) {
    const { pool } = fresh.stores.projections
    await pool.query('update projections.progress set number = $2 where user_id = $1', [user, from])
    for (const table of tables)
      await pool.query(`delete from projections.${table} where user_id = $1 and number > $2`, [user, from])
  }

  test('what a killed process did not project, the next read completes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), fc.nat(20), async (steps, cut) => {
        const doors = openDoors(fresh.stores)
        const user = somebody()
        // Lists and plays that existed before the cut would show their older rows; here all of the tail is new.
        await live(doors, user, steps, Date.now() - day)
        const before = await shown(fresh.stores, user)
        const { lastNumber } = await doors.instance.journal.head(user)
        await loseTail(user, Math.min(cut, lastNumber))
        await doors.call('get', '/subscriptions', { user })
        expect(await shown(fresh.stores, user)).toBe(before)
      }),
      { numRuns: runs(50, 500), seed: 20261122 },
    )
  }, 900_000)

  test('and what nobody reads, the follower completes', async () => {
    const doors = openDoors(fresh.stores)
    const user = somebody()
    const body = { ...ref(1), position: 5, played: false }
    await doors.call('post', '/play', { user, body })
    await sequenceArrivals(fresh.stores.events)
    await doors.instance.following.advance()
    await doors.call('post', '/play', { user, body: { ...body, position: 9 } })
    const before = await shown(fresh.stores, user)
    await loseTail(user, 1)
    await sequenceArrivals(fresh.stores.events)
    await doors.instance.following.advance()
    expect(await shown(fresh.stores, user)).toBe(before)
  })

  test('read-your-writes holds: a write is in the very next read', async () => {
    const doors = openDoors(fresh.stores)
    const user = somebody()
    for (let i = 1; i <= 20; i++) {
      await doors.call('post', '/play', { user, body: { ...ref(1), position: i, played: false } })
      const { body } = await doors.call('get', '/play/{item}', { user, params: { item: item(1) } })
      expect(body.play_status.position).toBe(i)
    }
  })
})
