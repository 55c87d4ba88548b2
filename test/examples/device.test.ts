import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDevice, type Device, type Memory } from '../../examples/client/device.ts'
import { createNetwork } from '../../examples/client/network.ts'
import { differences } from '../../examples/client/shelf.ts'
import { type App, feedId, itemId, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
let app: App
const clock = 0

beforeAll(async () => {
  server = await startServer()
  app = await server.allow(await server.addUser(), { scopes: ['user.sync'] })
})
afterAll(() => server.close())

const feed = feedId('https://feeds.example/a.rss')
const episode = (n: number) => `${feed}/${itemId(`guid-${n}`, `https://media.example/${n}.mp3`)}`

/** A device of the example, whose tokens the test's own app signs. */
function device(name: string, options: { memory?: Memory; clock?: () => number } = {}): Device {
  return createDevice({
    name,
    app: {
      authorizationUrl: () => Promise.reject(new Error('this app was allowed already')),
      requestToken: async (_grant, device_id, now) => {
        const iat = Math.floor(now / 1000)
        return app.bearer({ device_id, iat, exp: iat + 300 }).slice('Bearer '.length)
      },
    },
    grant: { userId: app.user, username: 'nobody', instance: server.url },
    network: createNetwork(),
    clock: () => Date.now() + clock,
    ...options,
  })
}

test('a device whose token is of another life of the server syncs in full, and loses nothing it had not sent', async () => {
  const phone = device('phone')
  phone.subscribe(feed)
  phone.listen(episode(1), 60)
  await phone.sync()
  const { shelf, outbox, sending } = phone.stored()
  const foreign = Buffer.from('s1.00000000-0000-4000-8000-000000000000.7').toString('base64url')
  const gone = { rss: { saved: true, updated_at: '2026-01-01T00:00:00.000Z' } }
  const restored = device('phone', { memory: { shelf: { ...shelf, saves: gone }, outbox, sending, token: foreign } })
  restored.listen(episode(2), 120)
  await restored.sync()
  expect(restored.shelf.saves).toEqual({})
  expect(restored.shelf.plays[episode(2)]?.position).toBe(120)
  const fresh = device('another')
  await fresh.sync()
  expect(differences(fresh.shelf, restored.shelf)).toEqual([])
})

test('a device whose clock is wrong by a day still gets tokens that hold', async () => {
  for (const wrong of [86_400_000, -86_400_000]) {
    const tablet = device('tablet', { clock: () => Date.now() + wrong })
    tablet.listen(episode(3), 10)
    await expect(tablet.sync()).resolves.toBeDefined()
  }
})

test('an edit made before an answer came is sent as one that had not seen it', async () => {
  const phone = device('phone 2')
  const tablet = device('tablet 2')
  await phone.sync()
  await tablet.sync()
  phone.listen(episode(4), 100)
  phone.network.weather = 'losing answers'
  await expect(phone.sync()).rejects.toThrow('the answer was lost')
  tablet.listen(episode(5), 900, { played: true })
  await tablet.sync()
  phone.listen(episode(5), 30)
  phone.network.weather = 'online'
  const conflicts = await phone.sync()
  expect(conflicts).toMatchObject([{ type: 'plays', resolution: 'remote', reason: 'played' }])
  expect(phone.shelf.plays[episode(5)]).toMatchObject({ position: 900, played: true })
})

test('differences tell what each side has', () => {
  const play = { position: 1, played: false, duration: null, updated_at: 'now' }
  const empty = { subscriptions: {}, plays: {}, saves: {}, playlists: {} }
  expect(differences({ ...empty, plays: { a: play } }, { ...empty, plays: { a: { ...play, position: 2 } } })).toEqual([
    'plays a',
    '  - {"duration":null,"played":false,"position":1,"updated_at":"now"}',
    '  + {"duration":null,"played":false,"position":2,"updated_at":"now"}',
  ])
  const ended = { ...empty, subscriptions: { a: { subscribed: false, at: 'now' } } }
  expect(differences(empty, ended)).toEqual([])
})
