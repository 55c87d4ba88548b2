import { connect, type Socket } from 'node:net'

/**
 * A load generator that costs little: requests are bytes made beforehand, answers are read just far enough to know
 * where they end. Each connection sends one request after the other.
 */
export type NextRequest = (connection: number) => Buffer

export const httpRequest = (
  method: string,
  path: string,
  bearer: string | null,
  body?: unknown,
  headers: readonly string[] = [],
): Buffer => {
  const text = body === undefined ? '' : JSON.stringify(body)
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(bearer === null ? [] : [`Authorization: ${bearer}`]),
    ...headers,
    ...(body === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(text)}`]),
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text}`)
}

class Connection {
  private readonly socket: Socket
  private received: Buffer[] = []
  private length = 0
  private wanted = -1
  private answered: ((answer: { status: number; bytes: Buffer }) => void) | null = null
  private failed: ((error: Error) => void) | null = null

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.setNoDelay(true)
    this.socket.on('data', (chunk) => this.take(chunk))
    this.socket.on('error', (error) => this.failed?.(error))
    this.socket.on('close', () => this.failed?.(new Error('the server closed the connection')))
  }

  private take(chunk: Buffer) {
    this.received.push(chunk)
    this.length += chunk.length
    if (this.wanted < 0) {
      const all = this.received.length === 1 ? chunk : Buffer.concat(this.received)
      this.received = [all]
      const end = all.indexOf('\r\n\r\n')
      if (end < 0) return
      const size = /content-length: (\d+)/i.exec(all.toString('latin1', 0, end))
      if (!size) throw new Error(`an answer without a length: ${all.toString('latin1', 0, 200)}`)
      this.wanted = end + 4 + Number(size[1])
    }
    if (this.length < this.wanted) return
    const bytes = Buffer.concat(this.received)
    this.received = []
    this.length = 0
    this.wanted = -1
    this.answered?.({ status: Number(bytes.toString('latin1', 9, 12)), bytes })
  }

  send(request: Buffer): Promise<{ status: number; bytes: Buffer }> {
    return new Promise((resolve, reject) => {
      this.answered = resolve
      this.failed = reject
      this.socket.write(request)
    })
  }

  close() {
    this.failed = null
    this.socket.destroy()
  }
}

/** Requests per second over so many connections; every answer must be a 200. */
export async function load(port: number, connections: number, seconds: number, next: NextRequest): Promise<number> {
  const open = Array.from({ length: connections }, () => new Connection(port))
  const started = performance.now()
  const end = started + seconds * 1000
  let done = 0
  await Promise.all(
    open.map(async (connection, i) => {
      while (performance.now() < end) {
        const { status, bytes } = await connection.send(next(i))
        if (status !== 200) throw new Error(`answered ${status}: ${bytes.toString('utf8').slice(-300)}`)
        done++
      }
    }),
  )
  const rate = (done * 1000) / (performance.now() - started)
  for (const connection of open) connection.close()
  return rate
}

/** One request; its answer's body and how long it took in milliseconds. */
export async function once(port: number, request: Buffer): Promise<{ ms: number; body: unknown }> {
  const connection = new Connection(port)
  const started = performance.now()
  const { status, bytes } = await connection.send(request)
  const ms = performance.now() - started
  connection.close()
  const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).toString('utf8')
  if (status !== 200) throw new Error(`answered ${status}: ${body.slice(0, 300)}`)
  return { ms, body: JSON.parse(body) }
}
