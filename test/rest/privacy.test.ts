import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

test('an episode known under two feeds is asked for with its feed', async () => {
  const app = await server.allow(await server.addUser())
  const item = itemId('twice', 'https://media.example/twice.mp3')
  const feeds = ['https://feeds.example/one.xml', 'https://feeds.example/two.xml'].map(feedId)
  for (const feed of feeds)
    expect((await app.call('PUT', '/privacy', { feed, item, privacy: 'public' })).status).toBe(200)
  const vague = await app.call('GET', `/privacy?item=${item}`)
  expect([vague.status, vague.body.error_code]).toEqual([409, 'CONFLICT'])
  const { body } = await app.call('GET', `/privacy?item=${item}&feed=${feeds[1]}`)
  expect(body.privacy_settings).toMatchObject([{ rss_source_feed: feeds[1], privacy: 'public' }])
})
