import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readUsername } from '../../src/accounts/handles.ts'
import { beginningOf, historyOf, type Span } from '../../src/main/seed/history.ts'
import { listeners } from '../../src/main/seed/listeners.ts'
import { episodesBetween, feedName, itemName, podcasts } from '../../src/main/seed/podcasts.ts'
import type { SeedRequest, SyncRequest } from '../../src/main/seed/requests.ts'
import { decodeFeed, decodeItem } from '../../src/podcast/names.ts'
import { runs } from '../support/runs.ts'

const until = Date.UTC(2026, 10, 22, 13, 20)
const halfYear: Span = { seed: 1, days: 183, until }
const twenty = listeners(20)

// biome-ignore lint/suspicious/noExplicitAny: entries are as an app would send them
type Entry = any
const syncs = (requests: readonly SeedRequest[]) => requests.filter((r): r is SyncRequest => r.what === 'sync')
const entriesOf = (requests: readonly SeedRequest[], lane: keyof SyncRequest['changes']): Entry[] =>
  syncs(requests).flatMap((r) => r.changes[lane] ?? [])
const timeOf = (entry: Entry): number =>
  Math.max(...[entry.updated_at, entry.subscribed_at, entry.unsubscribed_at].filter(Boolean).map(Date.parse))

const anyListener = fc.constantFrom(...twenty)
const anySpan = fc.record({
  seed: fc.nat(),
  days: fc.integer({ min: 7, max: 200 }),
  until: fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2030, 0, 1) }),
})

describe('a history', () => {
  test('is the same for the same seed, and another for another seed or listener', () => {
    fc.assert(
      fc.property(anyListener, anySpan, (listener, span) => {
        const history = historyOf(listener, span)
        expect(historyOf(listener, span)).toEqual(history)
        expect(historyOf(listener, { ...span, seed: span.seed + 1 })).not.toEqual(history)
      }),
      { numRuns: runs(10, 200) },
    )
    const [one, other] = twenty.map((listener) => historyOf(listener, halfYear))
    expect(one).not.toEqual(other)
  })

  test('stays within its span, and each device tells its edits in their order', () => {
    fc.assert(
      fc.property(anyListener, anySpan, (listener, span) => {
        const last = new Map<string, number>()
        for (const { device, changes } of syncs(historyOf(listener, span))) {
          const ends = Object.entries(changes).map(([lane, entries]) => {
            const times = entries.map(timeOf)
            expect(times, `${device} ${lane}`).toEqual(times.toSorted((a, b) => a - b))
            expect(times[0]).toBeGreaterThanOrEqual(beginningOf(span))
            expect(times.at(-1)).toBeLessThanOrEqual(span.until)
            expect(times[0]).toBeGreaterThan(last.get(device) ?? 0)
            return times.at(-1) ?? 0
          })
          last.set(device, Math.max(last.get(device) ?? 0, ...ends))
        }
      }),
      { numRuns: runs(10, 200) },
    )
  })

  test('begins the same way however late in the day it ends', () => {
    const plays = (at: number) =>
      twenty.flatMap((listener) => {
        const told = entriesOf(historyOf(listener, { ...halfYear, until: at }), 'plays')
        return told.filter((play) => timeOf(play) <= until).toSorted((x, y) => timeOf(x) - timeOf(y))
      })
    expect(plays(until + 9 * 3_600_000)).toEqual(plays(until))
  })

  test('never lets a device change what the other has changed without having asked since', () => {
    fc.assert(
      fc.property(anyListener, anySpan, (listener, span) => {
        const lastAsked = new Map<string, number>()
        const changed = new Map<string, { device: string; at: number }>()
        syncs(historyOf(listener, span)).forEach(({ device, changes }, at) => {
          for (const [lane, entries] of Object.entries(changes) as [string, Entry[]][]) {
            for (const entry of entries) {
              const thing = [
                lane,
                entry.id,
                entry.rss_source_feed,
                entry.rss_source_item,
                entry.feed,
                entry.item,
              ].join()
              const before = changed.get(thing)
              if (before && before.device !== device) expect(lastAsked.get(device) ?? -1).toBeGreaterThan(before.at)
              changed.set(thing, { device, at })
            }
          }
          lastAsked.set(device, at)
        })
      }),
      { numRuns: runs(10, 200) },
    )
  })
})

