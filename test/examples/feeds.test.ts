import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readPodcasts } from '../../examples/client/feeds.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'balados-feeds-'))
})
afterEach(() => rm(folder, { recursive: true }))

const named = (text: string) => Buffer.from(text).toString('base64url')
const item = (...parts: string[]) => `<item><title>An episode</title>${parts.join('')}</item>`
const guid = (text: string) => `<guid isPermaLink="false">${text}</guid>`
const enclosure = (url: string) => `<enclosure url="${url}" length="1" type="audio/mpeg"/>`

/** The items' names, decoded, of a feed with these items. */
async function episodes(...items: string[]): Promise<string[]> {
  const xml = `<rss version="2.0"><channel><title>A podcast</title>${items.join('')}</channel></rss>`
  await writeFile(join(folder, 'a.rss'), xml)
  const { podcasts } = await readPodcasts(folder)
  return podcasts.flatMap((p) => p.episodes.map((e) => Buffer.from(e.item, 'base64url').toString('utf8')))
}

test('an episode is named by its guid and its enclosure, a podcast by its feed', async () => {
  expect(await episodes(item(guid('tag:a,2005:1'), enclosure('https://media.example/1.mp3')))).toEqual([
    'tag:a,2005:1,https://media.example/1.mp3',
  ])
  const { podcasts } = await readPodcasts(folder)
  expect(podcasts).toMatchObject([{ feed: named('https://feeds.example/a.rss'), title: 'A podcast' }])
})

test('an episode without a guid is named by its enclosure alone', async () => {
  expect(await episodes(item(enclosure('https://media.example/1.mp3')))).toEqual([',https://media.example/1.mp3'])
})

test('an item without an enclosure is no episode', async () => {
  expect(await episodes(item(guid('1')), item(guid('2'), enclosure('')))).toEqual([])
})

test('items that share a guid or an enclosure are one episode, the first', async () => {
  const found = await episodes(
    item(guid('1'), enclosure('https://media.example/1.mp3')),
    item(guid('1'), enclosure('https://media.example/other.mp3')),
    item(guid('2'), enclosure('https://media.example/1.mp3')),
    item(enclosure('https://media.example/1.mp3')),
    item(guid('3'), enclosure('https://media.example/3.mp3')),
  )
  expect(found).toEqual(['1,https://media.example/1.mp3', '3,https://media.example/3.mp3'])
})

test('a file that is no feed is told, and the others are read', async () => {
  await writeFile(join(folder, 'notes.txt'), 'not a feed')
  expect(await episodes(item(guid('1'), enclosure('https://media.example/1.mp3')))).toHaveLength(1)
  expect((await readPodcasts(folder)).unreadable).toEqual(['notes.txt'])
})

// As they were found; itunes-missing-image.rss is cut down to its first three items and two that are one episode. One
// podcast has no enclosure at all; another's enclosures, behind `redirect.mp3?http://…`, differ in the query alone.
test('feeds found in the wild give the episodes they hold', async () => {
  const { podcasts } = await readPodcasts(fileURLToPath(new URL('feeds', import.meta.url)))
  expect(podcasts.map((p) => [p.title, p.episodes.length, p.episodes.map((e) => e.duration)])).toEqual([
    ['Baywatch Berlin', 1, [114]],
    ['Transfermarkt', 0, []],
    ['Taverncast - Happy Hour in Your Head - Since 2005', 4, [4190, 4892, 4200, 3758]],
  ])
})
