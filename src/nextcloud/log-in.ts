import { z } from 'zod'
import { appRequestPath } from '../accounts/index.ts'
import { textReader } from '../http/body.ts'
import { answer } from '../kernel/endpoint.ts'
import { isRefusal, refuse } from '../kernel/refusal.ts'
import type { Door, DoorParts } from './door.ts'

/** Bytes of a body that holds a token and nothing else. */
const bodyLimit = 4 * 1024

const inJson = z.object({ token: z.string() })

/** The token as a form field or as JSON, whatever the content type says: clients send both under either name. */
function readToken(body: string): string {
  if (!body.trimStart().startsWith('{')) return new URLSearchParams(body).get('token') ?? ''
  try {
    return inJson.safeParse(JSON.parse(body)).data?.token ?? ''
  } catch {
    return ''
  }
}

/**
 * Nextcloud's login flow, version 2: an app gets a page to show and a token to ask with, a person allows it there, and
 * the app is given an app password once.
 */
export function logInRoutes({ open }: Door, { accounts, publicUrl }: Pick<DoorParts, 'accounts' | 'publicUrl'>): void {
  const { appRequests } = accounts
  const server = publicUrl.replace(/\/+$/, '')
  const readText = textReader(bodyLimit)

  open('post', '/login/v2', async (ctx) => {
    const asked = await appRequests.ask(ctx.get('User-Agent'), ctx.ip)
    if (isRefusal(asked)) return asked
    const { page, poll } = asked
    const login = `${server}${appRequestPath(page)}`
    return answer(200, { poll: { token: poll, endpoint: `${server}/login/v2/poll` }, login })
  })

  open('post', '/login/v2/poll', async (ctx) => {
    const body = await readText(ctx)
    if (isRefusal(body)) return body
    const fetched = await appRequests.fetch(readToken(body), ctx.ip)
    if (fetched === null) return refuse('not_found', 'There is nothing to fetch, or not yet.')
    if (isRefusal(fetched)) return fetched
    const { username: loginName, appPassword } = fetched
    return answer(200, { server, loginName, appPassword })
  })
}
