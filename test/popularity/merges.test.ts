import { afterAll, beforeAll, expect, test } from 'vitest'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { type PublicWorld, publicWorld } from '../support/public-world.ts'

let now = Date.now() - 3_600_000
let world: PublicWorld
beforeAll(async () => {
  world = await publicWorld('one', { podcasts: 4, clock: () => now })
})
afterAll(() => world.close())

const podcast = async (p: number) =>
  (await world.get('/feed/{feed}/popularity', {}, { feed: world.feeds[p] ?? '' })).body.podcast
const timeline = async () => (await world.get('/timeline', { limit: '100' })).body.events

/** The feed of one podcast turns out to be that of another; everybody hears of it. */
async function merge(p: number, into: number): Promise<void> {
  await world.follow()
  const { identity, telling } = world.doors.instance
  const to = Buffer.from(world.feeds[into] ?? '', 'base64url').toString()
  expect(await identity.move(world.podcasts[p] as PodcastId, to, 'a redirect')).toMatchObject({ outcome: 'merged' })
  now += 120_000
  expect(await telling.tell()).toBeGreaterThan(0)
  await world.follow()
}

test('what somebody did to two podcasts that are one counts once, and what they did to either is told of the one', async () => {
  const [ada, eve] = [await world.listener(), await world.listener()]
  for (const who of [ada, eve]) await world.choose(who, 'public')
  // Ada did everything to both, Eve to one of them.
  for (const p of [0, 1]) {
    await world.subscribe(ada, p)
    now += 1_000
  }
  await world.subscribe(eve, 1)
  await world.hear(eve, 1, 0, { position: 1800, played: true })
  await world.mark(eve, 'save', 1, 1, true)
  await world.mark(eve, 'share', 1, 1, true, { comment: 'Listen' })
  await world.follow()
  expect(await podcast(0)).toMatchObject({ score: 10 })
  expect(await podcast(1)).toMatchObject({ score: 30 })

  await merge(1, 0)
  const merged = await podcast(0)
  expect(merged).toMatchObject({ score: 30, plays: 1, likes: 1 })
  expect(await podcast(1)).toEqual(merged)
  const told = await timeline()
  expect(told.every((event: { rss_source_feed: string }) => event.rss_source_feed === world.feeds[0])).toBe(true)
  expect(told).toHaveLength(5)

  await world.doors.instance.publicity.rebuild()
  expect(await podcast(0)).toEqual(merged)
  expect(await timeline()).toEqual(told)
})

test('who kept one of two podcasts private keeps the one private', async () => {
  const ada = await world.listener()
  await world.choose(ada, 'public')
  await world.choose(ada, 'private', 3)
  await world.subscribe(ada, 2)
  await world.subscribe(ada, 3)
  await world.follow()
  expect(await podcast(2)).toMatchObject({ score: 10 })
  await merge(3, 2)
  expect(await podcast(2)).toMatchObject({ score: 0 })
})
