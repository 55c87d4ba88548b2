import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PodcastId } from '../../src/kernel/brand.ts'
import { createCatalog } from '../../src/podcast/catalog.ts'
import { type FreshStores, freshStores } from '../support/database.ts'

let fresh: FreshStores
let podcast: PodcastId
let shows = 0

beforeAll(async () => {
  fresh = await freshStores()
})
afterAll(() => fresh.close())

/** A catalog without anything cached, as another process would have it. */
const catalog = () => createCatalog(fresh.stores.system)

const show = async () => {
  const url = `https://feeds.example/catalog-${shows++}.xml`
  podcast = (await catalog().podcasts([url])).get(url) as PodcastId
}
const id = async (guid: string, enclosure: string) => (await catalog().episodes([{ podcast, guid, enclosure }]))[0]

describe('an episode', () => {
  test('is known by its guid, whatever its enclosure becomes', async () => {
    await show()
    const first = await id('g', 'https://a.example/1.mp3')
    expect(await id('g', 'https://b.example/other.mp3')).toBe(first)
    expect(await id('g', '')).toBe(first)
  })

  test('is known by its enclosure under a new guid, and learns that guid', async () => {
    await show()
    const first = await id('old', 'https://a.example/1.mp3')
    expect(await id('new', 'http://A.example/1.mp3')).toBe(first)
    expect(await id('new', '')).toBe(first)
  })

  test('without a guid is its enclosure, with whatever tracking behind', async () => {
    await show()
    const first = await id('', 'https://a.example/1.mp3?token=1')
    expect(await id('', 'https://a.example/1.mp3?token=2')).toBe(first)
    expect(await id('', 'https://a.example/1.mp3')).toBe(first)
    expect(await id('guid at last', 'https://a.example/1.mp3?token=3')).toBe(first)
    expect(await id('guid at last', '')).toBe(first)
  })

  test('that gPodder’s clients name without a guid is the one whose guid is known', async () => {
    await show()
    const first = await id('g', 'https://a.example/1.mp3?token=1')
    expect(await id('', 'https://a.example/1.mp3')).toBe(first)
    const second = await id('h', 'https://a.example/2.mp3')
    expect(await id('', 'https://a.example/2.mp3?token=9')).toBe(second)
  })

  test('is not another one because a redirect’s address carries the file’s own in its query', async () => {
    await show()
    const redirect = (n: number) => `http://www.podtrac.example/pts/redirect.mp3?http://shows.example/${n}.mp3`
    const ids = await catalog().episodes([1, 2, 3].map((n) => ({ podcast, guid: `g${n}`, enclosure: redirect(n) })))
    expect(new Set(ids).size).toBe(3)
    expect(await id('', redirect(2))).toBe(ids[1])
    expect(await id('', redirect(4))).not.toBe(ids[0])
  })

  test('is not another one because both are behind one script, or differ in the query alone while guids differ', async () => {
    await show()
    expect(await id('', 'https://a.example/get.php?id=1')).not.toBe(await id('', 'https://a.example/get.php?id=2'))
    expect(await id('g1', 'https://a.example/play.mp3?id=1')).not.toBe(
      await id('g2', 'https://a.example/play.mp3?id=2'),
    )
  })

  test('named twice in one request is one', async () => {
    await show()
    const names = [
      ['g', 'https://a.example/1.mp3'],
      ['g', 'https://a.example/1b.mp3'],
      ['', 'https://a.example/1.mp3?x=1'],
    ].map(([guid = '', enclosure = '']) => ({ podcast, guid, enclosure }))
    expect(new Set(await catalog().episodes(names)).size).toBe(1)
  })

  test('of another podcast is another one', async () => {
    await show()
    const first = await id('g', 'https://a.example/1.mp3')
    await show()
    expect(await id('g', 'https://a.example/1.mp3')).not.toBe(first)
    expect((await catalog().knownEpisodes({ guid: 'g', enclosure: 'https://a.example/1.mp3' })).length).toBeGreaterThan(
      1,
    )
  })

  test('asked for by many at once gets one id', async () => {
    await show()
    const names = Array.from({ length: 40 }, (_, n) => ({
      podcast,
      guid: `g${n}`,
      enclosure: `https://a.example/${n}.mp3`,
    }))
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, i) => catalog().episodes(i % 2 ? names : names.toReversed())),
    )
    const sets = asked.map((ids, i) => JSON.stringify(i % 2 ? ids : ids.toReversed()))
    expect(new Set(sets).size).toBe(1)
  })

  test('keeps its id in requests larger than what is remembered', async () => {
    await show()
    const names = Array.from({ length: 30_000 }, (_, n) => ({
      podcast,
      guid: `g${n}`,
      enclosure: `https://a.example/${n}.mp3?t=1`,
    }))
    const one = catalog()
    const first = await one.episodes(names)
    expect(new Set(first).size).toBe(30_000)
    expect(await one.episodes(names)).toEqual(first)
  })
})
