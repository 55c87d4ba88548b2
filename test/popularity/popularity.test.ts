import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import { openDoors } from '../support/journal-doors.ts'
import { type Listener, type PublicWorld, publicWorld } from '../support/public-world.ts'

const minute = 60_000
const start = Date.now() - 3_600_000

let world: PublicWorld
let ada: Listener
beforeAll(async () => {
  world = await publicWorld('one', { podcasts: 15 })
})
afterAll(() => world.close())

/** Each test has a podcast of its own. */
let p = -1
beforeEach(async () => {
  p++
  ada = await world.listener()
  await world.choose(ada, 'public')
})

const podcast = async () => {
  await world.follow()
  const { body } = await world.get('/feed/{feed}/popularity', {}, { feed: world.feeds[p] ?? '' })
  return body.podcast
}
const episode = async (e: number) => {
  await world.follow()
  const { body } = await world.get('/episode/{item}/popularity', {}, { item: world.items[p]?.[e] ?? '' })
  return body.episode
}
const everySecond = async (who: Listener, from: number, to: number, e = 0, step = 60) => {
  for (let at = from; at <= to; at += step) await world.hear(who, p, e, { position: at }, start + at * 1000)
}

describe('what counts', () => {
  test('a subscription 10, a play 5, a save 3, a share 2', async () => {
    await world.subscribe(ada, p)
    await world.hear(ada, p, 0, { position: 900, played: true })
    await world.mark(ada, 'save', p, 0, true)
    await world.mark(ada, 'share', p, 0, true)
    expect(await podcast()).toMatchObject({ score: 20, plays: 1, likes: 1 })
    expect(await episode(0)).toMatchObject({ score: 10, plays: 1, likes: 1 })
    expect(await episode(0)).toMatchObject({ plays_people: [ada.handle], likes_people: [ada.handle] })
    expect(await episode(1)).toMatchObject({ score: 0, plays: 0, likes: 0, rss_source_item: null })
  })

  test('re-subscribing, saving and sharing again, replaying and finishing again add nothing', async () => {
    for (let again = 0; again < 3; again++) {
      const now = start + again * 10 * minute
      await world.subscribe(ada, p, now)
      await world.hear(ada, p, 0, { position: 900, played: true }, now)
      await world.hear(ada, p, 0, { position: 0, played: false }, now + 1)
      await world.mark(ada, 'save', p, 0, true, { now })
      await world.mark(ada, 'share', p, 0, true, { now, comment: `${again}` })
      await world.follow()
      await world.unsubscribe(ada, p, now + minute)
      await world.mark(ada, 'save', p, 0, false, { now: now + minute })
      await world.mark(ada, 'share', p, 0, false, { now: now + minute })
      expect(await podcast()).toMatchObject({ score: 20, plays: 1, likes: 1 })
    }
  })

  test('unsubscribing, unsaving and unsharing do not subtract, and who took it back is not named', async () => {
    await world.subscribe(ada, p)
    await world.mark(ada, 'save', p, 0, true)
    await world.follow()
    await world.unsubscribe(ada, p)
    await world.mark(ada, 'save', p, 0, false)
    expect(await podcast()).toMatchObject({ score: 13, likes: 1, likes_people: [] })
  })

  test('twenty minutes listened to are a play, a little less are none', async () => {
    await everySecond(ada, 0, 1140)
    expect((await episode(0)).plays).toBe(0)
    await everySecond(ada, 1200, 1200)
    expect((await episode(0)).plays).toBe(1)
  })

  test('of a short episode 70 % are a play', async () => {
    const hear = (position: number, after: number) =>
      world.hear(ada, p, 0, { position, duration: 100 }, start + after * 1000)
    await hear(0, 0)
    await hear(69, 69)
    expect((await episode(0)).plays).toBe(0)
    await hear(70, 70)
    expect((await episode(0)).plays).toBe(1)
  })

  test('scrubbing adds nothing: what was skipped was not heard, and what was heard twice was heard once', async () => {
    await world.hear(ada, p, 0, { position: 0 }, start)
    await world.hear(ada, p, 0, { position: 1500 }, start + 10_000)
    expect((await episode(0)).plays).toBe(0)
    for (let again = 1; again <= 10; again++) {
      await world.hear(ada, p, 0, { position: 0 }, start + again * 5 * minute)
      await world.hear(ada, p, 0, { position: 240 }, start + (again * 5 + 4) * minute)
    }
    expect((await episode(0)).plays).toBe(0)
  })

  test('a listener at up to three times the speed has heard it', async () => {
    await world.hear(ada, p, 0, { position: 0 }, start)
    await world.hear(ada, p, 0, { position: 1199 }, start + 1_200_000 / 3)
    await world.hear(ada, p, 0, { position: 1200 }, start + 1_200_000 / 3 + 334)
    expect((await episode(0)).plays).toBe(1)
  })

  test('where an app tells where listening began, that counts, but the same stretch only once', async () => {
    for (let again = 1; again <= 5; again++)
      await world.hear(ada, p, 0, { position: 1000, started: 400 }, start + again * minute)
    expect((await episode(0)).plays).toBe(0)
    await world.hear(ada, p, 0, { position: 1700, started: 1100 }, start + 9 * minute)
    expect((await episode(0)).plays).toBe(1)
  })

  test('public, private, public again: gone at once, and back with the same numbers', async () => {
    await world.subscribe(ada, p)
    await world.hear(ada, p, 0, { position: 900, played: true })
    const before = await podcast()
    expect(before.score).toBe(15)
    await world.choose(ada, 'private')
    expect(await podcast()).toMatchObject({ score: 0, plays: 0, plays_people: [], rss_source_feed: null })
    await world.choose(ada, 'anonymous')
    expect(await podcast()).toMatchObject({ score: 15, plays: 1, plays_people: [] })
    await world.choose(ada, 'private', p, 0)
    expect(await podcast()).toMatchObject({ score: 10, plays: 0 })
    await world.choose(ada, 'public', p, 0)
    await world.choose(ada, 'public')
    expect(await podcast()).toEqual(before)
  })

  test('a podcast whose feed was never fetched is private whatever the setting; once fetched, the past shows', async () => {
    await world.secrecy(p, false)
    await world.subscribe(ada, p)
    expect((await podcast()).score).toBe(0)
    await world.secrecy(p, true)
    expect((await podcast()).score).toBe(10)
    await world.secrecy(p, true, 'itunes:block')
    expect((await podcast()).score).toBe(0)
    await world.choose(ada, 'public', p)
    expect((await podcast()).score).toBe(10)
  })

  test('of a change in the catalog that nobody told of, the next refresh finds out', async () => {
    await world.secrecy(p, false)
    await world.subscribe(ada, p)
    await world.follow()
    await world.secrecy(p, true, null, true)
    await world.doors.instance.publicity.refresh()
    expect((await podcast()).score).toBe(10)
  })

  test('what an erasure took out of the journal counts no more', async () => {
    await world.subscribe(ada, p)
    await world.mark(ada, 'save', p, 0, true)
    expect((await podcast()).score).toBe(13)
    const { pool } = world.fresh.stores.events
    const client = await pool.connect()
    await client.query(`begin; set local balados.removing_events = 'on'`)
    await client.query(`delete from events.events where user_id = $1 and type = 'EpisodeSaved'`, [ada.id])
    await client.query('commit')
    client.release()
    await world.doors.instance.publicity.refold(ada.id)
    expect(await podcast()).toMatchObject({ score: 10, likes: 0, likes_people: [] })
  })
})

