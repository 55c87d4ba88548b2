import { describe, expect, test } from 'vitest'
import { collection, defaultTitle } from '../../src/collections/decider.ts'
import type { CollectionChange, CollectionEvent } from '../../src/collections/events.ts'
import { collections } from '../../src/collections/projection.ts'
import { unchanged } from '../../src/podcast/arrangement.ts'
import { longestList } from '../../src/podcast/lists.ts'
import { empty, given, noon, shown } from '../kernel/stream.ts'
import { says } from './speech.ts'

const change: CollectionChange = {
  created: false,
  fields: [],
  alive: { value: true, at: noon },
  items: unchanged,
  at: noon,
  asSent: true,
  isDefault: false,
}
const created: CollectionEvent = {
  type: 'CollectionCreated',
  data: {
    ...change,
    created: true,
    fields: [
      { name: 'title', value: 'News', at: noon },
      { name: 'description', value: null, at: noon },
      { name: 'color', value: '#112233', at: noon },
      { name: 'isPublic', value: true, at: noon },
    ],
    items: { added: [['p1', 'a0', noon]], moved: [], removed: [] },
  },
}
const fields = { title: 'News', description: null, color: '#112233', isPublic: true }
const deleted: CollectionEvent = {
  type: 'CollectionDeleted',
  data: { ...change, alive: { value: false, at: noon + 10 }, at: noon + 10 },
}

describe('deciding', () => {
  test('makes a collection with what was said of it', () => {
    expect(given(collection, []).when(says({ fields, items: ['p1'], deleted: false, at: 0 }))).toEqual([created])
  })

  test('the default one has a title nobody needs to say', () => {
    const [made] = given(collection, []).whenCommanded(says({ items: ['p1'], at: 0 }, true)) as CollectionEvent[]
    expect(made).toMatchObject({
      type: 'CollectionCreated',
      data: { isDefault: true, fields: [{ name: 'title', value: defaultTitle, at: 0 }, {}, {}, {}] },
    })
  })

  test('describes', () => {
    expect(given(collection, [created]).when(says({ fields: { color: null }, at: 5 }))).toMatchObject([
      { type: 'CollectionDescribed', data: { fields: [{ name: 'color', value: null, at: noon + 5 }] } },
    ])
  })

  test('arranges', () => {
    expect(given(collection, [created]).when(says({ items: ['p2', 'p1'], at: 5 }))).toMatchObject([
      {
        type: 'FeedsArranged',
        data: { fields: [], items: { added: [['p2', 'Zz', noon + 5]], moved: [], removed: [] } },
      },
    ])
  })

  test('deletes and restores', () => {
    expect(given(collection, [created]).when(says({ deleted: true, at: 10 }))).toEqual([deleted])
    expect(given(collection, [created, deleted]).when(says({ deleted: false, at: 20 }))).toMatchObject([
      { type: 'CollectionRestored', data: { alive: { value: true, at: noon + 20 } } },
    ])
  })

  test('the default collection can be emptied, not deleted', () => {
    const refused = { refused: 'cannot_delete_default_collection' }
    const home = given(collection, [{ ...created, data: { ...created.data, isDefault: true } }])
    for (const answer of [
      home.when(says({ deleted: true, at: 5 }, true)),
      home.whenCommanded(says({ deleted: true, at: 5 }, true)),
      home.whenTold(says({ deleted: true, at: 5 }, true)),
      given(collection, []).when(says({ deleted: true, at: 5 }, true)),
    ])
      expect(answer).toMatchObject(refused)
    expect(home.when(says({ items: [], at: 5 }, true))).toMatchObject([{ type: 'FeedsArranged' }])
  })

  test('holds ten thousand podcasts and refuses one more', () => {
    const items = Array.from({ length: longestList + 1 }, (_, i) => `p${i}`)
    expect(given(collection, []).when(says({ items, at: 0 }))).toMatchObject({ refused: 'too_many_items' })
  })
})

test('is shown with its podcasts in order', () => {
  expect(shown(collections, empty(collection))).toBeNull()
  expect(shown(collections, given(collection, [created]).stream)).toEqual({
    is_default: false,
    title: 'News',
    description: null,
    color: '#112233',
    is_public: true,
    feeds: ['p1'],
    inserted_at: '2026-11-23T00:00:00.000Z',
    updated_at: '2026-11-22T12:00:00.000Z',
    deleted_at: null,
  })
  expect(shown(collections, given(collection, [created, deleted]).stream)).toMatchObject({
    feeds: [],
    updated_at: '2026-11-22T12:00:00.010Z',
    deleted_at: '2026-11-22T12:00:00.010Z',
  })
})
