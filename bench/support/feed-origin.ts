import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { behaviourOf, madeFeed } from './made-feeds.ts'

/**
 * Serves the feeds of the benchmark on every loopback address. Two thirds know ETags. A failing one is missing, in
 * trouble, or cuts the connection; a slow one takes a second. Tells its parent the port.
 */
const count = Number(process.argv[2])
const feeds = Array.from({ length: count }, (_, n) => {
  const body = Buffer.from(madeFeed(n))
  return { body, etag: n % 3 === 0 ? null : `"${hash('sha1', body, 'hex')}"` }
})

const server = createServer(async (request, response) => {
  const [, n = 0, moved = ''] = /^\/(\d+)(\/moved)?$/.exec(request.url ?? '') ?? []
  const feed = feeds[Number(n)]
  const behaviour = behaviourOf(Number(n))
  if (!feed) return response.writeHead(404).end()
  if (behaviour === 'failing') {
    const kind = Number(n) % 3
    return kind === 0 ? response.destroy() : response.writeHead(kind === 1 ? 404 : 500).end()
  }
  if (behaviour === 'moved' && moved === '') return response.writeHead(301, { location: `/${n}/moved` }).end()
  if (feed.etag !== null && request.headers['if-none-match'] === feed.etag) return response.writeHead(304).end()
  response.writeHead(200, {
    'content-type': 'application/rss+xml',
    'content-length': feed.body.length,
    ...(feed.etag === null ? {} : { etag: feed.etag }),
  })
  if (behaviour === 'slow') {
    const half = feed.body.length >> 1
    response.write(feed.body.subarray(0, half))
    await sleep(1_000)
    response.end(feed.body.subarray(half))
  } else response.end(feed.body)
})
server.listen(0, '0.0.0.0', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit(0))
