import { expect, test } from 'vitest'
import { collection } from '../../src/collections/decider.ts'
import { followSubscriptions } from '../../src/collections/reaction.ts'
import type { Queryable } from '../../src/database/store.ts'
import { createUnit } from '../../src/journal/unit.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { inOrder } from '../../src/podcast/arrangement.ts'
import { defaultCollectionOf } from '../../src/podcast/fixed-ids.ts'
import { subscription } from '../../src/subscriptions/decider.ts'
import { commanded, empty, noon, phone, type Stream } from '../kernel/stream.ts'
import { says as follows } from '../subscriptions/speech.ts'
import { says } from './speech.ts'

const user = '7d9f1d2e-0000-4000-8000-000000000001' as UserId
const home = defaultCollectionOf(user)

type Shelf = Stream<typeof collection.initial, Parameters<typeof collection.evolve>[1]['fact']>
const holding = (items: readonly string[], said: Partial<Parameters<typeof says>[0]> = {}): Shelf =>
  commanded(collection, empty(collection), phone, says({ items, at: 0, ...said }))

/**
 * What the collections hold after one request has followed (true) and left (false) these podcasts, and who wrote there.
 */
async function after(shelves: Record<string, Shelf>, words: readonly [podcast: string, follows: boolean][]) {
  // A journal that holds these collections and nothing else.
  const db = {
    query: async ({ name }: { name: string }) => ({
      rows: name === 'journal-stream-names' ? Object.keys(shelves).map((id) => ({ stream: `collection/${id}` })) : [],
    }),
  } as unknown as Queryable
  const unit = createUnit({
    db,
    origin: { user, author: phone, now: noon + 100, request: null },
    head: { lastNumber: 50, lastStamp: 50, horizon: 0 },
    upcasts: {},
    reactions: [followSubscriptions],
  })
  for (const [id, { events }] of Object.entries(shelves)) unit.adopt(collection, id, events)
  await unit.load(
    subscription,
    words.map(([podcast]) => podcast),
  )
  for (const [podcast, active] of words) {
    const state = unit.state(subscription, podcast)
    unit.decide(subscription, podcast, follows({ active, at: 100 })({ state, known: state, seen: { what: 'all' } }))
  }
  await unit.react()
  const touched = unit.touched().filter(({ kind }) => kind === 'collection')
  const events = unit.pending().events.filter(({ stream }) => stream.startsWith('collection/'))
  return {
    alive: Object.fromEntries(touched.map(({ id, state }) => [id, (state as Shelf['state']).alive])),
    shelves: Object.fromEntries(touched.map(({ id, state }) => [id, inOrder((state as Shelf['state']).items)])),
    authors: events.map((event) => event.author),
    types: events.map((event) => event.fact.type),
  }
}

test('a new subscription lands in the default collection, which it makes', async () => {
  const { shelves, types } = await after({}, [['p1', true]])
  expect(shelves).toEqual({ [home]: ['p1'] })
  expect(types).toEqual(['CollectionCreated'])
})

test('the server writes it, so that the device that subscribed hears of it too', async () => {
  const { authors } = await after({}, [['p1', true]])
  expect(authors).toEqual([{ app: 'balados', device: null }])
})

test('many of one request are one change, after what is there', async () => {
  const { shelves, types } = await after({ [home]: holding(['p0']) }, [
    ['p1', true],
    ['p2', true],
  ])
  expect(shelves).toEqual({ [home]: ['p0', 'p1', 'p2'] })
  expect(types).toEqual(['FeedsArranged'])
})

test('the last word on a podcast counts', async () => {
  const { shelves } = await after({ [home]: holding(['p0']) }, [
    ['p1', true],
    ['p2', true],
    ['p1', false],
  ])
  expect(shelves).toEqual({ [home]: ['p0', 'p2'] })
})

test('a podcast that is in some collection already stays where it is', async () => {
  expect((await after({ [home]: holding([]), news: holding(['p1']) }, [['p1', true]])).shelves).toEqual({})
})

test('a subscription that ends leaves every collection', async () => {
  const { shelves } = await after({ [home]: holding(['p1', 'p2']), news: holding(['p1']), other: holding(['p3']) }, [
    ['p1', true],
    ['p1', false],
  ])
  expect(shelves).toEqual({ [home]: ['p2'], news: [] })
})

test('a deleted collection is left alone', async () => {
  const gone = commanded(collection, holding(['p1']), phone, says({ deleted: true, at: 5 }))
  const { shelves } = await after({ [home]: holding(['p1']), news: gone }, [
    ['p1', true],
    ['p1', false],
  ])
  expect(shelves).toEqual({ [home]: [] })
})

test('a podcast that only a deleted collection holds is put where it can be seen', async () => {
  const gone = commanded(collection, holding(['p1']), phone, says({ deleted: true, at: 5 }))
  expect((await after({ [home]: holding([]), news: gone }, [['p1', true]])).shelves).toEqual({ [home]: ['p1'] })
})

test('tidying a collection up is no word against a device that deletes it', async () => {
  const news = holding(['p1', 'p2'])
  const { alive } = await after({ [home]: holding([]), news }, [
    ['p1', true],
    ['p1', false],
  ])
  expect(alive.news).toEqual(news.state.alive)
})

test('nothing happens to collections where nothing turned', async () => {
  expect((await after({ [home]: holding(['p1']) }, [['p2', false]])).types).toEqual([])
})
