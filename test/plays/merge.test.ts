import { describe, expect, test } from 'vitest'
import { play } from '../../src/plays/decider.ts'
import { gatewayApp } from '../../src/plays/merge.ts'
import { converged } from '../kernel/laws.ts'
import { car, commanded, empty, nameless, noon, phone, synced, tablet, told } from '../kernel/stream.ts'
import { type Said, says, speech } from './speech.ts'

/** A play that every device knows of. */
const from = (said: Said) => commanded(play, empty(play), phone, says(said))

describe('a play that the gateway saw beginning', () => {
  const begun = commanded(play, empty(play), { app: gatewayApp, device: 'token' }, says({ position: 0, at: 1000 }))

  test('is no word against whatever a device says, seen or not, of before or after', () => {
    for (const at of [1, 2000])
      for (const position of [0, 30]) {
        const edit = says({ position, at })
        const first = { position, played: false, at: noon + at }
        expect(told(play, begun, nameless, edit).state).toMatchObject(first)
        expect(synced(play, begun, tablet, 0, edit).state).toMatchObject(first)
        expect(synced(play, begun, tablet, begun.head, edit).state).toMatchObject(first)
        expect(commanded(play, begun, tablet, edit).state).toMatchObject(first)
      }
  })

  test('is one like any other once a device has said so', () => {
    const zero = commanded(play, begun, tablet, says({ position: 0, at: 1500 }))
    expect(told(play, zero, nameless, says({ position: 300, at: 1400 })).state).toMatchObject({ position: 0 })
  })
})

describe('in sight', () => {
  const far = from({ position: 900, played: true, at: 1000 })

  test('rewinding and un-playing work, by a clock that is behind too', () => {
    const rewound = synced(play, far, tablet, far.head, says({ position: 10, at: 1 }))
    expect(rewound.state).toMatchObject({ position: 10, played: false })
  })

  test('a direct command replaces what it has not seen', () => {
    const later = synced(play, far, tablet, far.head, says({ position: 950, at: 2000 }))
    expect(commanded(play, later, car, says({ position: 5, at: 3 })).state).toMatchObject({ position: 5 })
  })

  test('the device that wrote last rewinds although its token is old', () => {
    const on = synced(play, far, tablet, far.head, says({ position: 950, at: 2000 }))
    expect(synced(play, on, tablet, far.head, says({ position: 20, at: 1500 })).state).toMatchObject({ position: 20 })
  })

  test('the same device name in another app is another device', () => {
    const on = synced(play, far, phone, far.head, says({ position: 950, at: 2000 }))
    expect(synced(play, on, car, far.head, says({ position: 20, at: 2500 })).state).toMatchObject({ position: 950 })
  })

  test('an app that does not name its devices is concurrent with itself', () => {
    const on = synced(play, far, nameless, far.head, says({ position: 950, at: 2000 }))
    const back = synced(play, on, nameless, far.head, says({ position: 20, at: 2500 }))
    expect(back.state).toMatchObject({ position: 950 })
  })

  test('entries of one request see what the ones before them wrote', () => {
    const once = synced(play, far, nameless, far.head, says({ position: 950, at: 2000 }))
    const seen = { what: 'until' as const, number: far.head, author: null, ownSince: far.head }
    const twice = play.decide(once.state, says({ position: 20, at: 2500 })({ state: null, known: null, seen }))
    expect(twice).toMatchObject([{ type: 'PositionMoved', data: { position: 20 } }])
  })

  test('a duration can be put right', () => {
    const wrong = from({ position: 1, duration: 5000, at: 1 })
    const right = synced(play, wrong, tablet, wrong.head, says({ position: 1, duration: 50, at: 2 }))
    expect(right.state).toMatchObject({ duration: 50 })
  })
})