describe('what is shown', () => {
  test('a podcast that is asked for has its rank among all', async () => {
    const other = p - 1
    for (let n = 0; n < 3; n++) {
      const who = await world.listener()
      await world.choose(who, 'anonymous')
      await world.subscribe(who, p)
      await world.subscribe(who, other)
      await world.mark(who, 'save', other, 0, true)
    }
    await world.follow()
    const { body: all } = await world.get('/trending/podcasts', { window: 'day', limit: '100' })
    const feed = world.feeds[p] ?? ''
    const mine = all.podcasts.find((row: { rss_source_feed: string }) => row.rss_source_feed === feed)
    expect(mine.rank).toBeGreaterThan(1)
    expect((await world.get('/trending/podcasts', { window: 'day', feed })).body).toEqual({ podcasts: [mine] })
  })

  test('what two of a podcast’s listeners follow too is not told, what three do is', async () => {
    const related = async () => {
      await world.follow()
      return (await world.get('/feed/{feed}/related', {}, { feed: world.feeds[p] ?? '' })).body.podcasts
    }
    const three = [await world.listener(), await world.listener(), await world.listener()]
    for (const [n, who] of three.entries()) {
      await world.choose(who, n === 2 ? 'private' : 'anonymous')
      await world.subscribe(who, p)
      await world.subscribe(who, 0)
    }
    expect(await related()).toEqual([])
    await world.choose(three[2] as Listener, 'anonymous')
    expect(await related()).toMatchObject([{ rss_source_feed: world.feeds[0], people: 3 }])
    await world.unsubscribe(three[0] as Listener, 0)
    expect(await related()).toEqual([])
  })
})

describe('beside each other', () => {
  const tables = [
    'contributions',
    'traces',
    'popularity',
    'popularity_totals',
    'popularity_hours',
    'timeline',
    'timeline_groups',
  ]
  const kept = async () => {
    const all: Record<string, string[]> = {}
    for (const table of tables) {
      const text = `select x::text as row from projections.${table} x order by 1`
      all[table] = (await world.fresh.stores.projections.pool.query(text)).rows.map(({ row }) => row)
    }
    return all
  }

  test('two processes that follow, rebuilds and writers leave what a rebuild in peace leaves', async () => {
    const second = openDoors(world.fresh.stores)
    const people = await Promise.all(Array.from({ length: 4 }, () => world.listener()))
    const write = async (who: Listener) => {
      for (let n = 0; n < 12; n++) {
        await world.choose(who, ['public', 'anonymous', 'private'][n % 3] ?? '', n % 2 ? p : undefined)
        await world.subscribe(who, n % 3)
        await world.hear(who, p, n % 3, { position: 100 * n, played: n % 4 === 0 })
      }
    }
    let writing = true
    const following = [world.doors, second].map(async ({ instance }) => {
      while (writing) {
        await sequenceArrivals(world.fresh.stores.events)
        await instance.following.advance()
      }
    })
    const rebuilding = (async () => {
      while (writing) await second.instance.publicity.rebuild()
    })()
    await Promise.all(people.map(write))
    writing = false
    await Promise.all([...following, rebuilding])
    await world.follow()
    await world.doors.instance.publicity.refresh()
    const before = await kept()
    await world.doors.instance.publicity.rebuild()
    expect(await kept()).toEqual(before)
  }, 60_000)
})
