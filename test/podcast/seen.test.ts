import { describe, expect, test } from 'vitest'
import { everything, knownState, knows, type Seen, type Written } from '../../src/podcast/seen.ts'
import { subscription } from '../../src/subscriptions/decider.ts'
import { commanded, devices, empty, noon, phone, synced, tablet, until } from '../kernel/stream.ts'
import { says } from '../subscriptions/speech.ts'

const me = 'pod.example\nphone'
const other = 'pod.example\ntablet'
const token: Seen = { what: 'until', number: 10, author: me, ownSince: 20 }

describe('a device with a token', () => {
  const lines: [string, Written, boolean][] = [
    ['knows what its token covers', { number: 10, author: other }, true],
    ['does not know what another device wrote since', { number: 11, author: other }, false],
    ['does not know what nobody in particular wrote since', { number: 11, author: null }, false],
    ['knows what it wrote itself since', { number: 11, author: me }, true],
    ['does not know the last word before its request', { number: 20, author: other }, false],
    ['knows what its own request wrote', { number: 21, author: null }, true],
  ]
  test.each(lines)('%s', (_sentence, written, known) => {
    expect(knows(token, written)).toBe(known)
  })

  test('that has no name knows nothing by its author', () => {
    expect(knows({ ...token, author: null }, { number: 11, author: null })).toBe(false)
  })
})

test('a direct command knows everything, and where nobody knows what was seen, nothing is known', () => {
  expect(knows(everything, { number: 1e9, author: other })).toBe(true)
  expect(knows({ what: 'unknown' }, { number: 1, author: me })).toBe(false)
})

test('what a device knew of a stream are the events its token covers and its own', () => {
  const first = commanded(subscription, empty(subscription), tablet, says({ active: true, at: 0 }))
  const second = synced(subscription, first, tablet, first.head, says({ active: false, at: 10 }))
  const third = synced(subscription, second, phone, first.head, says({ active: true, at: 20 }))
  const known = (number: number, author = devices[3]) =>
    knownState(subscription, third.events, until(number, author, third)).active
  expect(known(0)).toBeNull()
  expect(known(first.head)).toMatchObject({ value: true, at: noon })
  expect(known(second.head)).toMatchObject({ value: false, at: noon + 10 })
  expect(known(third.head)).toMatchObject({ value: true, at: noon + 20 })
  expect(known(0, tablet)).toMatchObject({ value: false, at: noon + 10 })
  expect(known(0, phone)).toMatchObject({ value: true, at: noon + 20 })
})
