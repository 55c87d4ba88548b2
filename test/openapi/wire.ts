import { Agent, request } from 'node:http'

/** A request as it goes out: nothing is put right on the way. */
export interface Outgoing {
  readonly method: string
  /** With the query, encoded. */
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Buffer
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

export interface Wire {
  send(outgoing: Outgoing): Promise<Answer>
  close(): void
}

const patience = 20_000

/**
 * HTTP without the good manners of `fetch`, which cleans paths and refuses odd requests. Rejects when the server gives
 * no answer at all.
 */
export function wireTo(url: string): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const { hostname, port } = new URL(url)
  return {
    send: ({ method, target, headers, body }) =>
      new Promise((resolve, reject) => {
        let answered = false
        const length = body || method !== 'get' ? { 'content-length': String(body?.length ?? 0) } : {}
        const outgoing = request({
          agent,
          hostname,
          port,
          method: method.toUpperCase(),
          path: target,
          headers: { ...length, ...headers },
          timeout: patience,
        })
        outgoing.on('response', (response) => {
          answered = true
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('error', reject)
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(parts).toString('utf8'),
            }),
          )
        })
        outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer in ${patience} ms`)))
        // A server may answer and hang up before it has read all of a body.
        outgoing.on('error', (error) => {
          if (!answered) reject(error)
        })
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}
