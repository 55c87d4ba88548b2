import { createHash, randomBytes } from 'node:crypto'
import { createServer as createTcpServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, createOutbound, type Failed, isFailed, type Outbound } from '../../src/outbound/fetch.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

let outbound: Outbound
let origin: Origin

beforeAll(async () => {
  outbound = createOutbound({ userAgent: 'Balados-Sync/1 (+https://here.example)', allowPrivate: true })
  origin = await startOrigin((_, response) => void response.end())
})
afterAll(async () => {
  await outbound.close()
  await origin.close()
})
const others: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const other of others.splice(0)) await other.close()
})

const answered = (outcome: Answered | Failed): Answered => {
  if (isFailed(outcome)) throw new Error(`${outcome.kind}: ${outcome.words}`)
  return outcome
}

test('the request says who asks and what it can unpack', async () => {
  origin.says((_, response) => void response.end('a feed'))
  const answer = answered(await outbound.fetch(`${origin.url}/a?b=c#d`, { headers: { accept: 'text/xml' } }))
  expect(answer).toMatchObject({ status: 200, url: `${origin.url}/a?b=c`, hops: [] })
  expect(answer.body.toString()).toBe('a feed')
  expect(origin.requests.at(-1)).toMatchObject({
    url: '/a?b=c',
    headers: {
      'user-agent': 'Balados-Sync/1 (+https://here.example)',
      accept: 'text/xml',
      'accept-encoding': 'gzip, br, zstd, deflate',
    },
  })
})

describe('a packed body is unpacked:', () => {
  const text = Buffer.from('<rss>…</rss>'.repeat(1000))
  const packed: Record<string, readonly [encoding: string, body: Buffer]> = {
    gzip: ['gzip', gzipSync(text)],
    'x-gzip in capitals': ['X-GZIP', gzipSync(text)],
    brotli: ['br', brotliCompressSync(text)],
    zstd: ['zstd', zstdCompressSync(text)],
    'deflate with its header': ['deflate', deflateSync(text)],
    'deflate without a header': ['deflate', deflateRawSync(text)],
    'twice, gzip then brotli': ['gzip, br', brotliCompressSync(gzipSync(text))],
    'not at all, though it says gzip': ['gzip', text],
    'not at all, and it says so': ['identity', text],
  }
  test.each(Object.entries(packed))('%s', async (_, [encoding, body]) => {
    origin.says((_, response) => void response.writeHead(200, { 'content-encoding': encoding }).end(body))
    expect(answered(await outbound.fetch(origin.url)).body.equals(text)).toBe(true)
  })

  test('but one that is cut off in the middle is broken', async () => {
    const half = gzipSync(randomBytes(10_000)).subarray(0, 5_000)
    origin.says((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(half))
    expect(await outbound.fetch(origin.url)).toMatchObject({ kind: 'broken' })
  })

  test('and one in a way nobody asked for is broken', async () => {
    origin.says((_, response) => void response.writeHead(200, { 'content-encoding': 'compress' }).end(text))
    expect(await outbound.fetch(origin.url)).toMatchObject({
      kind: 'broken',
      words: expect.stringMatching(/asked for/),
    })
  })
})

describe('what is too large is given up on:', () => {
  const bombs = {
    gzip: gzipSync(Buffer.alloc(200_000_000), { level: 9 }),
    br: brotliCompressSync(Buffer.alloc(200_000_000)),
    zstd: zstdCompressSync(Buffer.alloc(200_000_000)),
    deflate: deflateSync(Buffer.alloc(200_000_000)),
  }
  test.each(Object.entries(bombs))('a bomb of 200 MB in %s, without unpacking it', async (encoding, bomb) => {
    origin.says((_, response) => void response.writeHead(200, { 'content-encoding': encoding }).end(bomb))
    const before = process.memoryUsage.rss()
    expect(await outbound.fetch(origin.url)).toMatchObject({
      kind: 'too large',
      words: expect.stringMatching(/larger than 30 MB/),
    })
    expect(process.memoryUsage.rss() - before).toBeLessThan(150_000_000)
  })

  test('a bomb within a bomb', async () => {
    const body = gzipSync(bombs.gzip)
    origin.says((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(body))
    expect(await outbound.fetch(origin.url)).toMatchObject({ kind: 'too large' })
  })

  test('50 MB that say so beforehand, without reading them', async () => {
    let written = 0
    origin.says((_, response) => {
      response.writeHead(200, { 'content-length': 50_000_000 })
      const more = () => {
        while (written < 50_000_000 && response.write(Buffer.alloc(100_000))) written += 100_000
        response.once('drain', more)
      }
      more()
    })
    expect(await outbound.fetch(origin.url)).toMatchObject({ kind: 'too large' })
    expect(written).toBeLessThan(20_000_000)
  })

  test('50 MB that come without a length, at 30 MB', async () => {
    let written = 0
    origin.says((_, response) => {
      const more = () => {
        while (written < 50_000_000 && response.write(Buffer.alloc(100_000))) written += 100_000
        if (written < 50_000_000) response.once('drain', more)
        else response.end()
      }
      more()
    })
    expect(await outbound.fetch(origin.url)).toMatchObject({ kind: 'too large' })
    expect(written).toBeLessThan(45_000_000)
  })

  test('but not what just fits', async () => {
    const body = randomBytes(1_000_000)
    origin.says((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)))
    expect(answered(await outbound.fetch(origin.url, { limits: { bytes: 1_001_000 } })).body).toHaveLength(1_000_000)
  })
})

describe('what is too slow is given up on:', () => {
  const took = async (work: Promise<Answered | Failed>) => {
    const started = performance.now()
    const outcome = await work
    return { outcome, ms: performance.now() - started }
  }

  test('a drip of one byte now and then, when its time is up', async () => {
    origin.says(async (_, response) => {
      response.writeHead(200)
      while (!response.destroyed) {
        response.write('x')
        await sleep(50)
      }
    })
    const { outcome, ms } = await took(outbound.fetch(origin.url, { limits: { whole: 700 } }))
    expect(outcome).toMatchObject({ kind: 'too slow', words: expect.stringMatching(/as a whole/) })
    expect(ms).toBeLessThan(2_000)
  })

  test('a drip of headers', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {}).write('HTTP/1.1 200 OK\r\n')
      const timer = setInterval(() => socket.write('X-Drip: 1\r\n'), 50)
      socket.on('close', () => clearInterval(timer))
    })
    const port = await listening(server)
    const url = `http://127.0.0.1:${port}`
    expect(await outbound.fetch(url, { limits: { whole: 600 } })).toMatchObject({ kind: 'too slow' })
    server.close()
  })

  test('an answer that never begins', async () => {
    origin.says(() => {})
    // Undici counts whole seconds for what takes longer than one.
    const { outcome } = await took(outbound.fetch(origin.url, { limits: { headers: 300 } }))
    expect(outcome).toMatchObject({ kind: 'too slow', words: expect.stringMatching(/began/) })
  })

  test('an answer that stands still', async () => {
    origin.says((_, response) => void response.writeHead(200).write('half'))
    const { outcome } = await took(outbound.fetch(origin.url, { limits: { idle: 300 } }))
    expect(outcome).toMatchObject({ kind: 'too slow', words: expect.stringMatching(/stood still/) })
  })

  test('redirects that are each in time but not together', async () => {
    origin.says(async (request, response) => {
      await sleep(250)
      response.writeHead(302, { location: `/${Number(request.url?.slice(1) || 0) + 1}` }).end()
    })
    expect(await outbound.fetch(origin.url, { limits: { whole: 600 } })).toMatchObject({ kind: 'too slow' })
  })
})

