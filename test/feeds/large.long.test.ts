import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { createFeedReader } from '../../src/feeds/understanding/reader.ts'

const megabyte = 1024 * 1024
const source = { url: 'https://feeds.example/feed.xml', contentType: null }

const reader = createFeedReader({ threads: 1, timeout: 300_000 })
const patient = createFeedReader({ threads: 1, timeout: 10_000 })
afterAll(() => Promise.all([reader.close(), patient.close()]))

/** 50 MB of episodes with two kilobytes of HTML each. */
function large(): { bytes: Buffer; episodes: number } {
  const notes = `<p>${'Ça alors, <b>what</b> a <a href="/x">story</a>! '.repeat(40)}</p>`
  const parts = ['<rss version="2.0"><channel><title>A large podcast</title>']
  let size = 0
  let episodes = 0
  for (; size < 50 * megabyte; episodes += 1) {
    const item = `<item><title>Episode ${episodes}</title><guid>${episodes}</guid><description><![CDATA[${notes}]]></description><enclosure url="https://media.example/${episodes}.mp3" length="1" type="audio/mpeg"/></item>`
    parts.push(item)
    size += Buffer.byteLength(item)
  }
  return { bytes: Buffer.from(`${parts.join('\n')}</channel></rss>`), episodes }
}

/** What 50 MB of one thing in a feed come to. */
const swollen = (before: string, thing: string, after = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`<rss version="2.0"><channel><title>Swollen</title>${before}`),
    Buffer.alloc(50 * megabyte, thing),
    Buffer.from(after),
  ])

test('a feed of 50 MB is read or refused, and holds up nobody meanwhile', async () => {
  const { bytes, episodes } = large()
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const started = performance.now()
  const understood = await reader.understand(bytes, source)
  const took = performance.now() - started
  delay.disable()
  const read = 'episodes' in understood ? understood.episodes.length : understood.code
  console.info(
    `50 MB, ${episodes} episodes: ${read} in ${Math.round(took)} ms; event loop delay p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms`,
  )
  if ('episodes' in understood) expect(understood.episodes).toHaveLength(episodes)
  else expect(understood.code).toBe('too_much_memory')
  expect(delay.percentile(99) / 1e6).toBeLessThan(100)
})

test.for([
  ['an attribute', swollen('<item><enclosure url="', 'a')],
  ['a title', swollen('<item><title>', 'x ', '</title></item>')],
  ['a description', swollen('<item><description>', '&lt;p&gt;x', '</description></item>')],
  ['open elements', swollen('', '<a>')],
  ['end tags without a beginning', swollen('<a>'.repeat(1900), '</b>')],
  ['attributes', swollen('<item ', 'a="" ')],
  ['namespaces', swollen('<item ', 'xmlns:abcdefgh="urn:x" ')],
  ['entities nobody knows', swollen('<item><title>', '&laughs;')],
  ['less-than signs', swollen('<item><description>', '<')],
  ['CDATA', swollen('<item><description>', '<![CDATA[x]]>')],
  ['comments', swollen('', '<!---->')],
  ['persons', swollen('<item>', '<podcast:person>Bo</podcast:person>', '</item>')],
  ['empty items', swollen('', '<item/>')],
  ['declarations', swollen('', '<!ENTITY a "b">')],
  ['control characters', swollen('<item><title>', '\x01')],
  ['bytes of no encoding', swollen('<item><title>', '\xff\xc3', '</title></item>')],
] as const)('50 MB of %s harm nobody', async ([, bytes]) => {
  const started = performance.now()
  const understood = await patient.understand(bytes, source)
  console.info(
    `${'episodes' in understood ? `${understood.episodes.length} episodes` : understood.code} in ${Math.round(performance.now() - started)} ms`,
  )
  expect(performance.now() - started).toBeLessThan(20_000)
  const next = await patient.understand(Buffer.from('<rss><channel><title>Next</title></channel></rss>'), source)
  expect(next).toMatchObject({ title: 'Next' })
})

// Nobody waits for such a thread any more, and its last error would end the process: the runner fails for such a one.
test('a thread that ran out of memory before it could be ended harms nobody', async () => {
  const short = createFeedReader({ threads: 1, memory: 24, timeout: 2000 })
  await short.understand(Buffer.from('<rss><channel><title>First</title></channel></rss>'), source)
  const item = `<item><title>x</title><description>${'a'.repeat(100_000)}</description></item>`
  const swelling = short.understand(Buffer.from(`<rss><channel>${item.repeat(450)}`), source)
  await sleep(50)
  // This thread is busy until the other has died. After an immediate come timers: it hears of the time-out first.
  await new Promise((resolve) => setImmediate(resolve))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 12_000)
  expect(await swelling).toMatchObject({ code: 'too_slow' })
  await sleep(500)
  expect(
    await short.understand(Buffer.from('<rss><channel><title>Next</title></channel></rss>'), source),
  ).toMatchObject({
    title: 'Next',
  })
  await short.close()
})
