import { expect, test } from 'vitest'
import { play } from '../../src/plays/decider.ts'
import type { PlayData, PlayEvent } from '../../src/plays/events.ts'
import { given, noon, phone, tablet } from '../kernel/stream.ts'
import { says } from './speech.ts'

const data: PlayData = {
  podcast: 'podcast-1',
  position: 100,
  played: false,
  duration: 500,
  started: null,
  at: noon,
  saidBy: null,
  timedBy: null,
  spotBefore: null,
  lengthBefore: null,
  startedOver: null,
  asSent: true,
}
const moved: PlayEvent = { type: 'PositionMoved', data }
const finished: PlayEvent = { type: 'EpisodeFinished', data: { ...data, position: 500, played: true } }

/** What the second event of a stream replaces in sight: the first, which has number 2. */
const spotBefore = { position: 100, played: false, reset: false, at: noon, number: 2, author: 'pod.example\nphone' }

test('the first word on an episode moves the position there', () => {
  expect(given(play, []).when(says({ position: 100, duration: 500, at: 0 }))).toEqual([moved])
})

test('the first word may be that it is finished, or that it was started over', () => {
  expect(given(play, []).when(says({ position: 500, played: true, duration: 500, at: 0 }))).toEqual([finished])
  expect(given(play, []).when(says({ position: 0, reset: true, at: 0 }))).toMatchObject([
    { type: 'EpisodeStartedOver' },
  ])
})

test('listening on moves the position and remembers what it took the place of', () => {
  expect(given(play, [moved]).when(says({ position: 130, at: 30 }))).toEqual([
    {
      type: 'PositionMoved',
      data: {
        ...data,
        position: 130,
        at: noon + 30,
        spotBefore,
        timedBy: { number: 2, author: 'pod.example\nphone' },
        // The device does not know the duration that stands.
        asSent: false,
      },
    },
  ])
})

test('marking as played finishes, taking the mark away un-plays', () => {
  expect(given(play, [moved]).when(says({ position: 100, played: true, duration: 500, at: 1 }))).toMatchObject([
    { type: 'EpisodeFinished', data: { position: 100, played: true, asSent: true } },
  ])
  expect(given(play, [finished]).when(says({ position: 100, duration: 500, at: 1 }))).toMatchObject([
    { type: 'EpisodeUnplayed', data: { position: 100, played: false } },
  ])
})

test('starting over is a fact of its own, which the next ones remember', () => {
  const { when, stream } = given(play, [finished])
  const [over] = when(says({ position: 0, reset: true, at: 1 })) as PlayEvent[]
  expect(over).toMatchObject({ type: 'EpisodeStartedOver', data: { position: 0, played: false, startedOver: null } })
  const after = given(play, [finished, over as PlayEvent])
  expect(after.stream.state?.startedOver).toEqual({ number: after.stream.head, author: 'pod.example\nphone' })
  const [on] = after.when(says({ position: 9, at: 2 }), tablet) as PlayEvent[]
  expect(on?.data.startedOver).toEqual({ number: stream.head + 2, author: 'pod.example\nphone' })
})

test('a play that stays played where it moves is no second finish', () => {
  expect(given(play, [finished]).when(says({ position: 20, played: true, at: 1 }))).toMatchObject([
    { type: 'PositionMoved', data: { played: true, position: 20 } },
  ])
})

test('the same again changes nothing, unless it is newer; a direct command never does', () => {
  const same = { position: 100, duration: 500 }
  expect(given(play, [moved]).when(says({ ...same, at: 0 }))).toEqual([])
  expect(given(play, [moved]).when(says({ ...same, at: -5 }))).toEqual([])
  expect(given(play, [moved]).whenCommanded(says({ ...same, at: 5 }))).toEqual([])
  expect(given(play, [moved]).when(says({ ...same, at: 5 }))).toMatchObject([
    { type: 'PositionMoved', data: { position: 100, at: noon + 5 } },
  ])
})

test('an edit stands as sent only where its own time and duration do', () => {
  const sent = (at: number, duration = 500) =>
    (given(play, [moved]).when(says({ position: 7, duration, at })) as PlayEvent[])[0]?.data.asSent
  expect(sent(1)).toBe(true)
  expect(sent(-1)).toBe(false)
})

test('where a stretch of listening began is told on', () => {
  const order = says({ position: 100, at: 0 })
  const facts = given(play, []).when((view) => ({ ...order(view), started: 40 }))
  expect(facts).toMatchObject([{ data: { started: 40 } }])
})

test('what stands as sent is an echo for the device that sent it, and for nobody else', () => {
  expect(given(play, [moved]).stream.state?.echo).toBe('pod.example\nphone')
  expect(given(play, [{ ...moved, data: { ...data, asSent: false } }]).stream.state?.echo).toBeNull()
  expect(given(play, [moved], { ...phone, device: null }).stream.state?.echo).toBeNull()
})
