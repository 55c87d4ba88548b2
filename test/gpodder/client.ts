import { createCredentials } from '../../src/accounts/credentials.ts'
import type { UserId } from '../../src/kernel/brand.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'
import type { TestServer } from '../support/instance.ts'

export interface Said {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what a server says is looked at, not trusted
  readonly body: any
  readonly text: string
  readonly headers: Headers
}

export interface Client {
  readonly user: { readonly id: UserId; readonly username: string }
  /** By HTTP Basic at each call. */
  basic(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Said>
  /** By the cookie of the last answer that set one, as AntennaPod does. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Said>
  /** The same at another process of the instance. */
  basicAt(url: string, method: string, path: string, body?: unknown): Promise<Said>
  callAt(url: string, method: string, path: string, body?: unknown): Promise<Said>
  cookie(): string
  /** Reads as the client `u` of paths. */
  readonly u: string
}

export const basicOf = (username: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})

export async function ask(url: string, method: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const response = await fetch(url, { method, headers, ...(text === undefined ? {} : { body: text }) })
  const said = await response.text()
  const json = response.headers.get('content-type')?.includes('json') && said !== ''
  return { status: response.status, body: json ? JSON.parse(said) : null, text: said, headers: response.headers }
}

/** An app password of this user, made without going through the pages. */
export async function appPasswordOf(server: TestServer, user: UserId, name = 'Phone') {
  const credentials = createCredentials(server.fresh.stores.system, Date.now, {
    note: () => {},
    flush: async () => {},
  })
  const made = await credentials.make(user, 'app_password', name)
  if (isRefusal(made)) throw new Error(made.message)
  const [known] = await credentials.list(user)
  return { secret: made.secret, revoke: () => credentials.revoke(user, known?.id ?? '') }
}

/** A client with an app password of its own; `of` for another one of the same user. */
export async function startClient(server: TestServer, of?: Client): Promise<Client> {
  const user = of?.user ?? (await server.addUser())
  const { secret } = await appPasswordOf(server, user.id)
  let cookie = ''
  const keep = (said: Said): Said => {
    const set = said.headers.getSetCookie().find((text) => text.startsWith('sessionid='))
    if (set) cookie = set.split(';')[0] ?? ''
    return said
  }
  return {
    user,
    u: user.username,
    cookie: () => cookie,
    basic: async (method, path, body, headers = {}) =>
      keep(await ask(server.url + path, method, body, { ...basicOf(user.username, secret), ...headers })),
    call: async (method, path, body, headers = {}) =>
      keep(await ask(server.url + path, method, body, { cookie, ...headers })),
    basicAt: async (url, method, path, body) =>
      keep(await ask(url + path, method, body, basicOf(user.username, secret))),
    callAt: async (url, method, path, body) => keep(await ask(url + path, method, body, { cookie })),
  }
}
