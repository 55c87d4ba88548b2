import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'

const lists = z.record(z.string(), z.array(z.unknown()))
const answer = z.record(z.string(), z.unknown())
const vectors = z
  .strictObject({
    about: z.string(),
    epoch: z.iso.datetime(),
    names: z.record(z.string(), z.string()),
    feeds: z.strictObject({ about: z.string(), same: z.array(z.array(z.string())), refused: z.array(z.string()) }),
    items: z.strictObject({
      about: z.string(),
      split: z.array(z.strictObject({ text: z.string(), guid: z.string(), enclosure: z.string() })),
      refused: z.array(z.string()),
    }),
    episodes: z.strictObject({
      about: z.string(),
      pairs: z.array(z.strictObject({ first: z.string(), second: z.string(), same: z.boolean() })),
    }),
    merges: z.array(
      z.strictObject({
        name: z.string(),
        before: lists,
        phone: lists,
        tablet: lists,
        after: lists,
        conflict: z.strictObject({ resolution: z.string(), reason: z.string() }).nullish(),
      }),
    ),
    dialogues: z.array(
      z.strictObject({
        name: z.string(),
        steps: z.array(
          z.strictObject({
            device: z.string().nullable(),
            last_sync: z.string().nullish(),
            shape: z.literal('B').optional(),
            send: lists.optional(),
            status: z.int().default(200),
            gets: answer.optional(),
          }),
        ),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('../../docs/sync-vectors.json', import.meta.url), 'utf8')))

const encoded = (text: string) => Buffer.from(text).toString('base64url')
const closeToNow = { asymmetricMatch: (at: string) => Math.abs(Date.parse(at) - Date.now()) < 300_000 }

/** Names and times of a vector, as they go over the wire. */
function meant(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meant)
  if (value === '@now') return closeToNow
  if (typeof value === 'string' && value in vectors.names) return encoded(vectors.names[value] as string)
  if (typeof value === 'string' && value.startsWith('@')) {
    return new Date(Date.parse(vectors.epoch) + Math.round(Number(value.slice(1)) * 1000)).toISOString()
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, of]) => [key, meant(of)]))
}

const allLists = ['subscriptions', 'plays', 'playlists', 'collections', 'privacy', 'saves']

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
const listener = async () => server.allow(await server.addUser())

async function sync(device: App, changes: object, last_sync: unknown = null) {
  const { status, body } = await device.call('POST', '/sync', { last_sync, changes: meant(changes) })
  expect(status).toBe(200)
  expect(body.rejected).toEqual([])
  return body
}

describe('names', () => {
  const follow = async (urls: readonly string[]) => {
    const subscriptions = urls.map((url) => ({ rss_source_feed: feedId(url), subscribed_at: '@1' }))
    return (await sync(await listener(), { subscriptions })).changes.subscriptions
  }

  test.each(vectors.feeds.same.map((row) => [row]))('%j are one podcast', async (row) => {
    expect(await follow(row)).toHaveLength(1)
  })

  test('podcasts of different rows are different ones', async () => {
    const { same } = vectors.feeds
    expect(await follow(same.flat())).toHaveLength(same.length)
  })

  test.each(vectors.feeds.refused)('%s is refused as a feed', async (rss_source_feed) => {
    const changes = { subscriptions: [{ rss_source_feed, subscribed_at: meant('@1') }] }
    const { body } = await (await listener()).call('POST', '/sync', { changes })
    expect(body.rejected).toMatchObject([{ type: 'subscriptions', index: 0 }])
  })

  const play = (feed: string, text: string, at: string) => ({
    rss_source_feed: feedId(feed),
    rss_source_item: encoded(text),
    position: 1,
    played: false,
    updated_at: meant(at),
  })

  test.each(vectors.items.split.map((item, n) => ({ ...item, n })))('$text is split', async ({ text, n, ...name }) => {
    const { changes } = await sync(await listener(), { plays: [play(`https://split.example/${n}`, text, '@1')] })
    expect(changes.plays).toMatchObject([{ rss_source_item: itemId(name.guid, name.enclosure) }])
  })

  test.each(vectors.items.refused)('%j is refused as an item', async (text) => {
    const changes = { plays: [play('https://split.example/', text, '@1')] }
    const { body } = await (await listener()).call('POST', '/sync', { changes })
    expect(body.rejected).toMatchObject([{ type: 'plays', index: 0 }])
  })

  test.each(vectors.episodes.pairs.map((pair, n) => ({ ...pair, n })))(
    '$first and $second are one episode: $same',
    async ({ first, second, same, n }) => {
      const app = await listener()
      const feed = `https://pairs.example/${n}`
      await sync(app, { plays: [play(feed, first, '@1')] })
      const { changes } = await sync(app, { plays: [play(feed, second, '@2')] })
      expect(changes.plays).toHaveLength(same ? 1 : 2)
    },
  )
})

describe('concurrent edits', () => {
  describe.each(vectors.merges)('$name', (vector) => {
    test.each([
      ['phone', 'tablet'],
      ['tablet', 'phone'],
    ] as const)('when the %s comes before the %s', async (first, second) => {
      const app = await listener()
      await sync(app.on('phone'), vector.before)
      const had = { [first]: await sync(app.on(first), {}), [second]: await sync(app.on(second), {}) }
      await sync(app.on(first), vector[first], had[first].sync_token)
      const { conflicts } = await sync(app.on(second), vector[second], had[second].sync_token)
      const { changes } = await sync(app.on('reader'), {})
      expect(changes).toMatchObject(meant(vector.after) as object)
      if (vector.conflict === undefined || second === 'phone') return
      expect(conflicts).toMatchObject(vector.conflict === null ? [] : [vector.conflict])
    })
  })
})

describe('what is said and told', () => {
  test.each(vectors.dialogues)('$name', async ({ steps }) => {
    const app = await listener()
    const given: string[] = []
    const tokens = new Map<string | null, string>()
    for (const [n, { device, last_sync, shape, send = {}, status, gets }] of steps.entries()) {
      const step = /^of step (\d+)$/.exec(last_sync ?? '')?.[1]
      const token = last_sync === undefined ? (tokens.get(device) ?? null) : step ? given[Number(step) - 1] : last_sync
      const changes = meant(send) as object
      const body = { last_sync: meant(token), ...(shape === 'B' ? changes : { changes }) }
      const got = await (device === null ? app : app.on(device)).call('POST', '/sync', body)
      expect(got.status, `step ${n + 1}`).toBe(status)
      given.push(got.body.sync_token)
      tokens.set(device, got.body.sync_token)
      const none = Object.fromEntries(allLists.map((name) => [name, []]))
      const expected = gets?.changes ? { ...gets, changes: { ...none, ...gets.changes } } : (gets ?? {})
      const open = gets?.changes && !Object.hasOwn(gets.changes, 'collections') ? withoutDefault(got.body) : got.body
      expect(open, `step ${n + 1}`).toMatchObject(meant(expected) as object)
    }
  })
})

/** The default collection comes by itself; a vector that does not speak of it does not mind. */
function withoutDefault(body: { changes: { collections: { is_default: boolean }[] } }) {
  const collections = body.changes.collections.filter((collection) => !collection.is_default)
  return { ...body, changes: { ...body.changes, collections } }
}
