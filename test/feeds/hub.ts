import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What somebody asked a hub for. */
export type Asked = Readonly<Record<string, string>>

/** A hub of WebSub that does what the specification says, unless it is told to do otherwise. */
export interface Hub {
  readonly url: string
  /** Every request, the newest last. */
  readonly asked: readonly Asked[]
  /** What it answers instead of asking back. */
  answers: RequestListener | null
  /** Asks back whether somebody really wants that; what it was told. */
  verify(asked: Asked, other?: Asked): Promise<{ status: number; body: string; challenge: string }>
  /** Tells who asked for it that it will not tell. */
  deny(asked: Asked): Promise<number>
  /** Tells of something new; signs it as it was asked to unless `signature` says otherwise. */
  distribute(asked: Asked, body: string | Buffer, signature?: string | null, method?: string): Promise<number>
  close(): Promise<void>
}

export async function startHub(): Promise<Hub> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    asked.push(Object.fromEntries(new URLSearchParams(await text(request))))
    if (hub.answers) return void hub.answers(request, response)
    response.writeHead(request.headers['content-type'] === 'application/x-www-form-urlencoded' ? 202 : 400).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sign = (secret: string, body: string | Buffer, method: string) =>
    `${method}=${createHmac(method, secret).update(body).digest('hex')}`
  const callback = (of: Asked, fields: Asked) => {
    const url = new URL(of['hub.callback'] as string)
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
    return url
  }
  const hub: Hub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hub`,
    asked,
    answers: null,
    async verify(of, other = {}) {
      const challenge = randomBytes(8).toString('hex')
      const fields = {
        'hub.mode': of['hub.mode'] as string,
        'hub.topic': of['hub.topic'] as string,
        'hub.challenge': challenge,
        ...(of['hub.lease_seconds'] === undefined ? {} : { 'hub.lease_seconds': of['hub.lease_seconds'] }),
        ...other,
      }
      const said = await fetch(callback(of, fields))
      return { status: said.status, body: await said.text(), challenge }
    },
    async deny(of) {
      const fields = {
        'hub.mode': 'denied',
        'hub.topic': of['hub.topic'] as string,
        'hub.reason': 'we do not like you',
      }
      return (await fetch(callback(of, fields))).status
    },
    async distribute(of, body, signature, method = 'sha256') {
      const signed = signature === undefined ? sign(of['hub.secret'] as string, body, method) : signature
      const headers = {
        'content-type': 'application/rss+xml',
        ...(signed === null ? {} : { 'x-hub-signature': signed }),
      }
      return (await fetch(of['hub.callback'] as string, { method: 'POST', headers, body: body as string })).status
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return hub
}
