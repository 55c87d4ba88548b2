import { monitorEventLoopDelay } from 'node:perf_hooks'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type App, feedId, startServer, type TestServer } from '../support/instance.ts'
import { type Origin, startOrigin } from '../support/origin.ts'

let server: TestServer
let origin: Origin
let app: App
/** What the origin says at a path: bytes, and a type that need not be true. */
const pictures = new Map<string, { body: Uint8Array; type?: string; status?: number; delay?: number; to?: string }>()

const rss = (path: string, image: string | null) => `<?xml version="1.0"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><title>&lt;Étoiles&gt; ${path}</title>
${image === null ? '' : `<itunes:image href="${image}"/>`}
<item><guid>one</guid><title>One</title><enclosure url="${origin.url}/one.mp3" type="audio/mpeg" length="1"/>
<itunes:image href="${origin.url}/pictures/episode.png"/></item>
<item><guid>two</guid><title>Two</title><enclosure url="${origin.url}/two.mp3" type="audio/mpeg" length="1"/></item>
</channel></rss>`

const picture = (width: number, height: number, color = '#c04020') =>
  sharp({ create: { width, height, channels: 3, background: color } })

beforeAll(async () => {
  server = await startServer()
  origin = await startOrigin((request, response) => {
    const path = request.url ?? ''
    if (path.startsWith('/feeds/')) {
      const [, , name = ''] = path.split('/')
      const at = decodeURIComponent(name)
      response.end(rss(name, at === 'none' ? null : at.startsWith('http') ? at : `${origin.url}/pictures/${at}`))
      return
    }
    const said = pictures.get(path.replace('/pictures/', ''))
    if (said?.to !== undefined) return void response.writeHead(302, { location: said.to }).end()
    response.writeHead(said?.status ?? (said ? 200 : 404), { 'content-type': said?.type ?? 'image/png' })
    setTimeout(() => response.end(said?.body), said?.delay ?? 0)
  })
  app = await server.allow(await server.addUser())
  pictures.set('episode.png', { body: await picture(200, 200, '#0000ff').png().toBuffer() })
})
afterAll(async () => {
  await server.close()
  await origin.close()
})
beforeEach(() => server.fresh.stores.cache.pool.query('delete from cache.covers'))

