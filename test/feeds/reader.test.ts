import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import type { FeedReader } from '../../src/feeds/shapes.ts'
import { createFeedReader } from '../../src/feeds/understanding/reader.ts'

const readers: FeedReader[] = []
const started = (options?: Parameters<typeof createFeedReader>[0]): FeedReader => {
  const reader = createFeedReader(options)
  readers.push(reader)
  return reader
}
afterAll(() => Promise.all(readers.map((reader) => reader.close())))

const source = { url: 'https://feeds.example/feed.xml', contentType: null }
const feed = (...items: string[]) =>
  Buffer.from(`<rss version="2.0"><channel><title>A podcast</title>${items.join('')}</channel></rss>`)
const item = (guid: number) =>
  `<item><title>${guid}</title><guid>${guid}</guid><enclosure url="https://media.example/${guid}.mp3"/></item>`
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)

/** Elements without an end, each searched for in all the others: hours for a few megabytes. */
const endless = Buffer.from(`<rss><channel>${'<a>'.repeat(1900)}${'</b>'.repeat(8_000_000)}`)

const reader = started({ threads: 2 })

test('a feed is understood in another thread, with its episodes in order', async () => {
  const understood = await reader.understand(feed(...numbers(230).map(item)), source)
  expect(understood).toMatchObject({ title: 'A podcast', cut: false })
  const guids = 'episodes' in understood ? understood.episodes.map(({ guid }) => guid) : []
  expect(guids).toEqual(numbers(230).map(String))
})

test.runIf(process.platform === 'linux')('the threads make way for those that answer requests', async () => {
  await reader.understand(feed(item(1)), source)
  // The 19th field of what Linux tells of a thread (proc(5)); the second may hold blanks.
  const niceness = (thread: number | string) =>
    Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[16])
  expect(niceness(process.pid)).toBe(0)
  expect(readdirSync('/proc/self/task').filter((thread) => niceness(thread) === 10).length).toBeGreaterThan(0)
})

test('the bytes handed in are still there afterwards', async () => {
  const bytes = feed(item(1))
  const before = Buffer.from(bytes)
  await reader.understand(bytes, source)
  expect(bytes).toEqual(before)
})

test('what is no feed is refused in words', async () => {
  const page = readFileSync(new URL('awkward/html-page.xml', import.meta.url))
  expect(await reader.understand(page, source)).toEqual({
    refused: 'upstream',
    code: 'html',
    message: 'the answer is a web page, not a feed',
  })
})

test('many feeds at once are each answered with their own', async () => {
  const answers = await Promise.all(numbers(40).map((n) => reader.understand(feed(item(n)), source)))
  expect(answers.map((answer) => ('episodes' in answer ? answer.episodes[0]?.guid : null))).toEqual(
    numbers(40).map(String),
  )
})

test('a document that takes too long is refused, and the next one is read', async () => {
  const hasty = started({ threads: 1, timeout: 5000 })
  const [slow, next] = await Promise.all([hasty.understand(endless, source), hasty.understand(feed(item(1)), source)])
  expect(slow).toMatchObject({ refused: 'upstream', code: 'too_slow' })
  expect(next).toMatchObject({ title: 'A podcast' })
})

test('a document that takes too much memory is refused, and the next one is read', async () => {
  const small = started({ threads: 1, memory: 32 })
  const swelling = feed(`<item><title>x</title><description>${'a'.repeat(100_000)}</description></item>`.repeat(500))
  expect(await small.understand(swelling, source)).toMatchObject({ refused: 'upstream', code: 'too_much_memory' })
  expect(await small.understand(feed(item(1)), source)).toMatchObject({ title: 'A podcast' })
})

test('a document larger than allowed is refused unread', async () => {
  const strict = started({ largest: 1000 })
  expect(await strict.understand(feed(...numbers(50).map(item)), source)).toMatchObject({ code: 'too_large' })
})

test('a caller may give up on a feed, also on one that waits for its turn', async () => {
  const single = started({ threads: 1 })
  const giveUp = new AbortController()
  const reading = single.understand(endless, source, giveUp.signal)
  const waiting = single.understand(feed(item(1)), source, giveUp.signal)
  const next = single.understand(feed(item(2)), source)
  await sleep(200)
  giveUp.abort(new Error('no longer wanted'))
  await expect(reading).rejects.toThrow('no longer wanted')
  await expect(waiting).rejects.toThrow('no longer wanted')
  expect(await next).toMatchObject({ title: 'A podcast' })
})

test('closing gives up what is being read and what waits', async () => {
  const closing = createFeedReader({ threads: 1 })
  const reading = expect(closing.understand(endless, source)).rejects.toThrow()
  const waiting = expect(closing.understand(feed(item(1)), source)).rejects.toThrow()
  await sleep(200)
  await closing.close()
  await reading
  await waiting
})
