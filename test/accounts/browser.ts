import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import type { Accounts } from '../../src/accounts/index.ts'
import { createWorld, password, type WorldOptions } from './world.ts'

export type Site = Awaited<ReturnType<typeof createSite>>

/** A server on a free port that has pages as soon as it is given some. */
async function listen() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    show: (accounts: Accounts) => {
      server.on('request', new Koa().use(accounts.pages().routes()).callback())
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function serve(accounts: Accounts) {
  const server = await listen()
  server.show(accounts)
  return server
}

/** The pages of accounts on a real server, which knows its own address. */
export async function createSite(options: WorldOptions = {}) {
  const server = await listen()
  const world = await createWorld(server.url, options)
  server.show(world.accounts)
  return {
    ...world,
    url: server.url,
    close: async () => {
      await server.close()
      await world.close()
    },
  }
}

export interface Shown {
  readonly status: number
  readonly html: string
  readonly headers: Headers
  readonly location: string | null
}

/** A browser without JavaScript: keeps cookies, sends a form's hidden fields, stops at redirects. */
export function createBrowser(url: string, always: Record<string, string> = {}) {
  const jar = new Map<string, string>()

  async function go(path: string, init: RequestInit = {}): Promise<Shown> {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(new URL(path, url), {
      ...init,
      redirect: 'manual',
      headers: { cookie, ...always, ...(init.headers as Record<string, string> | undefined) },
    })
    for (const set of answer.headers.getSetCookie()) {
      const [pair = ''] = set.split(';')
      const at = pair.indexOf('=')
      if (set.includes('Max-Age=0')) jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const location = answer.headers.get('location')
    return { status: answer.status, html: await answer.text(), headers: answer.headers, location }
  }

  const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    go(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: url, ...headers } })

  /** Sends the form of the page that leads to `action`. */
  function submit(page: Shown, action: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    return post(action, { ...hiddenFields(page, action), ...fields }, headers)
  }

  async function logIn(username: string, returnTo = '/', typed = password): Promise<Shown> {
    const page = await go(`/users/log_in?${new URLSearchParams({ return_to: returnTo })}`)
    return submit(page, '/users/log_in', { username, password: typed })
  }

  return { jar, go, post, submit, logIn }
}

/** The hidden fields of the page's form that leads to `action`. */
export function hiddenFields(page: Shown, action: string): Record<string, string> {
  const form = page.html.match(/<form[\s\S]*?<\/form>/g)?.find((text) => text.includes(`action="${action}"`))
  if (!form) throw new Error(`no form for ${action} in ${page.html}`)
  const inputs = form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return Object.fromEntries([...inputs].map(([, name = '', value = '']) => [name, unescaped(value)]))
}

function unescaped(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}
