import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/instance.ts'
import { appPasswordOf } from './client.ts'
import { drive, install } from './debian.ts'

let server: TestServer
let place: string
beforeAll(async () => {
  server = await startServer()
  place = await mkdtemp(join(tmpdir(), 'gpodder-'))
  install('gpodder', 'gpodder.my')
}, 300_000)
afterAll(async () => {
  await rm(place, { recursive: true, force: true })
  await server.close()
})

test('two installations of gPodder keep each other’s subscriptions, positions and settings in step', async () => {
  const { id, username } = await server.addUser()
  const { secret } = await appPasswordOf(server, id)
  const [a, b] = ['https://feeds.example/a.xml', 'https://feeds.example/b.xml']
  expect(await drive('drive-gpodder.py', server.url, username, secret, place)).toEqual({
    devices: [
      ['desk', 'My desk', 'desktop'],
      ['pocket', 'My pocket', 'mobile'],
    ],
    rewritten: [['http://FEEDS.example/b.xml/', b]],
    'pocket was told': [
      ['add', a],
      ['add', b],
    ],
    'desk was told': [['remove', a]],
    'nobody is told again': [[], []],
    replaced: [['add', a]],
    alike: true,
    page: 2,
    'pocket heard': [120, 1800, true, false, true],
    'desk heard': [1800, 1800],
    'of many': 250,
    settings: { 'auto-update': true },
    kept: { 'auto-update': true },
  })
})