describe('concurrently', () => {
  const base = from({ position: 100, duration: 500, at: 1000 })
  const outcome = (...edits: Said[]) => converged(speech, base, edits)

  test('the further position stands, though it is the older edit', () => {
    expect(outcome({ position: 300, at: 2000 }, { position: 200, at: 3000 })).toMatchObject({ position: 300 })
  })

  test('a finished episode stays finished, and keeps the position it was finished at', () => {
    const both = outcome({ position: 150, played: true, at: 2000 }, { position: 450, at: 3000 })
    expect(both).toMatchObject({ position: 150, played: true })
  })

  test('starting over beats having finished', () => {
    const both = outcome({ position: 0, reset: true, at: 2000 }, { position: 500, played: true, at: 3000 })
    expect(both).toMatchObject({ position: 0, played: false })
  })

  test('a device that repeats what it was told undoes no rewind made meanwhile', () => {
    expect(outcome({ position: 50, at: 2000 }, { position: 100, at: 1000 })).toMatchObject({ position: 50 })
  })

  test('nor one made long before a device repeats a start over', () => {
    const over = from({ position: 0, reset: true, at: 1000 })
    const both = converged(speech, over, [
      { position: 0, reset: true, at: 1000 },
      { position: 70, at: 2000 },
    ])
    expect(both).toMatchObject({ position: 70 })
  })

  test('whose clock is behind what it edits is shown a moment after it, whoever comes first', () => {
    const both = outcome({ position: 150, at: 2000 }, { position: 200, at: 10 })
    expect(both).toMatchObject({ position: 200, updated_at: '2026-11-22T12:00:01.001Z' })
  })

  test('the longest of the durations told stands, and one that tells none keeps it out of nothing', () => {
    expect(outcome({ position: 150, duration: 300, at: 1 }, { position: 50, at: 2 })).toMatchObject({ duration: 300 })
    expect(
      outcome({ position: 1, duration: 300, at: 1 }, { position: 2, duration: 400, at: 2 }, { position: 3, at: 3 }),
    ).toMatchObject({ position: 3, duration: 400 })
  })

  test('a duration that an outdone edit adds leaves position, time and their author alone', () => {
    const on = synced(play, base, tablet, base.head, says({ position: 300, at: 2000 }))
    const merged = synced(play, on, car, base.head, says({ position: 200, duration: 700, at: 3000 }))
    expect(merged.state).toMatchObject({ position: 300, duration: 700, at: on.state?.at })
    // So the tablet, whose position stands, still goes back on purpose.
    expect(synced(play, merged, tablet, base.head, says({ position: 10, at: 4000 })).state).toMatchObject({
      position: 10,
      duration: 700,
    })
  })

  test('a start over that is outdone, but tells a duration, starts nothing over', () => {
    const twice = [phone, tablet].map((author, i) => ({
      author,
      said: { position: 90 - i, reset: true, at: 2000 + i },
    }))
    const over = twice.reduce(
      (stream, { author, said }) => synced(play, stream, author, base.head, says({ ...said, duration: 600 + said.at })),
      base,
    )
    expect(over.events.map((event) => event.fact.type)).toEqual([
      'PositionMoved',
      'EpisodeStartedOver',
      'PositionMoved',
    ])
    expect(over.state).toMatchObject({ position: 90, duration: 2601, startedOver: { author: 'pod.example\nphone' } })
  })
})

describe('where nobody knows what was seen', () => {
  const done = from({ position: 900, played: true, at: 1000 })

  test('a newer edit replaces, rewinding and un-playing included', () => {
    expect(told(play, done, tablet, says({ position: 5, at: 1001 })).state).toMatchObject({
      position: 5,
      played: false,
    })
  })

  test('an older device never rewinds a play nor takes away a played mark', () => {
    expect(told(play, done, tablet, says({ position: 5, at: 999 })).state).toEqual(done.state)
  })

  test('at the same moment the played mark stands, whoever comes first', () => {
    const open = from({ position: 950, at: 1000 })
    expect(told(play, open, tablet, says({ position: 3, played: true, at: 1000 })).state).toMatchObject({
      played: true,
    })
    expect(told(play, done, tablet, says({ position: 950, at: 1000 })).state).toMatchObject({ played: true })
  })
})
