import { describe, expect, test } from 'vitest'
import { after, authorKey, fold, presentVersion, type Upcasts, upcast } from '../../src/kernel/decider.ts'
import { share as shares } from '../../src/sharing/decider.ts'
import { commanded, empty, noon, phone } from './stream.ts'

describe('stored data of a past version', () => {
  const upcasts: Upcasts = {
    Renamed: [
      ({ title }: { title: string }) => ({ name: title }),
      ({ name }: { name: string }) => ({ name, isPublic: false }),
    ],
  }

  test('the present version of a type is one more than its steps', () => {
    expect(presentVersion(upcasts, 'Renamed')).toBe(3)
    expect(presentVersion(upcasts, 'NeverChanged')).toBe(1)
  })

  test('is lifted step by step, from wherever it begins', () => {
    expect(upcast(upcasts, 'Renamed', 1, { title: 'x' })).toEqual({ name: 'x', isPublic: false })
    expect(upcast(upcasts, 'Renamed', 2, { name: 'x' })).toEqual({ name: 'x', isPublic: false })
  })

  test('of the present version comes back as it is', () => {
    const data = { name: 'x', isPublic: true }
    expect(upcast(upcasts, 'Renamed', 3, data)).toBe(data)
    expect(upcast(upcasts, 'NeverChanged', 1, data)).toBe(data)
  })

  test('is not changed where it lies', () => {
    const data = Object.freeze({ title: 'x' })
    upcast(upcasts, 'Renamed', 1, data)
    expect(data).toEqual({ title: 'x' })
  })

  test('of a version newer than this server is refused loudly', () => {
    expect(() => upcast(upcasts, 'Renamed', 4, {})).toThrow('event Renamed version 4 is newer than this server')
    expect(() => upcast(upcasts, 'NeverChanged', 2, {})).toThrow('event NeverChanged version 2')
  })
})

test('an author is told by app and device together, and not at all without a device', () => {
  expect(authorKey({ app: 'a', device: 'b' })).toBe('a\nb')
  expect(authorKey({ app: 'a', device: null })).toBeNull()
  expect(authorKey({ app: 'a', device: '' })).not.toBe(authorKey({ app: 'a', device: null }))
  expect(authorKey({ app: 'b', device: 'a' })).not.toBe(authorKey({ app: 'a', device: 'b' }))
})

test('a stream that was merged into another holds nothing, until something is said in it again', () => {
  const share = (comment: string) => ({ podcast: 'podcast-1', shared: true, comment, at: noon })
  const { events, state } = commanded(shares, empty(shares), phone, () => share('Listen'))
  const said = events.at(-1) as (typeof events)[number]
  const merged = { fact: { type: 'StreamMerged', data: { podcast: 'podcast-1', into: 'episode-2', at: noon } } }
  expect(after(shares, state, { ...said, ...merged } as never)).toBe(shares.initial)
  expect(fold(shares, [said, { ...said, ...merged } as never, said])).toStrictEqual(state)
})
