import { describe, expect, test } from 'vitest'
import { itemKey, itemOf, playlist } from '../../src/playlists/decider.ts'
import type { PlaylistChange, PlaylistEvent } from '../../src/playlists/events.ts'
import { playlists } from '../../src/playlists/projection.ts'
import { inOrder, unchanged } from '../../src/podcast/arrangement.ts'
import { longestList } from '../../src/podcast/lists.ts'
import { converged } from '../kernel/laws.ts'
import { commanded, empty, given, noon, phone, shown, synced, tablet } from '../kernel/stream.ts'
import { says } from './speech.ts'

const change: PlaylistChange = {
  created: false,
  fields: [],
  alive: { value: true, at: noon },
  items: unchanged,
  at: noon,
  asSent: true,
  kind: 'playlist',
}
const created: PlaylistEvent = {
  type: 'PlaylistCreated',
  data: {
    ...change,
    created: true,
    fields: [
      { name: 'name', value: 'Morning', at: noon },
      { name: 'description', value: null, at: noon },
      { name: 'isPublic', value: false, at: noon },
    ],
    items: {
      added: [
        ['p1/e1', 'a0', noon],
        ['p1/e2', 'a1', noon],
      ],
      moved: [],
      removed: [],
    },
  },
}
const whole = { fields: { name: 'Morning', description: null, isPublic: false }, items: ['p1/e1', 'p1/e2'] }
const deleted: PlaylistEvent = {
  type: 'PlaylistDeleted',
  data: { ...change, alive: { value: false, at: noon + 10 }, at: noon + 10 },
}

