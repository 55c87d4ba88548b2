import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { ask, type Client, startClient } from './client.ts'

let server: TestServer
let client: Client
beforeAll(async () => {
  server = await startServer()
  client = await startClient(server)
})
afterAll(() => server.close())

test('where the API lives is told without a log-in', async () => {
  const said = await ask(`${server.url}/clientconfig.json`, 'GET')
  expect(said).toMatchObject({ status: 200, body: { mygpo: { baseurl: `${server.url}/` }, update_timeout: 604_800 } })
  expect(said.headers.get('access-control-allow-origin')).toBe('*')
})

describe('all devices share one list', () => {
  const path = () => `/api/2/sync-devices/${client.u}.json`
  const shared = { synchronized: [['desk', 'phone']], 'not-synchronized': [] }
  const ask = (body: unknown) => client.basic('POST', path(), body)

  test('and say so, once there are two', async () => {
    await client.basic('POST', `/api/2/devices/${client.u}/phone.json`, {})
    const alone = { synchronized: [], 'not-synchronized': ['phone'] }
    expect((await client.basic('GET', path())).body).toEqual(alone)
    expect((await ask({ 'stop-synchronize': ['phone'] })).body).toEqual(alone)
    // As Kasts asks where it is the only one.
    expect((await ask({ synchronize: [['phone']], 'stop-synchronize': [] })).body).toEqual(alone)
    await client.basic('POST', `/api/2/devices/${client.u}/desk.json`, {})
    expect((await client.basic('GET', path())).body).toEqual(shared)
  })

  test('whatever is asked for: who asks to stop is told that they still do', async () => {
    expect(await ask({ synchronize: [['desk', 'phone']] })).toMatchObject({ status: 200, body: shared })
    expect(await ask({ synchronize: [], 'stop-synchronize': ['phone'] })).toMatchObject({ status: 200, body: shared })
  })

  test('but nobody with devices that are not there, or in no known words', async () => {
    const strange = await ask({ synchronize: [['desk', 'fridge']] })
    expect(strange).toMatchObject({ status: 404, body: { error: 'There is no device fridge.' } })
    expect((await ask({ 'stop-synchronize': ['fridge'] })).status).toBe(404)
    for (const body of [{ synchronize: ['desk', 'phone'] }, { 'stop-synchronize': 'desk' }, [], '['])
      expect((await ask(body)).status).toBe(400)
  })
})

test('favorites are what was saved, wherever', async () => {
  const rest = await server.allow(client.user)
  const [feed, enclosure] = ['https://feeds.example/a.xml', 'https://media.example/1.mp3']
  await rest.call('POST', `/episodes/${itemId('guid', enclosure)}/save?feed=${feedId(feed)}`)
  const { body } = await client.basic('GET', `/api/2/favorites/${client.u}.json`)
  expect(body).toMatchObject([{ url: enclosure, podcast_url: feed, podcast_title: 'feeds.example' }])
})

test('settings are kept for the account, and for each device, podcast and episode', async () => {
  const feed = encodeURIComponent('https://feeds.example/a.xml')
  const path = (about: string) => `/api/2/settings/${client.u}/${about}`
  const abouts = [
    'account.json',
    'device.json?device=phone',
    `podcast.json?podcast=${feed}`,
    `episode.json?podcast=${feed}&episode=https://media.example/1.mp3`,
  ]
  for (const [n, about] of abouts.entries()) {
    expect((await client.basic('GET', path(about))).body).toEqual({})
    const set = { about: n, gone: true, deep: { list: [1, null] } }
    expect((await client.basic('POST', path(about), { set, remove: ['gone'] })).status).toBe(200)
  }
  for (const [n, about] of abouts.entries()) {
    const kept = { about: n, deep: { list: [1, null] } }
    expect((await client.basic('GET', path(about))).body).toEqual(kept)
    const said = await client.basic('POST', path(about), { set: { more: '1' }, remove: ['deep'] })
    expect(said.body).toEqual({ about: n, more: '1' })
  }
})

test('settings are refused of nothing, of what is none, and when they are too large', async () => {
  const post = (about: string, body: unknown) => client.basic('POST', `/api/2/settings/${client.u}/${about}`, body)
  for (const about of ['device.json', 'podcast.json', 'podcast.json?podcast=none', 'episode.json'])
    expect((await post(about, {})).status).toBe(400)
  expect((await post('house.json', {})).status).toBe(404)
  for (const body of [{ set: 1 }, { remove: 'all' }, { set: { nul: 'a\0' } }, []])
    expect((await post('account.json', body)).status).toBe(400)
  expect((await post('account.json', { set: { large: 'x'.repeat(70_000) } })).status).toBe(413)
  for (let part = 0; part < 2; part++) await post('account.json', { set: { [part]: 'x'.repeat(30_000) } })
  expect((await post('account.json', { set: { last: 'x'.repeat(30_000) } })).status).toBe(413)
})

test('nothing of what clients keep here outlives the account', async () => {
  const gone = await startClient(server)
  const feeds = ['https://feeds.example/a.xml']
  await gone.basic('POST', `/api/2/settings/${gone.u}/account.json`, { set: { theme: 'dark' } })
  await gone.basic('POST', `/api/2/subscriptions/${gone.u}/phone.json`, { add: feeds, remove: [] })
  const { pool } = server.fresh.stores.system
  const left = async () => {
    const { rows } = await pool.query(
      `select exists (select from system.door_stamps where user_id = $1) as stamps,
        exists (select from system.door_settings where user_id = $1) as settings`,
      [gone.user.id],
    )
    return rows[0]
  }
  await expect.poll(left).toEqual({ stamps: true, settings: true })
  await pool.query('delete from system.users where id = $1', [gone.user.id])
  expect(await left()).toEqual({ stamps: false, settings: false })
})
