import { appPasswordOf, ask, basicOf, type Said } from '../gpodder/client.ts'
import type { TestServer } from '../support/instance.ts'

type Person = Awaited<ReturnType<TestServer['addUser']>>

/** A client of the four calls, with an app password of its own. */
export interface SyncClient {
  readonly user: Person
  readonly password: string
  subscriptions(since?: number): Promise<Said>
  follow(add: readonly string[], remove?: readonly string[]): Promise<Said>
  actions(since?: number): Promise<Said>
  upload(...actions: readonly unknown[]): Promise<Said>
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Said>
}

export async function startSyncClient(server: TestServer, of?: { readonly user: Person }): Promise<SyncClient> {
  const user = of?.user ?? (await server.addUser())
  const { secret } = await appPasswordOf(server, user.id, 'A client')
  return clientOf(server.url, user, secret)
}

export function clientOf(url: string, user: Person, password: string): SyncClient {
  const base = '/index.php/apps/gpoddersync'
  const call: SyncClient['call'] = (method, path, body, headers = {}) =>
    ask(url + path, method, body, { ...basicOf(user.username, password), ...headers })
  const since = (stamp: number | undefined) => (stamp === undefined ? '' : `?since=${stamp}`)
  return {
    user,
    password,
    call,
    subscriptions: (stamp) => call('GET', `${base}/subscriptions${since(stamp)}`),
    follow: (add, remove = []) => call('POST', `${base}/subscription_change/create`, { add, remove }),
    actions: (stamp) => call('GET', `${base}/episode_action${since(stamp)}`),
    upload: (...actions) => call('POST', `${base}/episode_action/create`, actions),
  }
}