describe('deciding', () => {
  test('makes a playlist with what was said of it', () => {
    expect(given(playlist, []).when(says({ ...whole, deleted: false, at: 0 }))).toEqual([created])
  })

  test('what nobody said of a new one is not said by anybody: any later word is newer', () => {
    expect(given(playlist, []).when(says({ fields: { name: 'Morning' }, at: 0 }))).toEqual([
      {
        type: 'PlaylistCreated',
        data: {
          ...change,
          created: true,
          fields: [
            { name: 'name', value: 'Morning', at: noon },
            { name: 'description', value: null, at: 0 },
            { name: 'isPublic', value: false, at: 0 },
          ],
          // The device does not know what it did not say.
          asSent: false,
        },
      },
    ])
    const [queued] = given(playlist, []).when(says({ items: ['p1/e1'], at: 0 }, 'queue')) as PlaylistEvent[]
    expect(queued).toMatchObject({ data: { kind: 'queue', fields: [{ name: 'name', value: 'Queue', at: 0 }, {}, {}] } })
  })

  test('describes', () => {
    expect(given(playlist, [created]).when(says({ fields: { name: 'Evening' }, at: 5 }))).toEqual([
      {
        type: 'PlaylistDescribed',
        data: {
          ...change,
          fields: [{ name: 'name', value: 'Evening', at: noon + 5 }],
          alive: { value: true, at: noon + 5 },
          at: noon + 5,
        },
      },
    ])
  })

  test('arranges, saying only what moved, came and went', () => {
    expect(given(playlist, [created]).when(says({ items: ['p1/e2', 'p2/e9'], at: 5 }))).toEqual([
      {
        type: 'EpisodesArranged',
        data: {
          ...change,
          items: { added: [['p2/e9', 'a2', noon + 5]], moved: [], removed: ['p1/e1'] },
          alive: { value: true, at: noon + 5 },
          at: noon + 5,
        },
      },
    ])
  })

  test('adds and takes away single items', () => {
    const single = (add: string[], remove: string[]) =>
      given(playlist, [created]).whenCommanded(says({ items: { add, remove }, at: 5 }))
    expect(single(['p2/e9'], ['p1/e1'])).toMatchObject([
      { data: { items: { added: [['p2/e9', 'a2', noon + 5]], moved: [], removed: ['p1/e1'] } } },
    ])
    expect(single(['p1/e1'], [])).toEqual([])
    expect(single([], ['p9/e9'])).toEqual([])
    expect(single(['p2/e9'], ['p2/e9'])).toEqual([])
  })

  test('deletes, with the items in the journal but not shown, and restores them', () => {
    expect(given(playlist, [created]).when(says({ deleted: true, at: 10 }))).toEqual([deleted])
    expect(shown(playlists, given(playlist, [created, deleted]).stream)).toMatchObject({
      items: [],
      deleted_at: '2026-11-22T12:00:00.010Z',
    })
    const [restored] = given(playlist, [created, deleted]).when(says({ deleted: false, at: 20 })) as PlaylistEvent[]
    expect(restored).toEqual({
      type: 'PlaylistRestored',
      data: { ...change, alive: { value: true, at: noon + 20 }, at: noon + 20 },
    })
    const { stream } = given(playlist, [created, deleted, restored as PlaylistEvent])
    expect(inOrder(stream.state.items)).toEqual(['p1/e1', 'p1/e2'])
  })

  test('the same again changes nothing', () => {
    expect(given(playlist, [created]).when(says({ ...whole, deleted: false, at: 9 }))).toEqual([])
    expect(given(playlist, [created]).when(says({ at: 9 }))).toEqual([])
    expect(given(playlist, [created, deleted]).when(says({ deleted: true, at: 90 }))).toEqual([])
  })

  test('to delete what is not there is nothing, unless another device may have made it meanwhile', () => {
    expect(given(playlist, []).whenCommanded(says({ deleted: true, at: 0 }))).toEqual([])
    expect(given(playlist, []).when(says({ deleted: true, at: 0 }))).toMatchObject([
      { type: 'PlaylistDeleted', data: { created: true } },
    ])
  })

  test('the queue can be emptied, not deleted', () => {
    const queued = given(playlist, [{ ...created, data: { ...created.data, kind: 'queue' } }])
    for (const answer of [
      queued.when(says({ deleted: true, at: 5 }, 'queue')),
      queued.whenCommanded(says({ deleted: true, at: 5 }, 'queue')),
      queued.whenTold(says({ deleted: true, at: 5 }, 'queue')),
      given(playlist, []).when(says({ deleted: true, at: 5 }, 'queue')),
    ])
      expect(answer).toMatchObject({ refused: 'cannot_delete_queue' })
    expect(queued.when(says({ items: [], at: 5 }, 'queue'))).toMatchObject([{ type: 'EpisodesArranged' }])
  })

  test('a list holds ten thousand items and refuses one more, said at once, added, or met from two devices', () => {
    const items = Array.from({ length: longestList }, (_, i) => `p1/e${i}`)
    const full = commanded(playlist, empty(playlist), phone, says({ items, at: 0 }))
    expect(inOrder(full.state.items)).toEqual(items)
    const refused = { refused: 'too_many_items' }
    const seesAll = { state: full.state, known: full.state, seen: { what: 'all' as const } }
    expect(given(playlist, []).when(says({ items: [...items, 'p2/e1'], at: 0 }))).toMatchObject(refused)
    expect(playlist.decide(full.state, says({ items: { add: ['p2/e1'], remove: [] }, at: 5 })(seesAll))).toMatchObject(
      refused,
    )
    expect(
      playlist.decide(full.state, says({ items: { add: ['p2/e1'], remove: ['p1/e0'] }, at: 5 })(seesAll)),
    ).toMatchObject([{ type: 'EpisodesArranged' }])
    const concurrent = { what: 'until' as const, number: 0, author: null, ownSince: full.head }
    expect(
      playlist.decide(
        full.state,
        says({ items: ['p2/e1'], at: 5 })({ ...seesAll, known: playlist.initial, seen: concurrent }),
      ),
    ).toMatchObject(refused)
  })
})

