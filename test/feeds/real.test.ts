import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ParsedFeed } from '../../src/feeds/shapes.ts'
import { readFeed } from '../../src/feeds/understanding/read-feed.ts'
import { isRefusal } from '../../src/kernel/refusal.ts'

async function read(name: string): Promise<ParsedFeed> {
  const bytes = readFileSync(new URL(`feeds/${name}`, import.meta.url))
  const understood = await readFeed(bytes, { url: 'https://feeds.example/dir/feed.xml', contentType: null })
  if (isRefusal(understood)) throw new Error(understood.message)
  return understood
}

const noted = ({ notes }: ParsedFeed) => Object.fromEntries(notes.map(({ what, times }) => [what, times]))

// What is expected was read off the files themselves.

test('a feed of 730 episodes is understood whole', async () => {
  const feed = await read('giantbomb-podcast.rss')
  expect(feed).toMatchObject({
    kind: 'rss2',
    title: 'Giant Bombcast',
    author: 'Giant Bomb',
    owner: { name: 'Giant Bomb', email: 'bombcast@giantbomb.com' },
    language: 'en-US',
    link: 'https://www.giantbomb.com',
    copyright: '2008-2019 CBS Interactive',
    explicit: false,
    cut: false,
  })
  expect(feed.episodes).toHaveLength(730)
  expect(new Set(feed.episodes.map(({ guid }) => guid)).size).toBe(730)
  expect(feed.episodes.filter(({ duration }) => duration === null)).toHaveLength(34)
  expect(feed.episodes.every(({ enclosure, media }) => enclosure !== null && media === 'audio')).toBe(true)
  expect(feed.episodes[0]).toMatchObject({
    title: 'Giant Bombcast 603: Call of Tuesday',
    guid: '1600-2823',
    publishedAt: Date.parse('2019-10-01T22:30:00Z'),
    duration: 10475,
    enclosure: {
      url: 'https://dts.podtrac.com/redirect.mp3/www.giantbomb.com/podcasts/download/2823/603__Call_of_Tuesday-10-01-2019-6277737276.mp3',
      type: 'audio/mpeg',
      length: 105003355,
    },
  })
  expect(feed.episodes[365]).toMatchObject({ title: 'Giant Bombcast 08/27/2013', guid: '1600-582', duration: 11031 })
  expect(feed.episodes[729]).toMatchObject({
    title: 'Giant Bombcast Arrow Pointing Down Podcast Beta',
    guid: '1600-20',
    publishedAt: Date.parse('2008-02-18T09:54:00Z'),
    duration: 5283,
  })
  expect(noted(feed)).toEqual({ 'a duration can’t be read or is none': 34 })
})

test('a feed with a trailer alone is understood', async () => {
  const feed = await read('item-itunes-episodeType.rss')
  expect(feed).toMatchObject({
    title: 'Baywatch Berlin',
    language: 'de',
    type: 'episodic',
    hubs: ['https://pubsubhubbub.appspot.com/'],
    self: 'https://baywatch-berlin.podigee.io/feed/mp3',
    categories: [{ name: 'Comedy' }, { name: 'Society & Culture' }, { name: 'TV & Film' }],
    builtAt: Date.parse('2021-06-18T09:57:01Z'),
  })
  expect(feed.episodes).toMatchObject([
    {
      title: 'Trailer',
      guid: 'cc973b648d6fb41e4e5ef7e4b4ee7604',
      type: 'trailer',
      number: 1,
      duration: 114,
      publishedAt: Date.parse('2019-11-18T19:14:32Z'),
      enclosure: {
        url: 'https://cdn.podigee.com/media/podcast_16544_baywatch_berlin_episode_1_trailer.mp3?v=1574079359&source=feed',
        length: 2338520,
      },
    },
  ])
})

test('news without sound are items without enclosures', async () => {
  const feed = await read('itunes-href.rss')
  expect(feed).toMatchObject({
    title: 'Transfermarkt',
    language: 'de-DE',
    link: 'http://www.transfermarkt.de/rss/news',
    imageUrl: 'http://www.transfermarkt.de/images/logo.png',
    publishedAt: Date.parse('2019-01-07T17:12:17Z'),
  })
  expect(feed.episodes).toHaveLength(10)
  expect(feed.episodes[0]).toMatchObject({
    title:
      'Manager bewertet Transfers | Eberl lobt BVB für Pulisic-Deal – Hudson-Odoi kostet „fast so viel wie mein Kader“',
    guid: 'http://www.transfermarkt.de/eberl-lobt-bvb-fur-pulisic-deal-ndash-hudson-odoi-kostet-bdquo-fast-so-viel-wie-mein-kader-ldquo-/view/news/326649?rss',
    publishedAt: Date.parse('2019-01-07T16:19:19Z'),
    author: 'Transfermarkt',
    enclosure: null,
    duration: null,
  })
  expect(feed.episodes[9]).toMatchObject({
    title:
      'Chelsea plant Angebot | Cagliari erwartet Rekordablöse für Barella: Teuerster Italiener nach Jorginho & Buffon?',
    publishedAt: Date.parse('2019-01-07T12:51:00Z'),
  })
  expect(noted(feed)).toEqual({ 'an item has no file to play': 10 })
})