describe('twenty histories of half a year', () => {
  const all = twenty.map((listener) => ({ listener, requests: historyOf(listener, halfYear) }))
  const every = all.flatMap(({ requests }) => requests)

  test('are of twenty people whose names can be had', () => {
    expect(new Set(listeners(60).map((l) => l.name)).size).toBe(60)
    for (const { name } of listeners(60)) expect(readUsername(name)).toEqual({ username: name })
  })

  test('fill half a year, on one device or two, within what a few requests can carry', () => {
    for (const { listener, requests } of all) {
      const times = entriesOf(requests, 'plays').map(timeOf)
      expect(times.length, listener.name).toBeGreaterThan(100)
      expect((times.at(-1) ?? 0) - (times[0] ?? 0), listener.name).toBeGreaterThan(150 * 86_400_000)
      expect(new Set(requests.map((r) => r.device)).size, listener.name).toBeLessThanOrEqual(listener.laptop ? 2 : 1)
      expect(requests.length, listener.name).toBeLessThan(500)
    }
    expect(all.filter(({ requests }) => requests.some((r) => r.device === 'laptop')).length).toBeGreaterThan(5)
  })

  test('hold episodes finished, given up, rewound, started over and heard on two devices', () => {
    const found = { finished: 0, 'given up': 0, rewound: 0, 'started over': 0, 'taken over': 0 }
    for (const { requests } of all) {
      const told = syncs(requests).flatMap((r) =>
        (r.changes.plays ?? []).map((play: Entry) => ({ ...play, on: r.device })),
      )
      for (const plays of Map.groupBy(told, (play) => play.rss_source_item).values()) {
        for (const [i, play] of plays.entries()) {
          expect(play.position).toBeLessThanOrEqual(play.duration)
          expect(play.played).toBe(play.position === play.duration)
          const before = plays[i - 1]
          if (play.played) found.finished++
          if (play.reset) found['started over']++
          if (before && !play.reset && play.position < before.position) found.rewound++
          if (before && before.on !== play.on) found['taken over']++
        }
        if (!plays.at(-1)?.played) found['given up']++
      }
    }
    for (const [what, times] of Object.entries(found)) expect(times, what).toBeGreaterThan(50)
  })

  test('hold subscriptions left, lists deleted, saves taken back, choices of all three kinds and shares with words', () => {
    expect(entriesOf(every, 'subscriptions').some((entry) => entry.unsubscribed_at > entry.subscribed_at)).toBe(true)
    expect(entriesOf(every, 'playlists').filter((entry) => entry.deleted_at).length).toBeGreaterThan(0)
    expect(entriesOf(every, 'playlists').filter((entry) => entry.kind === 'queue').length).toBeGreaterThan(100)
    expect(
      entriesOf(every, 'playlists').some((entry) => entry.items[0]?.feed_title && entry.items[0]?.item_title),
    ).toBe(true)
    expect(entriesOf(every, 'collections').length).toBeGreaterThan(20)
    expect(new Set(entriesOf(every, 'saves').map((entry) => entry.saved))).toEqual(new Set([true, false]))
    const choices = entriesOf(every, 'privacy')
    expect(new Set(choices.map((c) => c.privacy))).toEqual(new Set(['public', 'anonymous', 'private']))
    for (const kind of [(c: Entry) => c.item, (c: Entry) => c.feed && !c.item, (c: Entry) => !c.feed])
      expect(choices.some(kind)).toBe(true)
    expect(every.filter((r) => r.what === 'share' && r.comment !== null).length).toBeGreaterThan(3)
  })

  test('speak of thirty podcasts and their episodes by names that can be read back', () => {
    expect(podcasts).toHaveLength(30)
    expect(new Set(podcasts.map(feedName)).size).toBe(30)
    for (const podcast of podcasts) {
      expect(decodeFeed(feedName(podcast))).toBe(`https://feeds.example/${podcast.slug}.xml`)
      const [episode] = episodesBetween(podcast, until - 30 * 86_400_000, until)
      if (!episode) throw new Error(`${podcast.slug} had no episode in a month`)
      expect(decodeItem(itemName(episode))).toEqual({
        guid: `tag:feeds.example,2018:${podcast.slug}/${episode.number}`,
        enclosure: `https://media.example/${podcast.slug}/${episode.number}.mp3`,
      })
    }
  })
})
