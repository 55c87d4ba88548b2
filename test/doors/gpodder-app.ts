import { expect } from 'vitest'
import { type Client, startClient } from '../gpodder/client.ts'
import type { TestServer } from '../support/instance.ts'
import { type Action, type ActionDoor, actionApp, type Manners, type ToldPlay } from './action-app.ts'
import { length, newLine, type PodcastApp } from './world.ts'

export interface GpodderMake {
  readonly manners: Manners
  readonly device: string
  readonly skew: number
  readonly remainder: number
}

export const writeSeconds = (at: number): string => new Date(at * 1000).toISOString().slice(0, 19)

/** A play as these doors tell it; -1 is said for what is not known. */
// biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
export const readPlays = (actions: any[]): ToldPlay[] =>
  actions
    .filter(({ action, position = -1 }) => action.toLowerCase() === 'play' && position >= 0)
    .map(({ episode, timestamp, position, total = -1 }) => {
      expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
      return { enclosure: episode, at: Date.parse(`${timestamp}Z`) / 1000, position, total }
    })

export const writeAction = ({ episode, action, at, position }: Action) => ({
  podcast: episode.podcast,
  episode: episode.enclosure,
  guid: episode.guid,
  action,
  timestamp: writeSeconds(at),
  ...(position === undefined ? {} : { started: position >= length ? position : 0, position, total: length }),
})

function doorOf(client: Client, { manners, device }: Pick<GpodderMake, 'manners' | 'device'>): ActionDoor {
  const { u } = client
  async function call(method: string, path: string, body?: unknown) {
    // gPodder sends its password with every call, and its cookie besides.
    const said =
      manners === 'phone'
        ? await client.call(method, path, body)
        : await client.basic(method, path, body, { cookie: client.cookie() })
    expect([said.status, said.text]).toEqual([200, said.text])
    return said.body
  }
  const next = (timestamp: number) => (manners === 'phone' ? timestamp : timestamp + 1)
  const subscriptions = `/api/2/subscriptions/${u}/${device}.json`
  return {
    async begin() {
      await client.basic('POST', `/api/2/auth/${u}/login.json`)
      await call('POST', `/api/2/devices/${u}/${device}.json`, { caption: device, type: 'mobile' })
    },
    async changes(since) {
      const { add, remove, timestamp } = await call('GET', `${subscriptions}?since=${since}`)
      return { add, remove, since: next(timestamp) }
    },
    change: async (add, remove) => next((await call('POST', subscriptions, { add, remove })).timestamp),
    async actions(since) {
      const { actions, timestamp } = await call('GET', `/api/2/episodes/${u}.json?since=${since}`)
      return { plays: readPlays(actions), since: next(timestamp) }
    },
    async act(actions) {
      const body = actions.map((action) => ({ ...writeAction(action), device }))
      return next((await call('POST', `/api/2/episodes/${u}.json`, body)).timestamp)
    },
  }
}

/** A client of the gPodder API, with an app password of its own. */
export async function gpodderApp(server: TestServer, of: Client, make: GpodderMake): Promise<PodcastApp> {
  const client = await startClient(server, of)
  return actionApp({
    ...make,
    name: `gpodder ${make.device}`,
    author: 'gpodder',
    door: doorOf(client, make),
    line: newLine(),
  })
}
