import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'
import { appPasswordOf } from './client.ts'
import { drive, install } from './debian.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  install('python3-mygpoclient', 'mygpoclient.api')
}, 300_000)
afterAll(() => server.close())

test('gPodder’s own library logs in, names and joins devices, subscribes, and takes actions and settings from one to another', async () => {
  const { id, username } = await server.addUser()
  const { secret } = await appPasswordOf(server, id)
  const [a, b] = ['https://feeds.example/a.xml', 'https://feeds.example/b.xml']
  const episode = 'https://media.example/1.mp3'
  const rest = await server.allow({ id })
  await rest.call('POST', `/episodes/${itemId('guid-1', episode)}/save?feed=${feedId(a)}`)
  // The library knows no guids.
  const action = { podcast: a, episode, device: 'pocket' }
  const shared = { synchronized: [['desk', 'pocket']], 'not-synchronized': [] }
  expect(await drive('drive-mygpoclient.py', server.url, username, secret)).toEqual({
    'log in': {},
    'wrong password': 'unauthorized',
    devices: [['desk', 'My desk', 'desktop', 0]],
    updates: [[` ${b} `, b]],
    pulled: [[a, b], []],
    left: [b],
    simple: [a],
    put: true,
    again: [b],
    none: 0,
    actions: [
      { ...action, action: 'download', timestamp: '2026-01-01T10:00:00' },
      { ...action, action: 'play', timestamp: '2026-01-01T10:00:05', started: 0, position: 120, total: 1800 },
    ],
    'nothing more': 0,
    status: shared,
    synchronized: shared,
    'no such device': 'not found',
    settings: ['account', 'device', 'podcast', 'episode'].map((kind) => ({ of: kind })),
    favorites: [episode],
  })
})
