import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIP } from 'node:net'

/** A DNS server on loopback that answers as the test says. */
export interface NameServer {
  /** `address:port`. */
  readonly address: string
  /** Every question for an IPv4 address, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

const header = 12

function question(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = header
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 }
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [before = '', after = ''] = address.split('::')
  const words = (text: string) => (text === '' ? [] : text.split(':').map((word) => Number.parseInt(word, 16)))
  const [head, tail] = [words(before), words(after)]
  const all = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  return Buffer.from(all.flatMap((word) => [word >> 8, word & 0xff]))
}

/**
 * @param answers all addresses of a name, of both families; `times` counts the earlier questions for it. An empty list
 *   is a name that does not exist, null no answer at all.
 */
export async function startNameServer(
  answers: (name: string, times: number) => readonly string[] | null,
): Promise<NameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  const times = new Map<string, number>()
  socket.on('message', (message, { port, address }) => {
    const { name, type, end } = question(message)
    const family = type === 28 ? 6 : 4
    const before = times.get(`${name} ${type}`) ?? 0
    times.set(`${name} ${type}`, before + 1)
    if (family === 4) asked.push(name)
    const all = answers(name, before)
    if (all === null) return
    const found = all.filter((one) => isIP(one) === family)
    const head = Buffer.alloc(header)
    head.writeUInt16BE(message.readUInt16BE(0), 0)
    head.writeUInt16BE(all.length === 0 ? 0x8183 : 0x8180, 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(found.length, 6)
    const records = found.map((one) => {
      const data = addressBytes(one)
      const record = Buffer.alloc(12)
      record.writeUInt16BE(0xc00c, 0)
      record.writeUInt16BE(type, 2)
      record.writeUInt16BE(1, 4)
      record.writeUInt16BE(data.length, 10)
      return Buffer.concat([record, data])
    })
    socket.send(Buffer.concat([head, message.subarray(header, end), ...records]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    close: async () => {
      socket.close()
      await once(socket, 'close')
    },
  }
}
