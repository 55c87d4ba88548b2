import { afterAll, beforeAll, expect, test } from 'vitest'
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

test('all devices share one list, and say so', async () => {
  const path = `/api/2/sync-devices/${client.u}.json`
  for (const device of ['phone', 'desk']) await client.basic('POST', `/api/2/devices/${client.u}/${device}.json`, {})
  const shared = { synchronized: [['desk', 'phone']], 'not-synchronized': [] }
  expect((await client.basic('GET', path)).body).toEqual(shared)
  const said = await client.basic('POST', path, { synchronize: [['desk', 'phone']], 'stop-synchronize': [] })
  expect(said).toMatchObject({ status: 200, body: shared })
})

test('favorites are what was saved, wherever', async () => {
  const rest = await server.allow(client.user)
  const [feed, enclosure] = ['https://feeds.example/a.xml', 'https://media.example/1.mp3']
  await rest.call('POST', `/episodes/${itemId('guid', enclosure)}/save?feed=${feedId(feed)}`)
  const { body } = await client.basic('GET', `/api/2/favorites/${client.u}.json`)
  expect(body).toMatchObject([{ url: enclosure, podcast_url: feed, podcast_title: 'feeds.example' }])
})
