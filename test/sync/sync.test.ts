import { afterAll, beforeAll, expect, test } from 'vitest'
import { feedId, itemId, startServer, type TestServer } from '../support/instance.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())

const feed = feedId('https://feeds.example/a.xml')
const item = itemId('guid-1', 'https://media.example/1.mp3')

test('a play recorded on one device reaches another', async () => {
  const app = await server.allow(await server.addUser())
  const phone = app.on('phone')
  const tablet = app.on('tablet')
  const first = await phone.call('POST', '/sync', { changes: {} })
  expect(first.status).toBe(200)
  const now = new Date().toISOString()
  const entry = { rss_source_feed: feed, rss_source_item: item, position: 12, played: false, updated_at: now }
  const sent = await phone.call('POST', '/sync', { last_sync: first.body.sync_token, changes: { plays: [entry] } })
  expect(sent.body.changes.plays).toEqual([])
  const heard = await tablet.call('POST', '/sync', { changes: {} })
  expect(heard.body.changes.plays).toMatchObject([{ rss_source_item: item, position: 12, played: false }])
})