/** Follows a feed whose cover is that picture; answers the podcast's id once the feed was read. */
async function podcastWith(name: string): Promise<string> {
  const url = `${origin.url}/feeds/${encodeURIComponent(name)}`
  await app.call('POST', '/subscriptions', { rss_source_feed: feedId(url) })
  const { pool } = server.fresh.stores.cache
  const id = await server.instance.catalog.knownPodcast(url)
  for (let n = 0; n < 200; n++) {
    const { rows } = await pool.query('select 1 from cache.feeds where podcast_id = $1 and fetched_at is not null', [
      id,
    ])
    if (rows.length > 0) return String(id)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the feed is not read')
}

async function look(path: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.url}/covers/${path}`, { headers })
  return { status: answer.status, headers: answer.headers, bytes: new Uint8Array(await answer.arrayBuffer()) }
}

const asked = (name: string) => origin.requests.filter(({ url }) => url === `/pictures/${name}`).length
const isPlaceholder = ({ status, headers }: Awaited<ReturnType<typeof look>>) =>
  status === 200 && headers.get('content-type') === 'image/svg+xml; charset=utf-8'

/** A PNG of these dimensions that is nothing but zeros: kilobytes that unpack to gigabytes. */
function bomb(width: number, height: number): Buffer {
  const table = Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
    return c >>> 0
  })
  const crc = (bytes: Buffer) => {
    let c = 0xffffffff
    for (const byte of bytes) c = (table[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8)
    return (c ^ 0xffffffff) >>> 0
  }
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    sum.writeUInt32BE(crc(named))
    return Buffer.concat([length, named, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([1, 0, 0, 0, 0], 8)
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height))
  const parts = [chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts])
}

describe('a cover', () => {
  test('is shown in every size, as WebP, to anybody, and fetched once', async () => {
    pictures.set('big.jpg', { body: await picture(1500, 1000).jpeg().toBuffer(), type: 'text/plain' })
    const podcast = await podcastWith('big.jpg')
    for (const size of [64, 128, 300, 600, 1200]) {
      const { status, headers, bytes } = await look(`${podcast}?size=${size}`)
      expect([status, headers.get('content-type')]).toEqual([200, 'image/webp'])
      expect(await sharp(bytes).metadata()).toMatchObject({
        format: 'webp',
        width: size,
        height: Math.round(size / 1.5),
      })
    }
    expect(asked('big.jpg')).toBe(1)
    const { headers } = await look(podcast)
    expect(headers.get('cache-control')).toBe('public, max-age=86400, stale-while-revalidate=604800')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect((await fetch(`${server.url}/covers/${podcast}`, { method: 'HEAD' })).status).toBe(200)
  })

  test('is not sent again to who has it', async () => {
    pictures.set('known.png', { body: await picture(400, 400).png().toBuffer() })
    const podcast = await podcastWith('known.png')
    const { headers } = await look(`${podcast}?size=128`)
    const again = await look(`${podcast}?size=128`, { 'if-none-match': `"other", W/${headers.get('etag')}` })
    expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, headers.get('etag')])
    expect((await look(`${podcast}?size=64`, { 'if-none-match': String(headers.get('etag')) })).status).toBe(200)
  })

  test('that many ask for at once is fetched and made once', async () => {
    pictures.set('wanted.png', { body: await picture(800, 800).png().toBuffer(), delay: 200 })
    const podcast = await podcastWith('wanted.png')
    const all = await Promise.all(Array.from({ length: 30 }, (_, n) => look(`${podcast}?size=${n % 2 ? 300 : 600}`)))
    expect(all.map(({ status }) => status)).toEqual(Array(30).fill(200))
    expect(asked('wanted.png')).toBe(1)
  })

  test('of an episode is its own, or else the podcast’s', async () => {
    pictures.set('red.png', { body: await picture(100, 100, '#ff0000').png().toBuffer() })
    const podcast = await podcastWith('red.png')
    const { rows } = await server.fresh.stores.cache.pool.query(
      'select episode_id as id from cache.feed_episodes where podcast_id = $1 order by place desc',
      [podcast],
    )
    const colourOf = async (path: string) => {
      const { dominant } = await sharp((await look(path)).bytes).stats()
      return dominant.b > dominant.r ? 'blue' : 'red'
    }
    expect(await colourOf(`${podcast}/${rows[0].id}?size=64`)).toBe('blue')
    expect(await colourOf(`${podcast}/${rows[1].id}?size=64`)).toBe('red')
    expect(await colourOf(`${podcast}?size=64`)).toBe('red')
    // It is no larger than it was.
    expect(await sharp((await look(`${podcast}?size=1200`)).bytes).metadata()).toMatchObject({
      width: 100,
      height: 100,
    })
  })

  test('that the feed replaces is replaced', async () => {
    pictures.set('first.png', { body: await picture(64, 64, '#ff0000').png().toBuffer() })
    pictures.set('second.png', { body: await picture(64, 64, '#0000ff').png().toBuffer() })
    const podcast = await podcastWith('first.png')
    const before = await look(podcast)
    await server.fresh.stores.cache.pool.query(
      `update cache.feeds set metadata = jsonb_set(metadata, '{imageUrl}', to_jsonb($2::text)) where podcast_id = $1`,
      [podcast, `${origin.url}/pictures/second.png`],
    )
    expect((await look(podcast)).headers.get('etag')).not.toBe(before.headers.get('etag'))
  })

  test('is fetched anew after a week, and kept where that fails', async () => {
    pictures.set('old.png', { body: await picture(64, 64).png().toBuffer() })
    const podcast = await podcastWith('old.png')
    const before = await look(`${podcast}?size=64`)
    const age = () =>
      server.fresh.stores.cache.pool.query(`update cache.covers set fetched_at = fetched_at - interval '8 days'`)
    await age()
    pictures.delete('old.png')
    for (let n = 0; n < 3; n++)
      expect((await look(`${podcast}?size=64`)).headers.get('etag')).toBe(before.headers.get('etag'))
    expect(asked('old.png')).toBe(2)
    await age()
    pictures.set('old.png', { body: await picture(64, 64, '#00ff00').png().toBuffer() })
    expect((await look(`${podcast}?size=64`)).headers.get('etag')).not.toBe(before.headers.get('etag'))
  })
})

describe('where there is no cover', () => {
  test('an initial stands in its place, escaped and without a script', async () => {
    const podcast = await podcastWith('none')
    // Another process, which does not remember that the feed was not read yet.
    const other = await startServer({ beside: server })
    const said = await fetch(`${other.url}/covers/${podcast}`)
    const svg = await said.text()
    await other.close()
    expect(svg).toContain('>É</text>')
    expect(svg).not.toMatch(/Étoiles|script|href/)
    expect(said.headers.get('cache-control')).toBe('public, max-age=300')
  })

  test('a private podcast shows no initial', async () => {
    const podcast = await podcastWith('none')
    await server.fresh.stores.system.pool.query(
      `update system.podcasts set private_reason = 'member host' where id = $1`,
      [podcast],
    )
    const other = await startServer({ beside: server })
    const said = await fetch(`${other.url}/covers/${podcast}`)
    expect(await said.text()).toContain('>♪</text>')
    await other.close()
    await server.fresh.stores.system.pool.query('update system.podcasts set private_reason = null where id = $1', [
      podcast,
    ])
  })

  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
  test.each([
    ['a page', { body: Buffer.from('<!doctype html><script>alert(1)</script>'), type: 'image/png' }],
    ['an SVG', { body: Buffer.from(svg), type: 'image/svg+xml' }],
    ['a picture of 400 million pixels', { body: bomb(20_000, 20_000) }],
    ['a picture that says it has two billion pixels', { body: bomb(20_000, 20_000).fill(0x7f, 16, 20) }],
    ['more than 10 MB', { body: Buffer.alloc(10_000_001, 1) }],
    ['half a picture', { body: bomb(3_000, 3_000).subarray(0, 600) }],
    ['nothing', { body: Buffer.alloc(0) }],
    ['an error', { body: Buffer.from('no'), status: 500 }],
    ['a redirect to a metadata service', { body: Buffer.alloc(0), to: 'http://169.254.169.254/latest/meta-data' }],
    ['a redirect to a file', { body: Buffer.alloc(0), to: 'file:///etc/passwd' }],
  ])('%s is none, which is remembered for an hour', async (what, said) => {
    const name = `${what.replaceAll(/\W/g, '-')}.png`
    pictures.set(name, said)
    const podcast = await podcastWith(name)
    for (const size of [300, 64, 1200, 300]) expect(isPlaceholder(await look(`${podcast}?size=${size}`))).toBe(true)
    expect(asked(name)).toBe(1)
    const good = await picture(64, 64).png().toBuffer()
    pictures.set(name, { body: good })
    await server.fresh.stores.cache.pool.query(
      `update cache.covers set fetched_at = fetched_at - interval '61 minutes'`,
    )
    expect((await look(`${podcast}?size=64`)).headers.get('content-type')).toBe('image/webp')
  })

  test('what is asked for wrongly is said', async () => {
    const podcast = await podcastWith('none')
    expect((await look(`${podcast}?size=65`)).status).toBe(400)
    expect((await look(`${podcast}?size=64&size=128`)).status).toBe(400)
    expect((await look('nonsense')).status).toBe(400)
    expect((await look('0197c0de-0000-7000-8000-000000000001')).status).toBe(404)
  })
})

test('other requests go on while large covers are made', async () => {
  const noise = await sharp({
    create: {
      width: 3000,
      height: 3000,
      channels: 3,
      background: '#888',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .jpeg({ quality: 70 })
    .toBuffer()
  const names = Array.from({ length: 6 }, (_, n) => `noise-${n}.jpg`)
  const podcasts: string[] = []
  for (const name of names) {
    pictures.set(name, { body: noise })
    podcasts.push(await podcastWith(name))
  }
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const started = performance.now()
  const shown = await Promise.all(podcasts.map((podcast) => look(`${podcast}?size=600`)))
  delay.disable()
  expect(shown.map(({ status }) => status)).toEqual(Array(6).fill(200))
  const p99 = delay.percentile(99) / 1e6
  console.log(
    `6 covers of 9 megapixels: ${Math.round(performance.now() - started)} ms, event loop p99 ${p99.toFixed(1)} ms`,
  )
}, 60_000)