const listening = (server: ReturnType<typeof createTcpServer>): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })

describe('a server that breaks off or speaks no HTTP is told as such:', () => {
  const raw =
    (text: string, end: 'close' | 'reset' = 'close') =>
    async () => {
      const server = createTcpServer((socket) => {
        socket
          .on('error', () => {})
          .once('data', () => {
            socket.write(text, () => {
              if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), 20)
              else socket.end()
            })
          })
      })
      const port = await listening(server)
      others.push({ close: async () => void server.close() })
      return `http://127.0.0.1:${port}`
    }
  test.each([
    ['a body shorter than its length', raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')],
    ['a connection reset in the middle', raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', 'reset')],
    ['chunks that end too early', raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n')],
    ['an empty answer', raw('')],
    ['no HTTP at all', raw('SSH-2.0-OpenSSH_9.6\r\n')],
    ['two lengths that differ', raw('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\nhalf')],
    ['headers without end', raw(`HTTP/1.1 200 OK\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`)],
  ])('%s', async (_, server) => {
    expect(await outbound.fetch(await server())).toMatchObject({ kind: 'broken' })
  })

  test('a body longer than its length counts up to there', async () => {
    const url = await raw('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nhalf and more')()
    expect(answered(await outbound.fetch(url)).body.toString()).toBe('half')
  })

  test('nobody listens', async () => {
    const server = createTcpServer()
    const port = await listening(server)
    server.close()
    expect(await outbound.fetch(`http://127.0.0.1:${port}`)).toMatchObject({ kind: 'unreachable' })
  })

  test('no words of a failure repeat any part of the URL', async () => {
    const url = await raw('')()
    const secret = url.replace('http://', 'http://user:hunter2@')
    for (const asked of [`${secret}/token-123`, 'http://10.0.0.1:22/token-123', 'http://hunter2.invalid/token-123'])
      expect(JSON.stringify(await outbound.fetch(asked))).not.toMatch(/hunter2|token-123/)
  })
})

describe('redirects', () => {
  test.each([301, 302, 303, 307, 308])('of status %i are followed and remembered', async (status) => {
    origin.says((request, response) => {
      if (request.url === '/old') response.writeHead(status, { location: 'new' }).end('moved')
      else response.end('here')
    })
    const answer = answered(await outbound.fetch(`${origin.url}/old`))
    expect(answer).toMatchObject({
      status: 200,
      url: `${origin.url}/new`,
      hops: [{ status, to: `${origin.url}/new`, downgrade: false }],
    })
  })

  test('that lead back to themselves are named', async () => {
    origin.says((request, response) => {
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end()
    })
    expect(await outbound.fetch(`${origin.url}/a`)).toMatchObject({
      kind: 'redirects',
      words: expect.stringMatching(/back to itself/),
    })
  })

  test('without end are given up on after five', async () => {
    let asked = 0
    origin.says((_, response) => void response.writeHead(302, { location: `/${asked++}` }).end())
    const outcome = await outbound.fetch(`${origin.url}/start`)
    expect(outcome).toMatchObject({ kind: 'redirects', words: expect.stringMatching(/more than 5 times/) })
    expect(asked).toBe(6)
  })

  test('to nowhere are answers, and to what is no URL are failures', async () => {
    origin.says((_, response) => void response.writeHead(302).end('where?'))
    expect(await outbound.fetch(origin.url)).toMatchObject({ status: 302 })
    origin.says((_, response) => void response.writeHead(302, { location: 'http://[' }).end())
    expect(await outbound.fetch(origin.url)).toMatchObject({ kind: 'redirects' })
  })

  test('with letters beyond ASCII are read as UTF-8', async () => {
    const server = createTcpServer((socket) => {
      socket.once('data', (data) => {
        const path = String(data).split(' ')[1]
        if (path === '/')
          socket.end(Buffer.from('HTTP/1.1 302 Found\r\nLocation: /épisodes\r\nContent-Length: 0\r\n\r\n'))
        else socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${path?.length}\r\n\r\n${path}`)
      })
    })
    const port = await listening(server)
    const answer = answered(await outbound.fetch(`http://127.0.0.1:${port}/`))
    expect(answer.body.toString()).toBe('/%C3%A9pisodes')
    server.close()
  })
})

describe('user info', () => {
  test('is sent as Basic authentication, and is in no URL that comes back', async () => {
    origin.says((_, response) => void response.end())
    const answer = answered(await outbound.fetch(origin.url.replace('//', '//jos%C3%A9:p%40ss%3A@')))
    expect(origin.requests.at(-1)?.headers.authorization).toBe(`Basic ${Buffer.from('josé:p@ss:').toString('base64')}`)
    expect(answer.url).toBe(`${origin.url}/`)
  })

  test('goes along with a redirect within its origin, and to no other', async () => {
    const other = await startOrigin((_, response) => void response.end())
    others.push(other)
    origin.says((request, response) => {
      response.writeHead(302, { location: request.url === '/' ? '/near' : `${other.url}/` }).end()
    })
    await outbound.fetch(origin.url.replace('//', '//user:password@'))
    expect(origin.requests.slice(-2).map(({ headers }) => headers.authorization)).toEqual([
      expect.stringMatching(/^Basic/),
      expect.stringMatching(/^Basic/),
    ])
    expect(other.requests[0]?.headers.authorization).toBeUndefined()
  })

  test('of a redirect is not sent', async () => {
    const other = await startOrigin((_, response) => void response.end())
    others.push(other)
    origin.says(
      (_, response) => void response.writeHead(302, { location: other.url.replace('//', '//eve:trap@') }).end(),
    )
    expect(JSON.stringify(answered(await outbound.fetch(origin.url)).hops)).not.toMatch(/eve|trap/)
    expect(other.requests[0]?.headers.authorization).toBeUndefined()
  })
})

test('a body makes it a POST, whose redirect is an answer', async () => {
  const hash = createHash('sha256')
  origin.says((request, response) => {
    request.on('data', (piece) => hash.update(piece)).on('end', () => response.writeHead(302, { location: '/' }).end())
  })
  expect(await outbound.fetch(origin.url, { body: 'hub.mode=subscribe' })).toMatchObject({ status: 302, hops: [] })
  expect(origin.requests.at(-1)?.method).toBe('POST')
  expect(hash.digest('hex')).toBe(createHash('sha256').update('hub.mode=subscribe').digest('hex'))
})

test('a request that its caller gives up rejects with the caller’s reason', async () => {
  origin.says(() => {})
  const giving = new AbortController()
  setTimeout(() => giving.abort(new Error('shutting down')), 50)
  await expect(outbound.fetch(origin.url, { signal: giving.signal })).rejects.toThrow('shutting down')
})
