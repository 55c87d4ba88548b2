import { expect } from 'vitest'
import { appPasswordOf, ask, basicOf, type Client } from '../gpodder/client.ts'
import type { TestServer } from '../support/instance.ts'
import { type ActionDoor, actionApp } from './action-app.ts'
import { type GpodderMake, readPlays, writeAction } from './gpodder-app.ts'
import { newLine, now, type PodcastApp } from './world.ts'

const base = '/index.php/apps/gpoddersync'

/** As AntennaPod speaks to a Nextcloud: after an upload it asks since the time of its own clock. */
export async function nextcloudApp(
  server: TestServer,
  { user }: Client,
  { skew, remainder }: Pick<GpodderMake, 'skew' | 'remainder'>,
): Promise<PodcastApp> {
  const { secret } = await appPasswordOf(server, user.id)
  const clock = () => Math.floor((now() + skew) / 1000)
  async function call(method: string, path: string, body?: unknown) {
    const headers = { ...basicOf(user.username, secret), 'content-type': 'application/json' }
    const said = await ask(`${server.url}${base}${path}`, method, body, headers)
    expect([said.status, said.text]).toEqual([200, said.text])
    return said.body
  }
  const door: ActionDoor = {
    begin: async () => {},
    async changes(since) {
      const { add, remove, timestamp } = await call('GET', `/subscriptions?since=${since}`)
      return { add, remove, since: timestamp }
    },
    async change(add, remove) {
      await call('POST', '/subscription_change/create', { add, remove })
      return clock()
    },
    async actions(since) {
      const { actions, timestamp } = await call('GET', `/episode_action?since=${since}`)
      for (const each of actions) {
        expect(each.action).toBe(each.action.toUpperCase())
        if (each.action !== 'PLAY') expect(each).toMatchObject({ started: -1, position: -1, total: -1 })
      }
      return { plays: readPlays(actions), since: timestamp }
    },
    async act(actions) {
      const body = actions.map((action) => ({
        started: -1,
        position: -1,
        total: -1,
        ...writeAction(action),
        action: action.action.toUpperCase(),
      }))
      await call('POST', '/episode_action/create', body)
      return clock()
    },
  }
  return actionApp({ name: 'nextcloud', author: 'nextcloud', door, line: newLine(), manners: 'phone', skew, remainder })
}
