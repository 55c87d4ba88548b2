import { describe, expect, test } from 'vitest'
import { type ShareEdit, type ShareState, save, share } from '../../src/sharing/decider.ts'
import type { SaveEvent, ShareEvent } from '../../src/sharing/events.ts'
import { saves, shares } from '../../src/sharing/projection.ts'
import { empty, given, noon, type Order, phone, shown, tablet } from '../kernel/stream.ts'
import { says } from './speech.ts'

describe('saving', () => {
  const saved: SaveEvent = { type: 'EpisodeSaved', data: { podcast: 'podcast-1', at: noon, asSent: true } }

  test('saves, once', () => {
    expect(given(save, []).when(says({ saved: true, at: 0 }))).toEqual([saved])
    expect(given(save, [saved]).when(says({ saved: true, at: 0 }))).toEqual([])
    expect(given(save, [saved]).whenCommanded(says({ saved: true, at: 9 }))).toEqual([])
  })

  test('said again later it counts as said later', () => {
    expect(given(save, [saved]).when(says({ saved: true, at: 9 }))).toMatchObject([
      { type: 'EpisodeSaved', data: { at: noon + 9 } },
    ])
  })

  test('unsaves, by a clock that is behind, a moment after', () => {
    expect(given(save, [saved]).when(says({ saved: false, at: -9 }))).toEqual([
      { type: 'EpisodeUnsaved', data: { podcast: 'podcast-1', at: noon + 1, asSent: false } },
    ])
  })

  test('to unsave what one sees is not saved is nothing; what one did not see is kept', () => {
    expect(given(save, []).whenCommanded(says({ saved: false, at: 0 }))).toEqual([])
    expect(given(save, []).when(says({ saved: false, at: 0 }))).toMatchObject([{ type: 'EpisodeUnsaved' }])
  })

  test('an older word of another device changes nothing', () => {
    expect(given(save, [saved]).when(says({ saved: false, at: -1 }), tablet, 0)).toEqual([])
  })

  test('is shown with the time it was said, and gone only as a tombstone', () => {
    expect(shown(saves, empty(save))).toBeNull()
    const gone: SaveEvent = { type: 'EpisodeUnsaved', data: { podcast: 'podcast-1', at: noon + 1, asSent: false } }
    expect(shown(saves, given(save, [saved, gone]).stream)).toEqual({
      podcast_id: 'podcast-1',
      saved: false,
      updated_at: '2026-11-22T12:00:00.001Z',
    })
    expect(given(save, [saved]).stream.state?.echo).toBe('pod.example\nphone')
    expect(given(save, [gone]).stream.state?.echo).toBeNull()
  })
})

describe('sharing', () => {
  const recommends =
    (shared: boolean, comment: string | null = null, at = noon): Order<ShareState | null, ShareEdit> =>
    () => ({ podcast: 'podcast-1', shared, comment, at })
  const recommended: ShareEvent = {
    type: 'EpisodeShared',
    data: { podcast: 'podcast-1', comment: 'listen', at: noon },
  }

  test('recommends, with or without words', () => {
    expect(given(share, []).whenCommanded(recommends(true, 'listen'))).toEqual([recommended])
    expect(given(share, []).whenCommanded(recommends(true))).toMatchObject([{ data: { comment: null } }])
  })

  test('the same again is nothing; other words are', () => {
    expect(given(share, [recommended]).whenCommanded(recommends(true, 'listen', noon + 5))).toEqual([])
    expect(given(share, [recommended]).whenCommanded(recommends(true, 'really', noon + 5))).toMatchObject([
      { type: 'EpisodeShared', data: { comment: 'really', at: noon + 5 } },
    ])
  })

  test('takes back, and nothing where there is nothing to take back', () => {
    expect(given(share, [recommended]).whenCommanded(recommends(false, null, noon + 5))).toEqual([
      { type: 'EpisodeUnshared', data: { podcast: 'podcast-1', at: noon + 5 } },
    ])
    expect(given(share, []).whenCommanded(recommends(false))).toEqual([])
    const back: ShareEvent = { type: 'EpisodeUnshared', data: { podcast: 'podcast-1', at: noon } }
    expect(given(share, [recommended, back]).whenCommanded(recommends(false, 'words that do not matter'))).toEqual([])
  })

  test('is shown with its words until it is taken back', () => {
    expect(shown(shares, empty(share))).toBeNull()
    expect(shown(shares, given(share, [recommended], phone).stream)).toMatchObject({ shared: true, comment: 'listen' })
    const back: ShareEvent = { type: 'EpisodeUnshared', data: { podcast: 'podcast-1', at: noon + 5 } }
    expect(shown(shares, given(share, [recommended, back]).stream)).toEqual({
      podcast_id: 'podcast-1',
      shared: false,
      comment: null,
      updated_at: '2026-11-22T12:00:00.005Z',
    })
  })
})
