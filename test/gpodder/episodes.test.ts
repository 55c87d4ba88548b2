import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { type Client, startClient } from './client.ts'

const feed = 'https://feeds.example/a.xml'
const episode = (n: number) => `https://media.example/${n}.mp3`

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const path = (client: Client) => `/api/2/episodes/${client.u}.json`
const upload = (client: Client, ...actions: unknown[]) => client.basic('POST', path(client), actions)
const download = async (client: Client, query = 'since=0') =>
  (await client.basic('GET', `${path(client)}?${query}`)).body
const events = async ({ user }: Client) => (await server.instance.journal.head(user.id)).lastNumber
const play = (n: number, position: number, timestamp = '2026-01-01T10:00:00', more: object = {}) => ({
  podcast: feed,
  episode: episode(n),
  guid: `guid-${n}`,
  device: 'phone',
  action: 'play',
  timestamp,
  started: 0,
  position,
  total: 1800,
  ...more,
})
const did = (n: number, action: string, timestamp = '2026-01-01T11:00:00', more: object = {}) => ({
  podcast: feed,
  episode: episode(n),
  guid: `guid-${n}`,
  device: 'phone',
  action,
  timestamp,
  ...more,
})

describe('episode actions', () => {
  test('come back as they were sent, without a zone, and only since they were received', async () => {
    const client = await startClient(server)
    const { body } = await upload(client, play(1, 120), did(1, 'DOWNLOAD'), did(2, 'new'), did(3, 'flattr'))
    expect(body.update_urls).toEqual([])
    const { actions, timestamp } = await download(client)
    expect(actions).toHaveLength(4)
    expect(actions).toContainEqual(play(1, 120))
    for (const expected of [did(1, 'download'), did(2, 'new'), did(3, 'flattr')])
      expect(actions).toContainEqual(expected)
    expect(timestamp).toBe(body.timestamp)
    expect((await download(client, `since=${timestamp + 1}`)).actions).toEqual([])
  })

  test('of an offline phone reach the others by when they were received, not by when they were made', async () => {
    const client = await startClient(server)
    const { timestamp } = (await upload(client, play(1, 10, '2026-02-02T00:00:00'))).body
    await upload(client, play(2, 20, '2019-01-01T00:00:00', { device: 'old-phone' }))
    const { actions } = await download(client, `since=${timestamp + 1}`)
    expect(actions).toEqual([play(2, 20, '2019-01-01T00:00:00', { device: 'old-phone' })])
  })

  test('that are played over are told once: only the newest play of an episode, in whatever order they came', async () => {
    const client = await startClient(server)
    await upload(client, play(1, 300, '2026-01-01T12:00:00'), play(1, 200, '2026-01-01T11:00:00'))
    await upload(client, play(1, 100, '2026-01-01T10:00:00', { device: 'late' }))
    expect((await download(client)).actions).toEqual([play(1, 300, '2026-01-01T12:00:00')])
  })

  test('of one kind never wipe what another kind recorded', async () => {
    const client = await startClient(server)
    await upload(client, play(1, 700))
    await upload(client, did(1, 'delete'), did(1, 'new', '2026-01-01T12:00:00'))
    const { actions } = await download(client)
    expect(actions.map((action: { action: string }) => action.action).toSorted()).toEqual(['delete', 'new', 'play'])
    expect(actions).toContainEqual(play(1, 700))
  })

  test('sent again add nothing, in batches of any cut', async () => {
    const client = await startClient(server)
    const batch = [play(1, 10), play(1, 20, '2026-01-01T10:05:00'), did(1, 'delete'), play(2, 5, '2026-01-01T09:00:00')]
    await upload(client, ...batch)
    const before = await events(client)
    await upload(client, ...batch)
    await upload(client, ...batch.toReversed())
    await upload(client, batch[1])
    expect(await events(client)).toBe(before)
  })

  test('sent again without a time of their own add nothing either', async () => {
    const client = await startClient(server)
    const batch = [play(1, 10), play(1, 20), did(1, 'delete')].map(({ timestamp: _, ...action }) => action)
    await upload(client, ...batch)
    const before = await events(client)
    await upload(client, ...batch)
    expect(await events(client)).toBe(before)
  })

  test('mark an episode played when they end at its end, and stay when a mark is taken back', async () => {
    const client = await startClient(server)
    const rest = await server.allow(client.user)
    const played = async () => {
      const { body } = await rest.call('GET', '/play')
      return body.play_statuses.map((row: { played: boolean; position: number }) => [row.played, row.position])
    }
    await upload(client, play(1, 1800, '2026-01-01T10:00:00', { started: 1800 }))
    expect(await played()).toEqual([[true, 1800]])
    expect((await download(client)).actions).toMatchObject([{ started: 1800, position: 1800, total: 1800 }])
    await upload(client, play(1, 0, '2026-01-01T11:00:00'))
    expect(await played()).toEqual([[false, 0]])
    await upload(client, play(1, 1800, '2026-01-01T12:00:00'))
    expect(await played()).toEqual([[true, 1800]])
  })

  test('with -1 for unset are taken: no place, no length, no start', async () => {
    const client = await startClient(server)
    await upload(client, play(1, -1, undefined, { started: -1, total: -1 }))
    expect((await download(client)).actions).toEqual([])
    await upload(client, play(2, 60, undefined, { started: -1, total: -1 }))
    const [action] = (await download(client)).actions
    // AntennaPod takes a place without a length for none: it is told as longer than any episode.
    expect(action).toMatchObject({ started: 0, position: 60, total: 86_400 })
    await upload(client, { ...action, timestamp: '2026-01-01T12:00:00' })
    const { body } = await (await server.allow(client.user)).call('GET', '/play')
    expect(body.play_statuses).toMatchObject([{ position: 60, played: false, duration: null }])
  })

  test.each([
    ['2026-03-01T10:00:00', '2026-03-01T10:00:00'],
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00'],
    ['2026-03-01T10:00:00.789Z', '2026-03-01T10:00:00'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00'],
    ['2026-03-01T10:00:00-0230', '2026-03-01T12:30:00'],
    [1772359200, '2026-03-01T10:00:00'],
  ])('of %s are told as of %s', async (sent, told) => {
    const client = await startClient(server)
    await upload(client, { ...play(1, 60), timestamp: sent })
    expect((await download(client)).actions).toMatchObject([{ timestamp: told }])
  })

  test('of a clock that is ahead count as of now', async () => {
    const client = await startClient(server)
    await upload(client, play(1, 60, '2099-01-01T00:00:00'))
    const [{ timestamp }] = (await download(client)).actions
    expect(Date.parse(`${timestamp}Z`)).toBeLessThanOrEqual(Date.now())
  })

  test('that are none stand in nobody’s way, and feeds that are none are told so', async () => {
    const client = await startClient(server)
    const { status, body } = await upload(
      client,
      { ...play(1, 60), action: 'dance' },
      { ...play(2, 60), podcast: 'no feed' },
      { ...play(3, 60), podcast: `${feed}/` },
      { ...play(4, 60), episode: 'half \ud800' },
      7,
      play(5, 60, 'yesterday', { device: 'a b' }),
    )
    expect(status).toBe(200)
    expect(body.update_urls).toContainEqual(['no feed', ''])
    const { actions } = await download(client)
    expect(actions.map((action: { guid: string }) => action.guid).toSorted()).toEqual(['guid-3', 'guid-5'])
    expect((await client.basic('POST', path(client), { actions: [] })).status).toBe(400)
  })

  test('are told of one podcast, of one device, or the newest of each episode', async () => {
    const client = await startClient(server)
    const other = { podcast: 'https://feeds.example/b.xml', device: 'tablet' }
    await upload(client, play(1, 60), did(1, 'delete'), play(2, 60, '2026-01-01T10:00:00', other))
    const guids = async (query: string) =>
      (await download(client, query)).actions.map((action: { guid: string; action: string }) => [
        action.guid,
        action.action,
      ])
    expect(await guids(`podcast=${encodeURIComponent(other.podcast)}`)).toEqual([['guid-2', 'play']])
    expect(await guids('podcast=https://feeds.example/unknown.xml')).toEqual([])
    expect(await guids('device=tablet')).toEqual([['guid-2', 'play']])
    expect(await guids('aggregated=true')).toEqual([
      ['guid-1', 'play'],
      ['guid-2', 'play'],
      ['guid-1', 'delete'],
    ])
  })

  test('that mark an episode as new take back that it was played, whichever comes first, and are told so', async () => {
    const client = await startClient(server)
    const rest = await server.allow(client.user)
    const played = async () => {
      const { body } = await rest.call('GET', '/play')
      return body.play_statuses.map((row: { played: boolean; position: number }) => [row.played, row.position])
    }
    const end = (n: number) => play(n, 1800, '2026-01-01T10:00:00', { started: 1800 })
    await upload(client, end(1))
    await upload(client, did(1, 'new', '2026-01-01T11:00:00'))
    expect(await played()).toEqual([[false, 0]])
    await upload(client, did(2, 'new', '2026-01-01T11:00:00', { device: 'tablet' }))
    await upload(client, end(2))
    expect(await played()).toEqual([
      [false, 0],
      [false, 0],
    ])
    await upload(client, did(1, 'new', '2026-01-01T11:00:00'), play(1, 1800, '2026-01-01T12:00:00', { started: 1800 }))
    expect((await played())[0]).toEqual([true, 1800])
    await upload(client, did(1, 'new', '2026-01-01T09:00:00'))
    expect((await played())[0]).toEqual([true, 1800])
    const said = {
      rss_source_feed: feedId(feed),
      rss_source_item: itemId('guid-1', episode(1)),
      position: 0,
      played: false,
    }
    await rest.call('POST', '/play', said)
    const { actions } = await download(client)
    const ofFirst = actions.filter((action: { guid: string }) => action.guid === 'guid-1')
    expect(ofFirst.map((action: { action: string }) => action.action)).toContain('new')
  })

  test('reach apps of the REST API, and theirs reach gPodder’s', async () => {
    const client = await startClient(server)
    const rest = await server.allow(client.user)
    await upload(client, play(1, 60))
    const item = itemId('guid-1', episode(1))
    expect((await rest.call('GET', '/play')).body.play_statuses).toMatchObject([
      { rss_source_item: item, position: 60 },
    ])
    const { timestamp } = await download(client)
    const said = await rest.call('POST', '/play', {
      rss_source_feed: feedId(feed),
      rss_source_item: item,
      position: 90,
      played: false,
    })
    expect(said.status).toBe(200)
    const { actions } = await download(client, `since=${timestamp + 1}`)
    expect(actions).toMatchObject([{ guid: 'guid-1', action: 'play', started: 0, position: 90, total: 1800 }])
    expect(actions[0]).not.toHaveProperty('device')
  })

  test('as AntennaPod sends them: by cookie, without a device in the question, and nothing is skipped or told for ever', async () => {
    const phone = await startClient(server)
    const tablet = await startClient(server, phone)
    for (const client of [phone, tablet]) await client.basic('POST', `/api/2/auth/${client.u}/login.json`)
    const ask = async (client: Client, since: number) =>
      (await client.call('GET', `${path(client)}?since=${since}`)).body
    const tell = async (client: Client, ...actions: unknown[]) =>
      (await client.call('POST', path(client), actions)).body.timestamp
    const first = await ask(phone, 0)
    await tell(tablet, play(1, 60, '2026-01-01T10:00:00', { device: 'tablet' }))
    const after = await tell(phone, play(2, 60))
    expect(after).toBe(first.timestamp)
    const told = await ask(phone, after + 1)
    expect(told.actions.map((action: { guid: string }) => action.guid)).toContain('guid-1')
    const next = await tell(phone, play(2, 90, '2026-01-01T10:10:00'))
    expect(next).toBeGreaterThan(told.timestamp)
    expect((await ask(phone, next + 1)).actions).toEqual([])
  })

  test('are never cut off: thousands go up at once and come down at once', async () => {
    const client = await startClient(server)
    const many = Array.from({ length: 3_000 }, (_, n) => play(n, 60))
    expect((await upload(client, ...many)).status).toBe(200)
    expect((await download(client)).actions).toHaveLength(3_000)
    const before = await events(client)
    await upload(client, ...many)
    expect(await events(client)).toBe(before)
  })

  test('outlive a rebuild of what is shown of them', async () => {
    const client = await startClient(server)
    await upload(client, play(1, 60), did(1, 'download'), did(2, 'delete'))
    const before = await download(client)
    await server.fresh.stores.projections.pool.query('delete from projections.downloads where user_id = $1', [
      client.user.id,
    ])
    await server.instance.journal.readModels.rebuild(client.user.id)
    expect(await download(client)).toEqual(before)
  })
})