describe('an edit stands as sent', () => {
  const base = given(playlist, [created]).stream
  const asSent = (said: Parameters<typeof says>[0], after = base) =>
    synced(playlist, after, tablet, base.head, says(said)).state.echo === 'pod.example\ntablet'

  test('where the list is what the device has', () => {
    expect(asSent({ ...whole, fields: { ...whole.fields, name: 'x' }, deleted: false, at: 5 })).toBe(true)
    expect(asSent({ fields: { name: 'x' }, at: 5 })).toBe(true)
    expect(asSent({ items: { add: ['p2/e1'], remove: [] }, at: 5 })).toBe(true)
    expect(asSent({ deleted: true, at: 5 })).toBe(true)
  })

  test('not where it was given another time', () => {
    expect(asSent({ fields: { name: 'x' }, at: -5 })).toBe(false)
  })

  test('not where another device has changed what it did not speak of', () => {
    const added = synced(playlist, base, phone, base.head, says({ items: ['p1/e1'], at: 3 }))
    expect(asSent({ fields: { name: 'x' }, at: 5 }, added)).toBe(false)
    const renamed = synced(playlist, base, phone, base.head, says({ fields: { name: 'y' }, at: 3 }))
    expect(asSent({ items: ['p1/e2', 'p1/e1'], at: 5 }, renamed)).toBe(false)
  })

  test('nor where a direct command leaves unsaid what its device may never have seen', () => {
    const echo = (said: Parameters<typeof says>[0]) => commanded(playlist, base, tablet, says(said)).state.echo
    expect(echo({ fields: { name: 'x' }, at: 5 })).toBeNull()
    expect(echo({ items: { add: ['p2/e1'], remove: [] }, at: 5 })).toBeNull()
    expect(echo({ ...whole, fields: { ...whole.fields, name: 'x' }, at: 5 })).toBe('pod.example\ntablet')
  })
})

describe('whoever comes first', () => {
  const base = given(playlist, [created]).stream
  const together = (from: typeof base, ...edits: Parameters<typeof says>[0][]) =>
    converged({ decider: playlist, readModel: playlists, says: (said) => says(said) }, from, edits)

  test('an edit newer than a deletion keeps the list', () => {
    const both = together(base, { fields: { name: 'x' }, at: 20 }, { deleted: true, at: 10 })
    expect(both).toMatchObject({ name: 'x', deleted_at: null, items: [{}, {}] })
  })

  test('nor does a deletion made before a direct command take the list away', () => {
    const renamed = commanded(playlist, base, phone, says({ fields: { name: 'x' }, at: 20 }))
    const older = synced(playlist, renamed, tablet, base.head, says({ deleted: true, at: 10 }))
    expect(older.state.alive?.value).toBe(true)
    const newer = synced(playlist, renamed, tablet, base.head, says({ deleted: true, at: 30 }))
    expect(newer.state.alive?.value).toBe(false)
  })

  test('who only says that there is a new list, says so against a deletion too', () => {
    expect(together(empty(playlist), { at: 20 }, { deleted: true, at: 10 })).toMatchObject({ deleted_at: null })
  })

  test('the newest of two deletions says since when it is gone', () => {
    const both = together(base, { deleted: true, at: 20 }, { deleted: true, at: 10 })
    expect(both).toMatchObject({ deleted_at: '2026-11-22T12:00:00.020Z' })
  })

  test('what only one of two devices said of a new list stands, however old it is', () => {
    const both = together(
      empty(playlist),
      { fields: { name: 'x' }, at: 20 },
      { fields: { name: 'y', description: 'words' }, at: 10 },
    )
    expect(both).toMatchObject({ name: 'x', description: 'words' })
  })

  test('a list deleted before a device made it known is gone where the deletion is newer', () => {
    const both = together(empty(playlist), { fields: { name: 'x' }, at: 10 }, { deleted: true, at: 20 })
    expect(both).toMatchObject({ deleted_at: '2026-11-22T12:00:00.020Z' })
  })
})

test('is shown with its items in order, by podcast and episode', () => {
  expect(shown(playlists, empty(playlist))).toBeNull()
  expect(shown(playlists, given(playlist, [created]).stream)).toEqual({
    kind: 'playlist',
    name: 'Morning',
    description: null,
    is_public: false,
    items: [
      { podcast: 'p1', episode: 'e1' },
      { podcast: 'p1', episode: 'e2' },
    ],
    inserted_at: '2026-11-23T00:00:00.000Z',
    updated_at: '2026-11-22T12:00:00.000Z',
    deleted_at: null,
  })
  expect(itemOf(itemKey('p1', 'e1'))).toEqual({ podcast: 'p1', episode: 'e1' })
})
