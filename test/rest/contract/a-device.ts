import { expect } from 'vitest'
import { type App, feedId, itemId, type TestServer } from '../../support/instance.ts'

export const feed = feedId('https://feeds.example/sync.xml')
export const item = itemId('guid-1', 'https://media.example/1.mp3')
export const episode = { rss_source_feed: feed, rss_source_item: item }

/** So many seconds ago, as devices write times. */
export const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()

export const play = (position: number, secondsAgo: number, rest: object = {}) => ({
  ...episode,
  position,
  played: false,
  updated_at: ago(secondsAgo),
  ...rest,
})

/** A device that keeps its token, as apps do. `sync` gives the whole answer. */
export function device(app: App, name: string) {
  const on = app.on(name)
  let token: string | null = null
  return {
    on,
    token: () => token,
    async sync(changes: object = {}) {
      const { status, body } = await on.call('POST', '/sync', { last_sync: token, changes })
      expect(status, JSON.stringify(body)).toBe(200)
      token = body.sync_token
      return body
    },
  }
}

/** Two devices of a new listener, both of which have synced what `before` says. */
export async function twoDevices(server: TestServer, before: object = {}) {
  const app = await server.allow(await server.addUser())
  const [phone, tablet] = [device(app, 'phone'), device(app, 'tablet')]
  await phone.sync(before)
  await tablet.sync()
  return { app, phone, tablet }
}

/** The names of the lanes of an answer that hold something. */
export const told = (changes: Record<string, readonly unknown[]>) =>
  Object.keys(changes).filter((lane) => changes[lane]?.length)
