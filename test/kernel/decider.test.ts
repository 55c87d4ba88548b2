import { describe, expect, test } from 'vitest'
import { authorKey, presentVersion, type Upcasts, upcast } from '../../src/kernel/decider.ts'

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
