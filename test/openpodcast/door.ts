import { expect } from 'vitest'
import { createCredentials } from '../../src/accounts/credentials.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import type { App, Reply, TestServer } from '../support/instance.ts'

/** Calls below `/v1` with a header of one's own. */
export interface Door {
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
}

export function doorOf(server: TestServer, authorization: string): Door {
  return {
    async call(method, path, body, headers = {}) {
      const response = await fetch(`${server.url}/v1${path}`, {
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers }
    },
  }
}

/** A new app password of this user. */
export async function appPasswordOf(server: TestServer, user: { id: string }): Promise<string> {
  const notes = { note: () => {}, flush: async () => {} }
  const credentials = createCredentials(server.fresh.stores.system, Date.now, notes)
  const made = await credentials.make(user.id as Parameters<typeof credentials.make>[0], 'app_password', 'Phone')
  if (isRefusal(made)) throw new Error(made.message)
  return made.secret
}

let feeds = 0

/** A feed nobody named before. */
export const freshFeed = (): string => `https://feeds.example/${++feeds}/show.xml`

/** A new listener with an app password at this door, and an app at the REST API's. */
export async function listener(server: TestServer): Promise<{ door: Door; app: App }> {
  const user = await server.addUser()
  return { door: doorOf(server, `Bearer ${await appPasswordOf(server, user)}`), app: await server.allow(user) }
}

/** Follows these feeds; answers their guids. */
export async function follow(door: Door, ...urls: string[]): Promise<string[]> {
  const { status, body } = await door.call('POST', '/subscriptions', {
    subscriptions: urls.map((feed_url) => ({ feed_url })),
  })
  expect(status).toBe(200)
  return body.success.map(({ guid }: { guid: string }) => guid)
}