test('a feed that spells its picture wrongly has the one of plain RSS', async () => {
  const feed = await read('itunes-missing-image.rss')
  expect(feed).toMatchObject({
    title: 'Taverncast - Happy Hour in Your Head - Since 2005',
    owner: { name: 'Taverncast', email: 'taverncast@taverncast.com' },
    imageUrl: 'http://www.taverncast.com/itunes-logo.png',
    publishedAt: Date.parse('2005-08-03T18:00:00Z'),
  })
  expect(feed.episodes).toHaveLength(131)
  expect(new Set(feed.episodes.map(({ guid }) => guid)).size).toBe(130)
  expect(feed.episodes.every(({ duration }) => duration !== null)).toBe(true)
  expect(feed.episodes[0]).toMatchObject({
    title: 'Taverncast 62 - Temporal Anomaly',
    guid: 'http://taverncast.com/shows/taverncast-62.mp3',
    duration: 4190,
    publishedAt: Date.parse('2015-11-07T17:00:00Z'),
  })
  expect(feed.episodes[65]).toMatchObject({
    title: 'Taverncast Special: Lost Shows of 2007 - Part 2',
    guid: 'http://futurenet.vo.llnwd.net/o2/taverncast/taverncast-2007-03-21.mp3',
    duration: 502,
  })
  expect(feed.episodes[130]).toMatchObject({
    title: 'Taverncast 1: Welcome to the Bar',
    duration: 2377,
    media: 'audio',
    enclosure: { type: 'x-audio/mp3', length: 38013014 },
  })
  expect(noted(feed)).toMatchObject({ 'a guid stands at more than one item': 1 })
})

test('the example of the podcast namespace is understood', async () => {
  const feed = await read('podcast-namespace-example.xml')
  expect(feed).toMatchObject({
    title: 'Podcasting 2.0 Namespace Example',
    author: 'John Doe',
    owner: { name: 'John Doe', email: 'johndoe@example.com' },
    guid: null,
    locked: { locked: true, owner: 'podcastowner@example.com' },
    medium: 'podcast',
    blocked: true,
    funding: [{ url: 'https://example.com/donate', text: 'Support the show!' }],
    podroll: [
      { feedGuid: '917393e3-1b1e-5cef-ace4-edaa54e1f810', feedUrl: 'https://feeds.podcastindex.org/pc20.xml' },
      { feedGuid: '396d9ae0-da7e-5557-b894-b606231fa3ea', feedUrl: 'https://feedurl.example.rss' },
    ],
    builtAt: Date.parse('2026-01-21T13:38:48Z'),
  })
  expect(feed.episodes).toMatchObject([
    {
      title: 'Episode 3 - The Future',
      guid: 'https://example.com/ep0003',
      author: 'John Doe',
      season: 1,
      seasonName: 'Podcasting 2.0',
      number: 3,
      chapters: { url: 'https://example.com/ep3_chapters.json', type: 'application/json' },
      transcripts: [
        { url: 'https://example.com/ep3/transcript.txt', type: 'text/plain', language: null, rel: null },
        { url: 'https://example.com/episode1/transcript.vtt', type: 'text/vtt', language: 'es', rel: 'captions' },
      ],
      persons: [
        { name: 'Adam Curry', role: 'host' },
        { name: 'Dave Jones' },
        { name: 'Becky Smith', group: 'visuals' },
      ],
      soundbites: [{ start: 33.833, duration: 60 }],
      alternates: [
        { url: 'https://example.com/file-high-03.opus', bitrate: 96000 },
        { url: 'https://example.com/file-proprietary-03.aac', bitrate: 160000 },
        { url: 'https://example.com/file-low-03.opus', bitrate: 16000 },
        { url: 'https://example.com/file-720.mp4', type: 'video/mp4', bitrate: 511277, height: 720 },
      ],
      social: [
        { protocol: 'activitypub', priority: 1 },
        { protocol: 'twitter', priority: 2 },
      ],
    },
    { title: 'Episode 2 - The Present', guid: 'https://example.com/ep0002', number: 2 },
    { title: 'Episode 1 - The Past', guid: 'https://example.com/ep0001', number: 1, social: [] },
  ])
})
