import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server that remembers who asked for what. */
export interface Origin {
  readonly port: number
  readonly url: string
  readonly requests: readonly IncomingMessage[]
  /** What it says from now on. */
  says(listener: RequestListener): void
  close(): Promise<void>
}

export async function startOrigin(listener: RequestListener, host = '127.0.0.1', port = 0): Promise<Origin> {
  let says = listener
  const requests: IncomingMessage[] = []
  const server: Server = createServer((request, response) => {
    requests.push(request)
    says(request, response)
  }).listen(port, host)
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    requests,
    says: (other) => {
      says = other
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
