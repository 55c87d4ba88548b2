import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyShelf, isThere, type OpenShelf, shelve } from '../../clients/typescript/src/shelf.ts'
import { sequenceArrivals } from '../../src/journal/sequencer.ts'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { type FreshStores, freshStores } from '../support/database.ts'
import { feedId, itemId } from '../support/instance.ts'
import { type Doors, openDoors, somebody } from '../support/journal-doors.ts'
import { readModelTables } from '../support/journal-tables.ts'
import { runs } from '../support/runs.ts'

const layouts = ['one', 'three'] as const
const opened = new Map<string, { fresh: FreshStores; doors: Doors; stale: Doors }>()
beforeAll(async () => {
  for (const layout of layouts) {
    const fresh = await freshStores(layout)
    opened.set(layout, {
      fresh,
      doors: openDoors(fresh.stores, [], Date.now, 0),
      stale: openDoors(fresh.stores, [], Date.now, 0),
    })
  }
})
afterAll(async () => {
  for (const { fresh } of opened.values()) await fresh.close()
})

const listener = fc.nat(1)
const url = fc.nat(2)
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('subscribe' as const), listener, url, on: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      what: fc.constant('play' as const),
      listener,
      url,
      episode: fc.nat(1),
      by: fc.constantFrom('guid', 'file', 'both'),
      position: fc.nat(5000),
      stale: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('move' as const), url, to: url }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('feed shows' as const), url }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('sync' as const), listener }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('settle' as const) }) },
)

let count = 0

test.each(layouts)(
  'feeds that move, meet and show their items leave each listener one subscription and the last position of each episode (%s)',
  async (layout) => {
    const { fresh, doors, stale } = opened.get(layout) as { fresh: FreshStores; doors: Doors; stale: Doors }
    const { identity, catalog, following, telling, journal } = doors.instance

    async function settle(): Promise<void> {
      for (let i = 0; i < 6; i++) {
        await sequenceArrivals(fresh.stores.events)
        const applied = await following.advance()
        if ((await telling.tell()) === 0 && applied === 0) break
      }
      expect((await following.states()).filter((state) => state.stopped)).toEqual([])
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
        const run = ++count
        const urls = [0, 1, 2].map((k) => `https://feeds-${k}.example/${layout}-${run}.xml`)
        const named = (k: number) => urls[k] as string
        const guid = (e: number) => `guid-${run}-${e}`
        const file = (e: number) => `https://media.example/${run}/${e}.mp3`
        const people = [somebody(), somebody()].map((user) => ({
          user,
          token: null as string | null,
          shelf: emptyShelf(),
          subscribed: new Map<string, boolean>(),
          positions: new Map<string, number>(),
        }))
        let now = Date.now() - 1_000_000

        async function sync(person: (typeof people)[number]): Promise<void> {
          const body = { ...(person.token === null ? {} : { last_sync: person.token }), changes: {} }
          const said = await doors.call('post', '/sync', { user: person.user, device: 'phone', now, body })
          expect(said.status).toBe(200)
          person.token = said.body.sync_token
          shelve(person.shelf, said.body.changes)
        }

        for (const s of steps) {
          now += 1_000
          const door = s.what === 'play' && s.stale ? stale : doors
          if (s.what === 'subscribe') {
            const { user, subscribed } = people[s.listener] as (typeof people)[number]
            const feed = feedId(named(s.url))
            const said = s.on
              ? await door.call('post', '/subscriptions', { user, now, body: { rss_source_feed: feed } })
              : await door.call('delete', '/subscriptions/{feed}', { user, now, params: { feed } })
            expect(said.status).toBe(200)
            subscribed.set(named(s.url), s.on)
          } else if (s.what === 'play') {
            const { user, positions } = people[s.listener] as (typeof people)[number]
            const item = itemId(s.by === 'file' ? '' : guid(s.episode), s.by === 'guid' ? '' : file(s.episode))
            const body = {
              rss_source_feed: feedId(named(s.url)),
              rss_source_item: item,
              position: s.position,
              played: false,
            }
            expect((await door.call('post', '/play', { user, now, body })).status).toBe(200)
            positions.set(`${s.url} ${s.episode}`, s.position)
          } else if (s.what === 'move') {
            const podcast = await catalog.knownPodcast(named(s.url))
            if (podcast) await identity.move(podcast, named(s.to), 'a redirect')
          } else if (s.what === 'feed shows') {
            const podcast = await catalog.knownPodcast(named(s.url))
            if (podcast)
              await identity.learnItems(
                podcast,
                [0, 1].map((e) => ({ guid: guid(e), enclosure: file(e) })),
              )
          } else if (s.what === 'sync') await sync(people[s.listener] as (typeof people)[number])
          else await settle()
        }

        // In the end every feed shows its items, and everybody hears of everything.
        for (const each of urls) {
          const podcast = await catalog.knownPodcast(each)
          if (podcast)
            await identity.learnItems(
              podcast,
              [0, 1].map((e) => ({ guid: guid(e), enclosure: file(e) })),
            )
        }
        now += 1_000
        await settle()

        for (const person of people) {
          const { user } = person
          const shown = await readModelTables(fresh.stores, journal.readModels.names, user)
          await journal.readModels.rebuild(user)
          expect(await readModelTables(fresh.stores, journal.readModels.names, user)).toEqual(shown)

          const plays = (await doors.call('get', '/play', { user })).body.play_statuses
          const names = plays.map((row: { rss_source_feed: string; rss_source_item: string }) =>
            JSON.stringify([row.rss_source_feed, row.rss_source_item]),
          )
          expect(new Set(names).size).toBe(names.length)
          const followed = (await doors.call('get', '/subscriptions', { user })).body.subscriptions.map(
            (row: { rss_source_feed: string }) => row.rss_source_feed,
          )
          expect(new Set(followed).size).toBe(followed.length)

          // Every feed it ever named is one of those that are left, and no play is of one that is not.
          const ids = new Map<string, PodcastId | null>()
          for (const each of urls) ids.set(each, await catalog.knownPodcast(each))
          const groups = new Set([...ids.values()].filter((id) => id !== null))
          const wanted = new Set(
            [...person.positions.keys()].map((key) => `${ids.get(named(Number(key[0])))} ${key[2]}`),
          )
          expect(plays).toHaveLength(wanted.size)
          expect(groups.size).toBeGreaterThanOrEqual(followed.length)

          await sync(person)
          const full: OpenShelf = emptyShelf()
          const all = await doors.call('post', '/sync', { user, device: 'other', now, body: { changes: {} } })
          shelve(full, all.body.changes)
          expect(told(person.shelf)).toEqual(told(full))
          // What it knows besides went by a name that an episode had before the feed showed which it is.
          expect(person.shelf.plays).toMatchObject(full.plays)
        }
      }),
      { numRuns: runs(40, 200) },
    )
  },
  900_000,
)

const told = (shelf: OpenShelf) => ({
  subscriptions: Object.keys(shelf.subscriptions)
    .filter((key) => isThere(shelf.subscriptions[key]))
    .toSorted(),
  collections: Object.values(shelf.collections).map((each) => each.feeds),
})
