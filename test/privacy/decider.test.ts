import { describe, expect, test } from 'vitest'
import { type Choices, effectivePrivacy, privacy, scopeOf } from '../../src/privacy/decider.ts'
import type { PrivacyEvent, PrivacyLevel } from '../../src/privacy/events.ts'
import { privacySettings } from '../../src/privacy/projection.ts'
import { empty, given, noon, shown, tablet } from '../kernel/stream.ts'
import { levels, says } from './speech.ts'

const opened: PrivacyEvent = {
  type: 'PrivacyChosen',
  data: { level: 'public', podcast: 'podcast-1', episode: null, at: noon, asSent: true },
}

describe('choosing', () => {
  test('is kept with what it was chosen for', () => {
    expect(given(privacy, []).when(says({ level: 'public', at: 0 }))).toEqual([opened])
  })

  test('anew replaces, by a clock that is behind too', () => {
    expect(given(privacy, [opened]).when(says({ level: 'private', at: -9 }))).toMatchObject([
      { type: 'PrivacyChosen', data: { level: 'private', at: noon + 1, asSent: false } },
    ])
  })

  test('the same is nothing, unless a device says it later', () => {
    expect(given(privacy, [opened]).when(says({ level: 'public', at: 0 }))).toEqual([])
    expect(given(privacy, [opened]).whenCommanded(says({ level: 'public', at: 9 }))).toEqual([])
    expect(given(privacy, [opened]).when(says({ level: 'public', at: 9 }))).toMatchObject([{ data: { at: noon + 9 } }])
  })

  test('on two devices at once leaves the more private one', () => {
    expect(given(privacy, [opened]).when(says({ level: 'anonymous', at: 0 }), tablet, 0)).toMatchObject([
      { data: { level: 'anonymous' } },
    ])
    expect(given(privacy, [opened]).when(says({ level: 'anonymous', at: -1 }), tablet, 0)).toEqual([])
  })

  test('is shown for what it was chosen for', () => {
    expect(shown(privacySettings, empty(privacy))).toBeNull()
    expect(shown(privacySettings, given(privacy, [opened]).stream)).toEqual({
      podcast_id: 'podcast-1',
      episode_id: null,
      level: 'public',
      updated_at: '2026-11-22T12:00:00.000Z',
    })
  })

  test('each scope has a stream of its own', () => {
    expect(scopeOf(null, null)).toBe('everything')
    expect(scopeOf('podcast-1', null)).toBe('podcast/podcast-1')
    expect(scopeOf('podcast-1', 'episode-1')).toBe('episode/episode-1')
  })
})

describe('what others may learn', () => {
  const choices: (PrivacyLevel | null)[] = [null, ...levels]
  const all = choices.flatMap((everything) =>
    choices.flatMap((podcast) => choices.map((episode): Choices => ({ everything, podcast, episode }))),
  )
  const named = ({ everything, podcast, episode }: Choices) =>
    `everything ${everything ?? '-'}, podcast ${podcast ?? '-'}, episode ${episode ?? '-'}`
  const table = (secrecy: Parameters<typeof effectivePrivacy>[1]) =>
    Object.fromEntries(all.map((choice) => [named(choice), effectivePrivacy(choice, secrecy)]))
  const expected = (rule: (choice: Choices) => PrivacyLevel) =>
    Object.fromEntries(all.map((choice) => [named(choice), rule(choice)]))

  test('of an ordinary podcast is what was chosen most specifically, and nothing before anything was', () => {
    const rule = ({ everything, podcast, episode }: Choices): PrivacyLevel => {
      if (episode !== null) return episode
      if (podcast !== null) return podcast
      return everything === null ? 'private' : everything
    }
    expect(table({ fetched: true, privateReason: null })).toEqual(expected(rule))
    // What is about no podcast goes by the same choices.
    expect(table(null)).toEqual(expected(rule))
  })

  test('of a podcast never fetched without credentials is nothing, whatever was chosen', () => {
    expect(table({ fetched: false, privateReason: null })).toEqual(expected(() => 'private'))
    expect(table({ fetched: false, privateReason: 'user info' })).toEqual(expected(() => 'private'))
  })

  test('of one that looks like a private feed is nothing until its listener chose for it', () => {
    const rule = ({ podcast, episode }: Choices): PrivacyLevel => {
      if (episode !== null) return episode
      return podcast === null ? 'private' : podcast
    }
    expect(table({ fetched: true, privateReason: 'member host' })).toEqual(expected(rule))
  })

  test('in a few lines of that table, by hand', () => {
    const fetched = { fetched: true, privateReason: null }
    const lines: [Choices, PrivacyLevel][] = [
      [{ everything: null, podcast: null, episode: null }, 'private'],
      [{ everything: 'public', podcast: null, episode: null }, 'public'],
      [{ everything: 'public', podcast: 'anonymous', episode: null }, 'anonymous'],
      [{ everything: 'private', podcast: 'anonymous', episode: 'public' }, 'public'],
      [{ everything: null, podcast: 'public', episode: 'private' }, 'private'],
    ]
    for (const [choice, level] of lines) expect(effectivePrivacy(choice, fetched), named(choice)).toBe(level)
  })
})
